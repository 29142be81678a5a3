import type { Failure } from '../../model/failure.ts'
import type { HistoryEvent, MoveCause } from '../../model/history.ts'

/** What runs have done on the chart of their workflow: one run, or many together. */
export interface Tally {
  readonly runs: number
  /** By the name of the state; only states that a run has entered. */
  readonly states: ReadonlyMap<string, StateTally>
  /** How often each move was made. */
  readonly moves: readonly MoveTally[]
}

/** What runs have done in one state. */
export interface StateTally {
  /** How often it was entered. */
  readonly visits: number
  /** Time spent in it, waiting included. Milliseconds. */
  readonly ms: number
  /** Attempts, branches, items, reminders and compensations of it that failed. */
  readonly failures: number
  /** By the name of the error, where the history tells it. */
  readonly errors: ReadonlyMap<string, number>
  /** Runs that stand in it and have not ended. */
  readonly standing: number
  /** Runs that failed in it for good. */
  readonly failed: number
}

/** How often runs went from one state to another for one cause. */
export interface MoveTally {
  readonly from: string
  readonly to: string
  readonly by: MoveCause
  readonly count: number
}

/** No run at all. */
export const NO_RUNS: Tally = { runs: 0, states: new Map(), moves: [] }

const NOTHING: StateTally = { visits: 0, ms: 0, failures: 0, errors: new Map(), standing: 0, failed: 0 }

/**
 * What one run has done, from its history as `run.events()` gives it, oldest first. A run that has not ended is counted
 * as standing in its state until `now` (milliseconds).
 *
 * @example
 * const history: HistoryEvent[] = []
 * for await (const event of run.events({ follow: false })) history.push(event)
 * tallyOf(history, Date.now()).states.get('review')?.ms
 */
export function tallyOf(history: Iterable<HistoryEvent>, now: number): Tally {
  const states = new Map<string, StateTally>()
  const moves = new Map<string, MoveTally>()
  let state: string | undefined
  /** From when time is counted: while the run goes on. */
  let since: number | undefined
  const add = (name: string, more: Partial<StateTally>): void => {
    states.set(name, plus(states.get(name) ?? NOTHING, { ...NOTHING, ...more }))
  }
  const stop = (at: number): void => {
    if (state !== undefined && since !== undefined) add(state, { ms: Math.max(0, at - since) })
    since = undefined
  }
  const enter = (name: string, at: number): void => {
    stop(at)
    add(name, { visits: 1 })
    state = name
    since = at
  }
  for (const event of history) {
    const { at } = event
    switch (event.type) {
      case 'started':
        enter(event.to, at)
        break
      case 'moved': {
        const { from, to, by } = event
        const key = JSON.stringify([from, to, by])
        moves.set(key, { from, to, by, count: (moves.get(key)?.count ?? 0) + 1 })
        if (by === 'catch') add(from, { failures: 1 }) // its last attempt is told by the move alone
        enter(to, at)
        break
      }
      case 'migrated':
        if (event.state !== state) enter(event.state, at)
        break
      case 'retried-by-hand':
        if (event.data === undefined) since ??= at
        else enter(event.state, at)
        if (states.get(event.state)?.failed) add(event.state, { failed: -1 })
        break
      case 'attempt-failed':
      case 'undo-failed':
        add(event.state, failing([event.failure]))
        break
      case 'reminded':
        if (event.failure && state !== undefined) add(state, failing([event.failure]))
        break
      case 'joined':
        add(event.state, failing(Object.values(event.failures ?? {}), event.failed))
        break
      case 'compensating':
        since ??= at // a run that was cancelled is at work again
        break
      case 'failed':
        stop(at)
        add(event.state, { failed: 1 })
        break
      case 'compensated':
      case 'completed':
      case 'cancelled':
      case 'terminated':
        stop(at)
        break
      default:
        break // neither moves a run nor ends it
    }
  }
  if (state !== undefined && since !== undefined) {
    stop(now)
    add(state, { standing: 1 })
  }
  return { runs: 1, states, moves: [...moves.values()] }
}

/** Two tallies as one. */
export function addTallies(a: Tally, b: Tally): Tally {
  const states = new Map(a.states)
  for (const [name, more] of b.states) states.set(name, plus(states.get(name) ?? NOTHING, more))
  const moves = new Map(a.moves.map((move) => [keyOf(move), move]))
  for (const move of b.moves) {
    const before = moves.get(keyOf(move))?.count ?? 0
    moves.set(keyOf(move), { ...move, count: before + move.count })
  }
  return { runs: a.runs + b.runs, states, moves: [...moves.values()] }
}

/** A {@link Tally} as plain data. */
export interface TallyJson {
  readonly runs: number
  readonly states: Readonly<
    Record<string, Omit<StateTally, 'errors'> & { readonly errors: Readonly<Record<string, number>> }>
  >
  readonly moves: readonly MoveTally[]
}

export function tallyJson({ runs, states, moves }: Tally): TallyJson {
  const plain = [...states].map(
    ([name, { errors, ...rest }]) => [name, { ...rest, errors: Object.fromEntries(errors) }] as const,
  )
  return { runs, states: Object.fromEntries(plain), moves }
}

function keyOf({ from, to, by }: MoveTally): string {
  return JSON.stringify([from, to, by])
}

function plus(a: StateTally, b: StateTally): StateTally {
  const errors = new Map(a.errors)
  for (const [name, n] of b.errors) errors.set(name, (errors.get(name) ?? 0) + n)
  return {
    visits: a.visits + b.visits,
    ms: a.ms + b.ms,
    failures: a.failures + b.failures,
    errors,
    standing: a.standing + b.standing,
    failed: a.failed + b.failed,
  }
}

function failing(failures: readonly Failure[], count = failures.length): Partial<StateTally> {
  const errors = new Map<string, number>()
  for (const { name } of failures) errors.set(name, (errors.get(name) ?? 0) + 1)
  return { failures: count, errors }
}
