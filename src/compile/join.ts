/** When the branches of a parallel state are joined, for the engine and for the projection. */
import type { ParallelState } from '../definition/definition.ts'
import type { Settled } from '../definition/shape.ts'
import { quote } from '../errors/stepwright-error.ts'
import { JoinError, toFailure } from '../model/failure.ts'

/** Joined with what the state's method is called with; failed; or failed as one branch has that is needed. */
export type JoinVerdict =
  | { readonly joined: Readonly<Record<string, unknown>> }
  | { readonly failed: JoinError }
  | { readonly failedBranch: string }

/** A branch, and how it has ended. */
export type BranchEnd = readonly [branch: string, end: Settled<unknown>]

/**
 * What the branches that have ended, in that order, have decided; `undefined`: nothing yet. The first of them that decide
 * do: what ends later, or at the same time, changes nothing, so a join that is asked again after a crash is the same.
 */
export function judgeJoin(state: ParallelState, ends: readonly BranchEnd[]): JoinVerdict | undefined {
  for (let count = 1; count <= ends.length; count++) {
    const verdict = judge(state, ends.slice(0, count))
    if (verdict) return verdict
  }
  return undefined
}

function judge({ name, branches, join }: ParallelState, ends: readonly BranchEnd[]): JoinVerdict | undefined {
  const good = ends.flatMap(([branch, end]) => (end.ok ? [[branch, end.value] as const] : []))
  const bad = ends.flatMap(([branch, end]) => (end.ok ? [] : [[branch, end.error] as const]))
  const isOver = ends.length === branches.size
  const why = bad.map(([branch, { message }]) => `${branch}: ${message}`).join('; ')
  const hopeless = (what: string): JoinVerdict => ({ failed: new JoinError(what) })
  const joined = (values: readonly (readonly [string, unknown])[]): JoinVerdict => ({
    joined: Object.fromEntries(values),
  })
  if (join === 'all') {
    const [first] = bad
    return first ? { failedBranch: first[0] } : isOver ? joined(good) : undefined
  }
  if (join === 'any') {
    if (good.length > 0) return joined(good)
    return isOver ? hopeless(`every branch of ${quote(name)} failed: ${why}`) : undefined
  }
  if (join === 'settled') return isOver ? joined(ends) : undefined
  if (typeof join === 'number') {
    if (good.length >= join) return joined(ends)
    if (branches.size - bad.length >= join) return undefined
    return hopeless(`${quote(name)} needs ${join} branches, and too many failed: ${why}`)
  }
  try {
    if (join(Object.fromEntries(ends))) return joined(ends)
  } catch (error) {
    return hopeless(`the join of ${quote(name)} threw ${toFailure(error).message}`)
  }
  return isOver
    ? hopeless(`all branches of ${quote(name)} have ended, and its join is not satisfied`)
    : undefined
}
