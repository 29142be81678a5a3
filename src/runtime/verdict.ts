/** When the parts of a state are joined, and when they cannot be any more. */
import { judgeJoin } from '../compile/join.ts'
import { quote } from '../errors/stepwright-error.ts'
import type { ForkState, MapState, ParallelState } from '../definition/definition.ts'
import type { Settled } from '../definition/shape.ts'
import { JoinError, type Failure } from '../model/failure.ts'
import type { Part } from '../store/part-list.ts'
import { SOURCE } from './part-queue.ts'

/** Joined with a value, failed with an error, or with the failure of a part that the state does not tolerate. */
export type Verdict =
  | { readonly joined: unknown }
  | { readonly failed: Error }
  | { readonly failedPart: Part & { readonly failure: Failure } }

type Parts = ReadonlyMap<string, Part>

/** `undefined`: parts that are needed have not ended. `ended`: no more parts will come. */
export function judgeParts(
  state: ForkState,
  parts: Parts,
  tally: Tally,
  ended: boolean,
): Verdict | undefined {
  switch (state.kind) {
    case 'map':
      return judgeMap(state, parts, tally, ended)
    case 'parallel':
      return judgeParallel(state, parts)
    case 'child': {
      const [only] = parts.values()
      if (only?.status === 'done') return { joined: only.result }
      return only?.status === 'failed' ? { failedPart: only as Part & { failure: Failure } } : undefined
    }
  }
}

/** How many parts have ended, counted as they do: a look at all of them after each would be quadratic. */
export interface Tally {
  readonly done: number
  readonly failed: number
  readonly total: number
  /** The first part that failed. */
  readonly firstFailed: string | undefined
}

function judgeMap(state: MapState, parts: Parts, tally: Tally, ended: boolean): Verdict | undefined {
  const { done, failed, total, firstFailed } = tally
  const { tolerance } = state
  const allowed = 'count' in tolerance ? tolerance.count : ended ? tolerance.share * total : Infinity
  if (failed > allowed) {
    const first = parts.get(firstFailed ?? '')
    if (!state.collects && first) return { failedPart: first as Part & { failure: Failure } }
    const what = `${failed} of ${total} items of ${quote(state.name)} failed, more than the ${Math.floor(allowed)} that may`
    return { failed: new JoinError(`${what}; the first: ${first?.failure?.message}`) }
  }
  if (!ended || done + failed < total) return undefined
  const results = [...parts]
    .filter(([name]) => name !== SOURCE)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, part]) => (state.collects ? settled(part) : part.result))
  return { joined: results }
}

/** Branches count in the order in which they ended; those of the same millisecond, in that of their declaration. */
function judgeParallel(state: ParallelState, parts: Parts): Verdict | undefined {
  const ended = [...state.branches.keys()].flatMap((branch) => {
    const part = parts.get(branch)
    return part && (part.status === 'done' || part.status === 'failed') ? [[branch, part] as const] : []
  })
  const inOrder = ended.sort(([, a], [, b]) => a.at - b.at)
  const verdict = judgeJoin(
    state,
    inOrder.map(([branch, part]) => [branch, settled(part)]),
  )
  if (!verdict || !('failedBranch' in verdict)) return verdict
  return { failedPart: parts.get(verdict.failedBranch) as Part & { readonly failure: Failure } }
}

function settled({ status, result, failure }: Part): Settled<unknown> {
  return status === 'done' ? { ok: true, value: result } : { ok: false, error: failure as Failure }
}
