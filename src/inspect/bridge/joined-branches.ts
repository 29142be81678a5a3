import type { Definition } from '../../definition/definition.ts'
import type { Happening } from '../../model/history.ts'
import type { End } from './inspector-parts.ts'

/** How the branches of a parallel state had ended when they were joined; `undefined` where a history does not tell of each. */
export function joinedBranches(
  { states }: Definition,
  { state: name, done, failed, failures = {} }: Extract<Happening, { type: 'joined' }>,
): Readonly<Record<string, End>> | undefined {
  const state = states.get(name)
  if (state?.kind !== 'parallel' || Object.keys(failures).length !== failed) return undefined
  if (done > 0 && done + failed !== state.branches.size) return undefined // some were left, and nothing says which
  const ended = [...state.branches.keys()].map((branch) => [
    branch,
    Object.hasOwn(failures, branch) ? 'failed' : 'done',
  ])
  return Object.fromEntries(done > 0 ? ended : ended.filter(([, end]) => end === 'failed')) as Record<
    string,
    End
  >
}
