import type { HistoryEvent, MoveCause } from '../../model/history.ts'
import { journeyOf } from '../../model/journey.ts'

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
  /** Visits whose work was undone. */
  readonly undone: number
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

const NOTHING: StateTally = {
  visits: 0,
  ms: 0,
  failures: 0,
  errors: new Map(),
  standing: 0,
  failed: 0,
  undone: 0,
}

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
  const { stays, end } = journeyOf(history, now)
  const states = new Map<string, StateTally>()
  const moves = new Map<string, MoveTally>()
  for (const stay of stays) {
    const { state, workMs, waitMs, failures, errors, failed, undone, left } = stay
    const standing = stay === stays.at(-1) && end === undefined ? 1 : 0
    const ends = { standing, failed: failed ? 1 : 0, undone: undone ? 1 : 0 }
    const one = { visits: 1, ms: workMs + waitMs, failures, errors, ...ends }
    states.set(state, plus(states.get(state) ?? NOTHING, one))
    if (!left) continue
    const move = { from: state, ...left }
    moves.set(keyOf(move), { ...move, count: (moves.get(keyOf(move))?.count ?? 0) + 1 })
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

function keyOf({ from, to, by }: Omit<MoveTally, 'count'>): string {
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
    undone: a.undone + b.undone,
  }
}
