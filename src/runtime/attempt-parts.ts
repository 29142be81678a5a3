import type { LogLine, Note } from '../model/history.ts'
import type { Host } from '../model/host.ts'
import type { Spent } from '../model/model-call.ts'
import type { Redaction } from '../model/redaction.ts'
import type { Run } from '../model/run.ts'
import type { Result } from '../store/saved-record.ts'
import type { Store } from '../store/store.ts'
import type { Life } from './life.ts'

/** What a handler has asked to be kept with its move. */
export interface Kept {
  readonly log: (LogLine | Note)[]
  /** Pure changes of the session, in order. */
  readonly session: ((state: unknown) => unknown)[]
  /** The answer to an update, the newest alone. */
  reply?: { readonly value: unknown }
}

/** Saves results inside the visit. */
export interface MemoBook {
  has(key: string): boolean
  get(key: string): unknown
  /** `false`: the attempt is over, nothing was saved. */
  save(key: string, value: unknown): Promise<boolean>
  /** A result that was recorded. */
  recall(key: string): { readonly value: unknown } | undefined
  /** As `save`, with what the history is to tell of it; `early` was written down before. */
  record(key: string, result: Result): Promise<{ readonly value: unknown } | undefined>
  /** Writes down how far a text that is being streamed has come. */
  stream(key: string, text: string, whole: boolean): Promise<boolean>
  /** What the run's model calls have cost so far. */
  spent(): Spent
  /** What its family's have cost, as far as it knows: its own, and those of its parents and of child runs that have ended. */
  familySpent(): Spent
}

/** What the context of one attempt is made from. */
export interface ContextParts {
  readonly run: Run
  readonly resources: object
  readonly config: unknown
  readonly session: unknown
  readonly memos: MemoBook
  readonly kept: Kept
  readonly life: Life
  readonly store: Store
  readonly host: Host
  /** The branch or item, and its own count of attempts. */
  readonly part?: { readonly name: string; readonly attempt: number }
  /** What else the handler is offered. */
  readonly more?: object
  /** Takes out of a note what nobody else may read. */
  readonly noteRedaction: () => Redaction | undefined
}
