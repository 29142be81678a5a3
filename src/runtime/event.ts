import type { Exit } from '../definition/exit.ts'
import type { Caller } from '../model/caller.ts'
import type { Failure } from '../model/failure.ts'
import type { Happening, MoveCause } from '../model/history.ts'
import type { ReceivedSignal, Run, Timer } from '../model/run.ts'
import type { Parked } from '../model/status.ts'
import type { UndoEntry } from '../store/undo-list.ts'

/** Written into the history before what the event itself brings. */
interface Told {
  readonly log?: readonly Happening[]
}

interface ByPeople {
  readonly reason?: string
  readonly by?: Caller
}

/** A move along an exit. */
export interface Moved extends Told {
  readonly type: 'moved'
  /** Without one, an operator moved it: the run is left for any worker. */
  readonly worker?: string
  readonly exit: Exit
  readonly data: unknown
  readonly vars?: object
  /** What a catch edge has caught. */
  readonly failure?: Failure
  /** Where it was not the exit's own cause. */
  readonly cause?: MoveCause
}

/** What can happen to a run. Made by the engine only; nothing from outside becomes one. */
export type RunEvent =
  | { readonly type: 'claimed'; readonly worker: string }
  | { readonly type: 'recovered'; readonly worker: string; readonly memos: number }
  | { readonly type: 'released' }
  | { readonly type: 'signalled'; readonly worker: string; readonly signal: ReceivedSignal }
  | { readonly type: 'voted'; readonly signal: ReceivedSignal; readonly of: number }
  | { readonly type: 'signal-refused'; readonly name: string; readonly id: string; readonly reason: string }
  /** The handler of a wait refused the signal it was given. */
  | ({ readonly type: 'taken-back'; readonly reason: string } & Told)
  /** A state that waits for time, or for its parts, goes on. */
  | { readonly type: 'woken'; readonly worker: string }
  /** All that is left of a state's parts waits: until a time, or for child runs. */
  | { readonly type: 'parts-waiting'; readonly timer?: Timer; readonly log?: readonly Happening[] }
  | { readonly type: 'reminding'; readonly worker: string; readonly method: string }
  | ({ readonly type: 'reminded'; readonly failure?: Failure; readonly retryAt?: number } & Told)
  | { readonly type: 'retry-due'; readonly worker: string }
  | Moved
  | ({ readonly type: 'closed'; readonly output?: unknown } & Told)
  | ({ readonly type: 'attempt-failed'; readonly failure: Failure; readonly retryAt?: number } & Told)
  | ({ readonly type: 'failed'; readonly failure: Failure } & Told)
  | {
      readonly type: 'undone'
      readonly entry: UndoEntry
      readonly part?: string
      readonly skipped?: boolean
      readonly log?: readonly Happening[]
    }
  | {
      readonly type: 'undo-failed'
      readonly entry: UndoEntry
      readonly part?: string
      readonly failure: Failure
      readonly retryAt?: number
      readonly log?: readonly Happening[]
    }
  | { readonly type: 'all-undone'; readonly worker: string }
  | ({ readonly type: 'pause' } & ByPeople)
  | ({ readonly type: 'unpause' } & ByPeople)
  | ({ readonly type: 'cancel' } & ByPeople)
  | ({ readonly type: 'terminate' } & ByPeople)
  | { readonly type: 'retry-by-hand'; readonly data?: unknown; readonly by?: Caller }
  | {
      readonly type: 'migrated'
      readonly version: number
      readonly state: string
      readonly data: unknown
      readonly vars: unknown
    }
  | { readonly type: 'parked'; readonly status: Parked; readonly reason: string; readonly remedy: string }
  | ({ readonly type: 'unparked' } & Pick<ByPeople, 'by'>)

/** The next run, and what happened, to be committed together; `undo` is what the commit has to note down for undoing. */
export interface Advance {
  readonly run: Run
  readonly happenings: readonly Happening[]
  readonly undo?: UndoEntry
}
