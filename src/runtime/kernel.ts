import type { Happening } from '../model/history.ts'
import type { Host } from '../model/host.ts'
import { LIMITS, type Limits } from '../model/limits.ts'
import type { Run } from '../model/run.ts'
import { Documents } from '../store/documents.ts'
import type { Part } from '../store/part-list.ts'
import type { Seal } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { Library } from './library.ts'
import { BookShelf } from './part-book.ts'
import type { Tally } from './verdict.ts'

export type { Loaded } from './library.ts'

/** A commit, as those who watch see it. */
export interface Committed {
  readonly run: Run
  readonly revision: number
  readonly happenings: readonly Happening[]
}

/** What an attempt of a branch, an item or a child run has come to: that is no commit of the run. */
export interface PartSettled {
  readonly of: { readonly run: Run; readonly revision: number }
  readonly name: string
  readonly part: Part
  /** What is known of all parts of the visit by now. */
  readonly book: {
    readonly parts: ReadonlyMap<string, Part>
    readonly tally: Tally
    /** `ended`: all of them are known. */
    readonly queue: { readonly ended: boolean }
  }
}

/** What all parts of one engine share. */
export interface Kernel {
  readonly store: Store
  readonly documents: Documents
  readonly host: Host
  readonly worker: string
  readonly library: Library
  readonly resources: object
  readonly limits: Limits
  /** Keys of the step cache that this process is making, each until that is committed. */
  readonly making: Map<string, Promise<void>>
  /** What is known of the parts of runs that wait for child runs. */
  readonly books: BookShelf
  /** Tells those who watch, after the commit. */
  readonly announce: (committed: Committed) => void
  /** Tells those who watch, once it is saved. */
  readonly announcePart: (settled: PartSettled) => void
  /** Something of a run can be seen that no commit tells of. */
  readonly stir: (run: string) => void
  /** Tells the worker of this process that something may be due. */
  readonly nudge: () => void
  /** Acts on a schedule that is due. `leave`: it is another worker's. */
  readonly fire: (
    schedule: string,
    due: readonly { readonly key: string; readonly at: number }[],
  ) => Promise<'done' | 'leave'>
  /** Something that a person should know and no caller waits for. */
  readonly warn: (message: string) => void
}

/** What an engine has at hand when it is made. */
export function nothingYet(
  store: Store,
  { newId }: Host,
  seal?: Seal,
): Pick<Kernel, 'documents' | 'making' | 'books'> {
  return { documents: new Documents(store, newId, seal), making: new Map(), books: new BookShelf() }
}

/** A kernel without workflows that drives nothing: enough to read a store, and to put something into an inbox. */
export function idleKernel(store: Store, host: Host, seal?: Seal): Kernel {
  const ignore = (): void => undefined
  return {
    store,
    host,
    worker: 'none',
    library: new Library(),
    resources: {},
    limits: LIMITS,
    ...nothingYet(store, host, seal),
    announce: ignore,
    announcePart: ignore,
    stir: ignore,
    nudge: ignore,
    fire: () => Promise.resolve('leave'),
    warn: ignore,
  }
}
