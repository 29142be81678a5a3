import type { Caller } from './caller.ts'
import type { Failure } from './failure.ts'
import { NOTHING_SPENT, plus, spentBy, type ModelCall, type Spent, type ToolCalled } from './model-call.ts'
import type { Parent, Transaction } from './run.ts'
import type { Parked } from './status.ts'

/** What happened to a run, in order, without its number and time. Every commit adds one or more. */
export type Happening =
  /** Accepted. The data is the run's input. */
  | {
      readonly type: 'started'
      readonly workflow: string
      readonly version: number
      readonly to: string
      readonly data: unknown
      readonly vars: unknown
      readonly session: string
      readonly by?: Caller
      readonly forkedFrom?: { readonly run: string; readonly seq: number }
      readonly parent?: Parent
      readonly schedule?: string
      readonly deadline?: number
      readonly transaction?: Transaction
    }
  /** A worker took a run that was started elsewhere. */
  | { readonly type: 'claimed'; readonly worker: string }
  /** A state was entered: a checkpoint. `vars` holds the fields that changed. */
  | {
      readonly type: 'moved'
      readonly from: string
      readonly to: string
      readonly by: MoveCause
      /** What was caught, where it is by a catch edge; older histories do not tell it. */
      readonly failure?: Failure
      readonly visit: number
      readonly data: unknown
      readonly vars?: unknown
      /** How much can be undone now, where the state that was left added to it. */
      readonly undoable?: number
      /** Where the state is part of one. */
      readonly transaction?: Transaction
    }
  /** A signal was taken from the inbox and its handler begins. */
  | {
      readonly type: 'signalled'
      readonly name: string
      readonly id: string
      readonly payload: unknown
      readonly caller?: Caller
    }
  /** A signal was counted; more are needed. */
  | {
      readonly type: 'voted'
      readonly name: string
      readonly id: string
      readonly payload: unknown
      readonly caller?: Caller
      readonly count: number
      readonly of: number
    }
  | { readonly type: 'reminded'; readonly method: string; readonly count: number; readonly failure?: Failure }
  /** A worker goes on with a run that waited for time or for its parts. */
  | { readonly type: 'woken'; readonly worker: string }
  /** What is left of a state's parts waits: until a time, or for child runs. */
  | { readonly type: 'waits'; readonly until?: number }
  | { readonly type: 'reminding'; readonly method: string; readonly attempt: number }
  /** All parts of a state that were needed have ended. */
  | {
      readonly type: 'joined'
      readonly state: string
      readonly visit?: number
      readonly done: number
      readonly failed: number
      /** The first failures, by part. */
      readonly failures?: Readonly<Record<string, Failure>>
      /** What their model calls have cost. */
      readonly spent?: Spent
      /** What they have cost that are child runs, with child runs of their own. */
      readonly childrenSpent?: Spent
    }
  /** A child run was started. */
  | { readonly type: 'child-started'; readonly child: string; readonly workflow: string }
  /** People and other runs act on it. */
  | { readonly type: 'paused'; readonly reason?: string; readonly by?: Caller }
  | { readonly type: 'unpaused'; readonly by?: Caller }
  | { readonly type: 'cancelled'; readonly reason?: string; readonly by?: Caller }
  | { readonly type: 'terminated'; readonly reason?: string; readonly by?: Caller }
  | {
      readonly type: 'retried-by-hand'
      readonly state: string
      readonly data?: unknown
      readonly by?: Caller
    }
  | {
      readonly type: 'migrated'
      readonly from: number
      readonly to: number
      readonly state: string
      readonly data: unknown
      readonly vars: unknown
      readonly transaction?: Transaction
    }
  /** Undoing begins; of a transaction, with the height down to which, and where the run goes then. */
  | {
      readonly type: 'compensating'
      readonly why: 'failed' | 'cancelled' | 'transaction'
      readonly undoable: number
      readonly failure?: Failure
      readonly since?: number
      readonly to?: string
      readonly data?: unknown
    }
  | {
      readonly type: 'undone'
      readonly state: string
      readonly visit: number
      readonly part?: string
      readonly skipped?: boolean
    }
  | {
      readonly type: 'undo-failed'
      readonly state: string
      readonly visit: number
      readonly part?: string
      readonly attempt: number
      readonly failure: Failure
      readonly retryAt?: number
    }
  /** All is undone. */
  | { readonly type: 'compensated' }
  /** A signal in the inbox did not fit the code that was loaded when its turn came. */
  | { readonly type: 'signal-refused'; readonly name: string; readonly id: string; readonly reason: string }
  | {
      readonly type: 'attempt-failed'
      readonly state: string
      readonly attempt: number
      readonly failure: Failure
      readonly retryAt?: number
    }
  /** The next attempt begins. */
  | { readonly type: 'retried'; readonly state: string; readonly attempt: number }
  /** Its worker was closed in good order; another may go on at once. */
  | { readonly type: 'released'; readonly worker: string }
  /** Another worker went on after one had died. */
  | {
      readonly type: 'recovered'
      readonly worker: string
      readonly from: string
      readonly recoveries: number
    }
  /** A line written by a handler. */
  | {
      readonly type: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields?: unknown
    }
  /** A handler has called a language model, or a model a tool. */
  | ({ readonly type: 'model-called' } & ModelCall)
  | ({ readonly type: 'tool-called' } & ToolCalled)
  | { readonly type: 'completed'; readonly state: string; readonly output?: unknown }
  | { readonly type: 'failed'; readonly state: string; readonly failure: Failure }
  | {
      readonly type: 'parked'
      readonly status: Parked
      readonly reason: string
      readonly remedy: string
    }
  | { readonly type: 'unparked'; readonly status: string; readonly by?: Caller }
  /**
   * Its document was damaged, and made anew from the history up to that entry; `lost` came after it, where that is
   * known. `undoable` is what is there to undo: less than before where undoing had begun.
   */
  | {
      readonly type: 'repaired'
      readonly upTo: number
      readonly lost?: number
      readonly undoable: number
    }

/** What made a run move. */
export type MoveCause = 'step' | `signal:${string}` | 'expires' | 'visits' | 'catch' | 'skip'

/** One entry of a run's history. */
export type HistoryEvent = { readonly seq: number; readonly at: number } & Happening

/** A line written by a handler. */
export type LogLine = Extract<Happening, { type: 'log' }>

/** What is told of a result that was saved inside a step. */
export type Note = Extract<Happening, { type: 'model-called' | 'tool-called' }>
/** What of a note is known before the result that it tells of. */
export type EarlyNote = Partial<ModelCall>
/** The rest of it. */
export type LateNote = Pick<Note, 'type'> & Partial<ModelCall>

/** What child runs have cost that these tell the end of. */
export function childrenSpentIn(happenings: Iterable<Happening>): Spent {
  let spent = NOTHING_SPENT
  for (const happening of happenings)
    if (happening.type === 'joined' && happening.childrenSpent) spent = plus(spent, happening.childrenSpent)
  return spent
}

/** What model calls have cost, of those that these tell of. */
export function spentIn(happenings: Iterable<Happening>): Spent {
  let spent = NOTHING_SPENT
  for (const happening of happenings) {
    if (happening.type === 'model-called') spent = plus(spent, spentBy(happening))
    else if (happening.type === 'joined' && happening.spent) spent = plus(spent, happening.spent)
  }
  return spent
}
