import type { Caller } from './caller.ts'
import type { Failure } from './failure.ts'
import { NOTHING_SPENT, plus, type Spent } from './model-call.ts'
import { isEnded, type Status } from './status.ts'

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
  /** When the present visit began. Milliseconds. */
  readonly since: number
  /** Number of the current try of this visit; 1 for the first. */
  readonly attempt: number
  readonly data: unknown
  readonly vars: unknown
  /** The id of the session; a run that was started without one has a session of its own, named by its id. */
  readonly session: string
  /** The signal whose handler runs now. */
  readonly signal?: ReceivedSignal
  /** Signals counted in this visit. */
  readonly votes?: readonly ReceivedSignal[]
  /** How often each reminder of this visit was given, by method. */
  readonly reminded?: Readonly<Record<string, number>>
  /** The reminder whose method runs now. */
  readonly reminding?: string
  /** The one thing in time it waits for. Absolute, milliseconds. */
  readonly timer?: Timer
  /** Times in a row that a worker died in this visit without saving anything new. */
  readonly recoveries: number
  /** Results saved in this visit when it was last recovered. */
  readonly memos: number
  /** The worker that has it. */
  readonly worker?: string
  readonly failure?: Failure
  /** What is being undone, and why. */
  readonly undoing?: Undoing
  /** Number of committed visits that can be undone: the height of a stack. */
  readonly undoable?: number
  /** The transaction it is in, and the height of that stack when it began. */
  readonly transaction?: Transaction
  /** What a paused run was before. */
  readonly paused?: Status
  /** When it fails for having taken too long. Absolute, milliseconds. */
  readonly deadline?: number
  /** What its model calls have cost so far, those of the present visit not counted. */
  readonly spent?: Spent
  /** What its child runs have cost that it has waited for, with their own child runs. */
  readonly childrenSpent?: Spent
  /** The run that waits for this one. */
  readonly parent?: Parent
  /** The schedule that started it. */
  readonly schedule?: string
  readonly forkedFrom?: { readonly run: string; readonly seq: number }
  /** Who started it, as its starter said. */
  readonly startedBy?: Caller
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
  readonly caller?: Caller
}

/** The kinds of {@link Timer}. */
export const TIMERS = [
  'retry', // the next attempt
  'expires', // the end of a wait
  'timer', // the end of a state that only waits
  'reminder',
  'parts', // the next attempt of a branch or an item
  'look', // whether child runs are still there
] as const

/** The one thing in time that a run waits for next. Absolute, milliseconds. */
export interface Timer {
  readonly kind: (typeof TIMERS)[number]
  readonly at: number
  /** The method of a reminder. */
  readonly method?: string
}

/** States that are undone together. */
export interface Transaction {
  readonly name: string
  /** How much could be undone when it was entered. */
  readonly since: number
}

/** Where a child run belongs. */
export interface Parent {
  readonly run: string
  readonly state: string
  readonly visit: number
  readonly part: string
  /** The run at the top of the family: the parent itself, or the top of its own family. */
  readonly top?: string
  /** What the family had spent when this run was started, as far as its parent knew. */
  readonly spent?: Spent
}

/** What a run has spent, with the child runs that it has waited for. */
export function spentWithChildren({
  spent = NOTHING_SPENT,
  childrenSpent = NOTHING_SPENT,
}: Pick<Run, 'spent' | 'childrenSpent'>): Spent {
  return plus(spent, childrenSpent)
}

/** A run that is being undone. */
export interface Undoing {
  /** `transaction`: the run goes on afterwards, by its catch edge. */
  readonly why: 'failed' | 'cancelled' | 'transaction'
  /** Only what stands above this height is undone. */
  readonly since: number
  /** The catch edge of the transaction: where the run goes then, and with what. */
  readonly to?: string
  readonly data?: unknown
  /** The branch or item whose compensation failed for good. */
  readonly part?: string
  /** What the run itself had failed with, while it is set aside for another reason. */
  readonly failure?: Failure
}

/** The key that every attempt of a visit shares: `run/state/visit`, and of a branch or item `run/state/visit/part`. */
export function idempotencyKey(run: Pick<Run, 'id' | 'state' | 'visits'>, part?: string): string {
  return `${run.id}/${run.state}/${visitOf(run)}${part === undefined ? '' : `/${part}`}`
}

/** How often the state it is in has been entered. */
export function visitOf({ state, visits }: Pick<Run, 'state' | 'visits'>): number {
  return Object.hasOwn(visits, state) ? (visits[state] ?? 0) : 0 // a state may be called `constructor`
}

/** Whether a run has ended or is in another visit than before. */
export function hasLeft(before: Run, run: Run): boolean {
  return isEnded(run.status) || run.state !== before.state || visitOf(run) !== visitOf(before)
}
