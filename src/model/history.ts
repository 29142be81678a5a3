import type { Failure } from './failure.ts'

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
    }
  /** A worker took a run that was started elsewhere. */
  | { readonly type: 'claimed'; readonly worker: string }
  /** A state was entered: a checkpoint. `vars` holds the fields that changed. */
  | {
      readonly type: 'moved'
      readonly from: string
      readonly to: string
      readonly by: MoveCause
      readonly visit: number
      readonly data: unknown
      readonly vars?: unknown
    }
  /** A signal was taken from the inbox and its handler begins. */
  | { readonly type: 'signalled'; readonly name: string; readonly id: string; readonly payload: unknown }
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
  | { readonly type: 'completed'; readonly state: string; readonly output?: unknown }
  | { readonly type: 'failed'; readonly state: string; readonly failure: Failure }
  | {
      readonly type: 'parked'
      readonly status: 'quarantined' | 'needs-migration' | 'corrupt'
      readonly reason: string
      readonly remedy: string
    }
  | { readonly type: 'unparked'; readonly status: string }

/** What made a run move. */
export type MoveCause = 'step' | `signal:${string}` | 'expires' | 'catch'

/** One entry of a run's history. */
export type HistoryEvent = { readonly seq: number; readonly at: number } & Happening
