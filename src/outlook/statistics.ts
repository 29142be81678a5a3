import { sayMove } from '../model/move-name.ts'
import type { MoveCause } from '../model/history.ts'
import type { Spent } from '../model/model-call.ts'
import type { Ended } from '../model/status.ts'
import type { Sketch } from './sketch.ts'

/** What runs of one workflow have done, summed up: its size follows from the chart, not from the number of runs. */
export interface Statistics {
  readonly workflow: string
  /** How many runs it stands on. */
  readonly runs: number
  /** When the first and the last of them were started. Milliseconds; 0 where there are none. */
  readonly from: number
  readonly until: number
  /** How many runs have ended so; the others go on. */
  readonly ended: Readonly<Partial<Record<Ended, number>>>
  readonly states: ReadonlyMap<string, StateStatistics>
  /** What left each state, and how often. */
  readonly departures: readonly Departure[]
  /** Stretches of the ways that runs took, of three states up to `pathLength`. */
  readonly paths: readonly PathCount[]
  readonly pathLength: number
  /** There were more different ones than are kept: what is missing says nothing. */
  readonly pathsCut: boolean
}

/** What runs have done in one state. */
export interface StateStatistics {
  readonly visits: number
  /** Of visits that are over: the time something was at work, the time nothing was, and both together. */
  readonly work: Sketch
  readonly wait: Sketch
  readonly time: Sketch
  /** Of the model calls in visits that are over. */
  readonly spent: Spent
  /** Attempts and parts that failed, by the name of the error; `?` where the history does not tell it. */
  readonly failures: ReadonlyMap<string, number>
  /** Runs that completed in it: it is a final state. */
  readonly completed: number
}

/** One way in which runs left a state: by a move, or by ending in it otherwise than completed. */
export interface Departure {
  readonly from: string
  /** A state, or how the run ended. */
  readonly to: string
  readonly by: MoveCause | 'end'
  readonly count: number
  /** How long they had been in the state then. */
  readonly time: Sketch
  /** A few of the runs, the newest first. */
  readonly examples: readonly string[]
}

/** A stretch of a run's way, and how often it was gone. */
export interface PathCount {
  /** States in their order. */
  readonly path: readonly string[]
  readonly count: number
  readonly examples: readonly string[]
}

/** How a departure is called: `review -> published by signal:approve`. Coverage of tests has the same names. */
export function nameOf({ from, to, by }: Pick<Departure, 'from' | 'to' | 'by'>): string {
  return by === 'end' ? `${from} -> (${to})` : sayMove({ from, to, by })
}

/** How often each state was left. */
export function leftCounts(departures: readonly Departure[]): ReadonlyMap<string, number> {
  const left = new Map<string, number>()
  for (const { from, count } of departures) left.set(from, (left.get(from) ?? 0) + count)
  return left
}
