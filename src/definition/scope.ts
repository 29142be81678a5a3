import type { EarlyNote, LateNote, Note } from '../model/history.ts'
import type { Spent } from '../model/model-call.ts'
import type { RunInfo } from './shape.ts'

/** The name of the method by which a resource gives each attempt of a handler a view of its own. */
export const bind: unique symbol = Symbol.for('stepwright.bind')

/**
 * A resource that knows in which attempt it is used: handlers get what its method `[bind]` returns instead of the
 * resource itself. Called once for each attempt that asks for the resource.
 *
 * @example
 * const mailer: Bindable<Mailer> & Mailer = {
 *   send: (mail) => deliver(mail),
 *   [bind]: ({ run }) => ({ send: (mail) => deliver({ ...mail, key: run.idempotencyKey }) }),
 * }
 */
export interface Bindable<T> {
  [bind](scope: Scope): T
}

/** One attempt of a handler, as a resource sees it. */
export interface Scope {
  readonly run: RunInfo
  readonly session: string
  /** Of the caller who started the run. */
  readonly tenant?: string
  /** What the run's model calls have cost so far, those of this attempt included. */
  readonly spent: Spent
  /** The runs that share its budget; without it, it is alone. */
  readonly family?: Family
  /**
   * A result that was recorded in this visit under that key, or what `make` comes to, saved before it is returned: it
   * is never made again in this visit. Its note is told in the history of the run. What of it is known `early` may be
   * asked for while the result is made; the note need not repeat it.
   */
  record<T>(key: string, make: () => Promise<Recorded<T>>, early?: () => EarlyNote): Promise<T>
  /** Follows a text that grows for `run.stream`; `end` is called with all of it. Names are as unique as keys of records. */
  stream(key: string): { push(piece: string): void; end(text: string): Promise<void>; readonly name: string }
  /** Tells the history, with how the attempt ends; lost where its process dies. */
  tell(note: Note): void
}

/** A run that nobody waits for, with its child runs, theirs, and so on. Those that are `detached` are no part of it. */
export interface Family {
  /** The id of the run at its top. */
  readonly run: string
  /** What the family has spent as far as this run knows: what it had spent when this run was started, and since then this run and those of its child runs that have ended. */
  readonly spent: Spent
}

/** A result, and what the history is to tell of it. */
export interface Recorded<T> {
  readonly value: T
  readonly note?: Note | LateNote
}
