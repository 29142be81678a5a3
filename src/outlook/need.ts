import { awaitedBy, type StateDefinition } from '../definition/definition.ts'
import type { RunView } from '../control/run-view.ts'
import type { Timer } from '../model/run.ts'
import { isEnded, isParked, type Status } from '../model/status.ts'
import type { Verb } from '../runtime/verbs.ts'
import type { Part } from '../store/part-list.ts'

/** One thing that a run needs, or that will move it. */
export type Need =
  /** A signal: how many of it, and how many more; who may send it (empty: anybody), who has been counted. */
  | {
      readonly kind: 'signal'
      readonly signal: string
      readonly count: number
      readonly more: number
      readonly roles: readonly string[]
      readonly from: readonly string[]
      /** Where it leads; empty where the chart is not known. */
      readonly to: readonly string[]
    }
  /** A moment. `deadline`: the run fails then. Absolute, milliseconds. */
  | { readonly kind: 'time'; readonly why: Timer['kind'] | 'deadline'; readonly at: number }
  /** The end of a child run; `missing` where there is no such run. */
  | {
      readonly kind: 'child'
      readonly part: string
      readonly run: string
      readonly status: Status | 'missing'
      readonly state?: string
      /** What that one needs. */
      readonly needs: readonly Need[]
    }
  /** Somebody who operates it. */
  | { readonly kind: 'person'; readonly may: readonly Verb[] }
  /** A worker that has its code. */
  | { readonly kind: 'worker' }

/** Who has to act next: nobody, the engine, somebody outside, somebody who operates it, or nobody can. */
export type Verdict = 'ended' | 'moves' | 'waits' | 'operator' | 'stuck'

/** A child run of the state a run stands in. */
export interface ChildStanding {
  readonly part: string
  readonly id: string
  /** `undefined`: there is no such run. */
  readonly view?: RunView
  readonly needs: readonly Need[]
  readonly verdict: Verdict
}

/** What a run needs by where it stands; `state` is known with its chart. */
export function needsOf(
  view: RunView,
  state: StateDefinition | undefined,
  children: readonly ChildStanding[],
): readonly Need[] {
  const { status, may } = view
  if (status === 'failed' && may.length > 0) return [{ kind: 'person', may }]
  if (isEnded(status)) return []
  if (isParked(status) || status === 'paused') return [{ kind: 'person', may }]
  return [...(status === 'waiting' ? waitNeeds(view, state, children) : idleNeeds(view)), ...deadline(view)]
}

function idleNeeds({ timer }: RunView): readonly Need[] {
  return timer ? [{ kind: 'time', why: timer.kind, at: timer.at }] : [{ kind: 'worker' }]
}

function waitNeeds(
  view: RunView,
  state: StateDefinition | undefined,
  children: readonly ChildStanding[],
): readonly Need[] {
  const { timer } = view
  if (timer?.kind === 'retry') return idleNeeds(view)
  // a look at child runs is no event, and a reminder moves nothing: the end of a wait may stand behind it
  const expires =
    state && (state.kind === 'wait' || state.kind === 'child') && state.expires
      ? view.since + state.expires.afterMs
      : undefined
  const times: Need[] = []
  if (timer && timer.kind !== 'look' && !(timer.kind === 'expires' && expires !== undefined))
    times.push({ kind: 'time', why: timer.kind, at: timer.at })
  if (expires !== undefined) times.push({ kind: 'time', why: 'expires', at: expires })
  return [
    ...signalNeeds(view, state),
    ...children.map(({ part, id, view: child, needs }): Need => ({
      kind: 'child',
      part,
      run: id,
      status: child?.status ?? 'missing',
      ...(child ? { state: child.state } : {}),
      needs,
    })),
    ...times,
  ]
}

function signalNeeds({ awaits, votes = [] }: RunView, state: StateDefinition | undefined): readonly Need[] {
  const awaited = state
    ? [...awaitedBy(state)]
    : awaits.map((name) => [name, { to: [], count: 1, roles: [] }] as const)
  return awaited.map(([signal, { to, count, roles }]) => {
    const counted = votes.filter(({ name }) => name === signal)
    return {
      ...{ kind: 'signal', signal, count, roles, to },
      more: Math.max(0, count - counted.length),
      from: counted.flatMap(({ caller }) => caller?.id ?? []),
    } as const
  })
}

function deadline({ deadline: at }: RunView): readonly Need[] {
  return at === undefined ? [] : [{ kind: 'time', why: 'deadline', at }]
}

/** Who has to act next for a run that needs this. */
export function verdictOf(
  { status }: RunView,
  needs: readonly Need[],
  children: readonly ChildStanding[],
): Verdict {
  if (isEnded(status)) return 'ended'
  if (needs.some(({ kind }) => kind === 'person')) return 'operator'
  if (needs.some((need) => need.kind === 'worker' || (need.kind === 'time' && MOVING.includes(need.why))))
    return 'moves'
  const signals = needs.some(({ kind }) => kind === 'signal')
  const verdicts = children.map(({ verdict }) => verdict)
  if (verdicts.includes('stuck') || verdicts.includes('operator')) return signals ? 'waits' : 'operator'
  if (signals || verdicts.includes('waits')) return 'waits'
  return children.length > 0 ? 'moves' : 'stuck'
}

/** Times that move a run by themselves. */
const MOVING: readonly string[] = ['retry', 'expires', 'timer', 'parts'] satisfies Timer['kind'][]

/** The child runs among the parts of a state, by the names of their parts. */
export function childrenAmong(parts: ReadonlyMap<string, Part>): readonly (readonly [string, string])[] {
  return [...parts].flatMap(([name, { status, child }]) =>
    status === 'child' && child !== undefined ? [[name, child] as const] : [],
  )
}
