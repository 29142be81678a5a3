/**
 * The contract of a store: rows of JSON text in named collections, read by key, written in atomic batches with
 * compare-and-set, listed in the order of their keys. Everything the engine keeps is made of these verbs, so an
 * implementation is small, and one conformance suite covers all of them. `rows` and `restore` move a store as a whole.
 *
 * I1 A write that names a revision is refused by the store itself unless that revision stands; nothing of its batch
 *    is written then. `memory` and `keyv` can promise that within one process only; `shared` says so.
 * I7 Absent is an answer (`undefined`, `false`); whatever fails, hangs or lies is an error.
 */
export interface Store {
  /** For messages: `memory`, `sqlite:runs.db`, `redis://127.0.0.1:6379`, `keyv`. Holds no password. */
  readonly name: string
  /** Several processes may use it at once. */
  readonly shared: boolean
  /** Several runs are writing at once: small rows that lie together cost less than a document that grows. */
  readonly crowded?: boolean
  /** What `rows` gives is of one moment, also while others write. */
  readonly snapshots: boolean
  /** Connects and checks. Returns warnings for people: what could be lost, and how to mend that. */
  open(): Promise<readonly string[]>
  /** The rows under these keys, in their order; `undefined` for each that does not exist. */
  get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]>
  /** Writes all, or nothing and `false` where a condition does not hold. Acknowledged means: kept as the store can. */
  write(batch: Batch): Promise<boolean>
  /** Rows in the order of their keys (UTF-8 bytes). Only of collections with `listed`. */
  list(collection: Collection, range: Range): Promise<readonly Entry[]>
  /** Every row of every collection, each once, a page at a time, in no promised order. */
  rows(): AsyncIterable<readonly StoredRow[]>
  /** Writes rows as `rows` gave them, with their revisions and tags, over what is there under their keys. */
  restore(rows: readonly StoredRow[]): Promise<void>
  close(): Promise<void>
}

/** What is kept. `listed` collections can be listed by key; `tagged` ones also by tag; rows of `small` ones are little more than their key. */
export const COLLECTIONS = {
  /** One run document per run: key run id, tag `status/worker`. */
  run: { listed: false, tagged: true, small: false },
  /** Large values and sealed history, referred to by documents: key an id that sorts by time. */
  piece: { listed: false, tagged: false, small: false },
  /** Session documents: key session id. */
  session: { listed: false, tagged: false, small: false },
  /** Runs by start: key `time/run`. */
  started: { listed: true, tagged: false, small: true },
  /** Runs by session: key `session/run`. */
  member: { listed: true, tagged: false, small: true },
  /** Signals not yet applied: key `run/id`. */
  inbox: { listed: true, tagged: false, small: false },
  /** Ids of signals that were accepted: key `run/signal id`. */
  seen: { listed: true, tagged: false, small: true },
  /** Saved results inside a visit: key `run/state/visit/memo key`. */
  memo: { listed: true, tagged: false, small: false },
  /** Branches, items and children of a state: key `run/state/visit/part`. */
  part: { listed: true, tagged: false, small: false },
  /** What a run would have to undo, a stack: key `run/height`. */
  undo: { listed: true, tagged: false, small: false },
  /** Answers to updates: key `run/signal id`. */
  reply: { listed: true, tagged: false, small: false },
  /** One-time callback tokens: key hash of the token. */
  token: { listed: false, tagged: false, small: false },
  /** Callback tokens by run: key `run/hash of the token`. */
  callback: { listed: true, tagged: false, small: true },
  /** Results that steps recall across runs: key hash of what they depend on. */
  cache: { listed: true, tagged: false, small: false },
  /** Schedules: key schedule id. */
  schedule: { listed: true, tagged: false, small: false },
  /** What has to be looked at, and when: key `time/run`. */
  due: { listed: true, tagged: false, small: true },
  /** Leases of workers: key worker id. */
  worker: { listed: true, tagged: false, small: false },
  /** What is known of the workflows whose runs are here, for tools that have not loaded them: key `name@version`. */
  definition: { listed: true, tagged: false, small: false },
  /** Values of applications that use the store as a plain Keyv. */
  value: { listed: true, tagged: false, small: false },
} as const

export type Collection = keyof typeof COLLECTIONS
export const collections = Object.keys(COLLECTIONS) as readonly Collection[]

/** A stored row. */
export interface Row {
  readonly revision: number
  /** JSON text. */
  readonly value: string
}

/** A row with all that is kept of it. */
export interface StoredRow extends Row {
  readonly collection: Collection
  readonly key: string
  readonly tag?: string
}

/** A row in a listing. `value` only where it was asked for. */
export interface Entry {
  readonly key: string
  readonly tag?: string
  readonly value?: string
}

/** Writes that belong together. */
export interface Batch {
  readonly put?: readonly Put[]
  readonly delete?: readonly Delete[]
  /** Rows that must stand at a revision, without being written. */
  readonly check?: readonly {
    readonly collection: Collection
    readonly key: string
    readonly revision: number
  }[]
}

/** With `expect`: only if that revision stands (0: no such row); the row then has `expect + 1`. Without: revision 1. */
export interface Put {
  readonly collection: Collection
  readonly key: string
  readonly value: string
  readonly expect?: number
  /** Left as it is where not given. */
  readonly tag?: string
}

/** With `must`: only if the row exists. */
export interface Delete {
  readonly collection: Collection
  readonly key: string
  readonly must?: boolean
}

/** Which rows to list. All bounds are exclusive. */
export interface Range {
  readonly limit: number
  /** Keys that begin with this. */
  readonly prefix?: string
  readonly after?: string
  readonly before?: string
  /** Tags that begin with this; rows come in the order of tag, then key; `after` and `before` do not apply. */
  readonly tag?: string
  readonly reverse?: boolean
  readonly values?: boolean
}
