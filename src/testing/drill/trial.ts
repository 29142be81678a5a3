import type { Difference } from './difference.ts'
import type { Death } from './life.ts'
import type { Outcome } from './outcome.ts'
import type { Act } from './witness.ts'

/** A run in all its lives: how it came out in the end, and what was done. */
export interface Lived {
  /** An error where it did not come to rest: what it threw, or that it took too long. */
  readonly outcome: Outcome | { readonly error: string }
  /** What can be seen outside: of the effects that the drill was told to look at. */
  readonly effects?: unknown
  readonly acts: readonly Act[]
  /** Writes of the life that came to rest. */
  readonly writes: number
  /** Whether the first life has ended by its death. */
  readonly died: boolean
}

/** A visit, branch or item whose handler was begun again after the crash. */
export interface Repeated {
  readonly handler: string
  readonly key: string
  /** How often it was begun, over both lives; without a crash `usual` times. */
  readonly begun: number
  readonly usual: number
  /** It had come to its end when the process died: all that was missing is that it was saved. */
  readonly ended: boolean
  /** Calls of resources that were made more often than without a crash. */
  readonly calls: readonly RepeatedCall[]
}

/** A call of a resource that was made again. */
export interface RepeatedCall {
  readonly resource: string
  readonly args: string
  readonly times: number
  /** It was handed the idempotency key, so that the other side can tell that it is the same. */
  readonly keyed: boolean
}

/** One crash: at a write, just before or just after it landed. */
export interface Trial extends Death {
  /** The run went to the same end by the same way, and what can be seen outside is the same. */
  readonly same: boolean
  readonly differences: readonly Difference[]
  readonly repeated: readonly Repeated[]
  /** The crash did not come: this time the run made fewer writes. */
  readonly unreached?: boolean
  /** The handler whose result was the first to differ. */
  readonly suspect?: { readonly handler: string; readonly key: string }
}

/** The handlers that were begun more often than without a crash. */
export function repeatedIn(acts: readonly Act[], usually: readonly Act[]): readonly Repeated[] {
  const usual = countBegun(usually)
  return [...countBegun(acts)].flatMap(([key, { handler, count }]) => {
    const before = usual.get(key)?.count ?? 0
    if (before === 0 || count <= before) return []
    const ended = lastInFirst(key, acts) === 'ended'
    return [{ handler, key, begun: count, usual: before, ended, calls: repeatedCalls(key, acts, usually) }]
  })
}

/** How its handler stood when the first life was over. */
function lastInFirst(key: string, acts: readonly Act[]): Act['type'] | undefined {
  return acts.findLast(
    (act) => act.type !== 'time' && act.type !== 'called' && act.life === 1 && act.key === key,
  )?.type
}

/** Times a visit's handler was begun; of the compensation of a visit apart, which has the same key. */
function countBegun(acts: readonly Act[]) {
  const begun = new Map<string, { readonly handler: string; readonly count: number }>()
  for (const act of acts) {
    if (act.type !== 'began') continue
    begun.set(act.key, { handler: act.handler, count: (begun.get(act.key)?.count ?? 0) + 1 })
  }
  return begun
}

function repeatedCalls(key: string, acts: readonly Act[], usually: readonly Act[]): readonly RepeatedCall[] {
  const count = (all: readonly Act[]) => {
    const calls = new Map<string, { resource: string; args: string; times: number; keyed: boolean }>()
    for (const act of all) {
      if (act.type !== 'called' || act.key !== key) continue
      const { resource, args, keyed } = act
      const found = calls.get(`${resource}${args}`) ?? { resource, args, times: 0, keyed }
      found.times += 1
      calls.set(`${resource}${args}`, found)
    }
    return calls
  }
  const usual = count(usually)
  return [...count(acts)].flatMap(([call, counted]) =>
    counted.times > (usual.get(call)?.times ?? 0) ? [counted] : [],
  )
}
