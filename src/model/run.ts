import type { Failure } from './failure.ts'
import type { Status } from './status.ts'

/**
 * A run as the engine holds it: everything needed to go on, nothing that grows with the number of steps taken (I11).
 * `data` and `vars` are decoded values here; a store keeps them encoded.
 */
export interface Run {
  readonly id: string
  readonly workflow: string
  readonly version: number
  readonly status: Status
  /** The stored name of the state it is in. */
  readonly state: string
  /** How often each state has been entered. */
  readonly visits: Readonly<Record<string, number>>
  /** Number of the current try of this visit; 1 for the first. */
  readonly attempt: number
  readonly data: unknown
  readonly vars: unknown
  /** The id of the session; a run that was started without one has a session of its own, named by its id. */
  readonly session: string
  /** The signal whose handler runs now. */
  readonly signal?: ReceivedSignal
  /** The one thing in time it waits for. Absolute, milliseconds. */
  readonly timer?: Timer
  /** Times in a row that a worker died in this visit without saving anything new. */
  readonly recoveries: number
  /** Results saved in this visit when it was last recovered. */
  readonly memos: number
  /** The worker that has it. */
  readonly worker?: string
  readonly failure?: Failure
  /** SHA-256 of the input: the same start twice is told from another one with the same id. */
  readonly inputHash: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** A signal as it was accepted. */
export interface ReceivedSignal {
  readonly name: string
  readonly id: string
  readonly payload: unknown
  readonly at: number
}

/** `retry`: the next attempt; `expires`: the end of a wait. */
export interface Timer {
  readonly kind: 'retry' | 'expires'
  readonly at: number
}

/** The key that every attempt of a visit shares: `run/state/visit`. */
export function idempotencyKey(run: Pick<Run, 'id' | 'state' | 'visits'>): string {
  return `${run.id}/${run.state}/${visitOf(run)}`
}

/** How often the state it is in has been entered. */
export function visitOf({ state, visits }: Pick<Run, 'state' | 'visits'>): number {
  return visits[state] ?? 0
}
