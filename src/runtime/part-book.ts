import type { ForkState } from '../definition/definition.ts'
import { spentIn } from '../model/history.ts'
import { NOTHING_SPENT, plus, type Spent } from '../model/model-call.ts'
import type { Run } from '../model/run.ts'
import { Memos } from '../store/memos.ts'
import type { Part, PartList } from '../store/part-list.ts'
import type { Store } from '../store/store.ts'
import type { Uncounted } from './memo-book.ts'
import { PartQueue, SOURCE } from './part-queue.ts'
import type { Tally } from './verdict.ts'

/** Whose parts, and where they are stored. */
interface From {
  readonly store: Store
  readonly run: Run
  readonly state: ForkState
}

/** What is known of the parts of one visit: what they have come to, counted as they end, and which is next. */
export class PartBook {
  readonly parts: ReadonlyMap<string, Part>
  readonly queue: PartQueue
  readonly #parts: Map<string, Part>
  readonly #memos: Map<string, Memos>
  readonly #from: From
  readonly #tally = { done: 0, failed: 0, firstFailed: undefined as string | undefined }
  readonly #before: Spent
  #childrenSpent = NOTHING_SPENT
  /** Child runs that have not ended, and those among them that tell this run nothing. */
  readonly children = { all: 0, foreign: 0 }

  private constructor(from: From, parts: Map<string, Part>, memos: Map<string, Memos>, queue: PartQueue) {
    this.#from = from
    this.parts = parts
    this.queue = queue
    this.#parts = parts
    this.#memos = memos
    for (const [name, part] of parts) this.#count(name, part)
    this.#before = plus(this.#ended(), spentIn([...memos.values()].flatMap(({ notes }) => notes)))
  }

  /** What is stored of the parts of a visit. `resumed`: earlier attempts of it may have saved results. */
  static async load(from: From, list: PartList, resources: object, resumed: boolean): Promise<PartBook> {
    const { store, run, state } = from
    const parts = await list.load(store)
    const saved = parts.size > 0 || resumed
    const memos = saved ? await Memos.loadParts(store, run) : new Map<string, Memos>()
    const queue =
      state.kind === 'map'
        ? PartQueue.ofMap(state, run.data, parts, resources)
        : PartQueue.ofNames(state.kind === 'parallel' ? [...state.branches.keys()] : ['child'], parts)
    return new PartBook(from, parts, memos, queue)
  }

  get tally(): Tally {
    return { ...this.#tally, total: this.queue.count }
  }

  /** What its parts have cost, for the history. */
  get spent(): { readonly spent?: Spent; readonly childrenSpent?: Spent } {
    const [spent, childrenSpent] = [this.#ended(), this.#childrenSpent]
    return { ...(spent.calls > 0 ? { spent } : {}), ...(childrenSpent.calls > 0 ? { childrenSpent } : {}) }
  }

  /** What no document counts yet: of its parts as far as they had come when it was loaded, and of child runs that have ended. */
  get uncounted(): Readonly<Uncounted> {
    return { spent: this.#before, children: this.#childrenSpent }
  }

  /** Parts that have not ended. */
  get open(): number {
    return this.queue.count - this.#tally.done - this.#tally.failed
  }

  /** The memos of a part; the same for each of its attempts. */
  memosOf(name: string): Memos {
    const memos = this.#memos.get(name) ?? Memos.none(this.#from.run, name)
    this.#memos.set(name, memos)
    return memos
  }

  /** Notes a part that has not ended. */
  note(name: string, part: Part): void {
    this.#parts.set(name, part)
  }

  /** Notes what an attempt of a part has come to. */
  settle(name: string, part: Part): void {
    const before = this.#parts.get(name)
    this.#parts.set(name, part)
    if (part.status !== 'retry') this.#memos.delete(name)
    if (before?.status === 'child') this.children.all -= 1
    if (before?.status === 'child' && before.foreign) this.children.foreign -= 1
    if (before?.status !== 'done' && before?.status !== 'failed') this.#count(name, part)
    if (part.status === 'retry') this.queue.putBack(name)
  }

  /** What the model calls of those parts have cost that have ended. */
  #ended(): Spent {
    return spentIn([...this.#parts.values()].flatMap(({ log = [] }) => log))
  }

  #count(name: string, { status, foreign, spent }: Part): void {
    if (spent) this.#childrenSpent = plus(this.#childrenSpent, spent)
    if (name === SOURCE && this.#from.state.kind === 'map') return
    if (status === 'child') this.children.all += 1
    if (status === 'child' && foreign) this.children.foreign += 1
    if (status === 'done') this.#tally.done += 1
    if (status === 'failed') {
      this.#tally.failed += 1
      this.#tally.firstFailed ??= name
    }
  }
}

/** The most parts that are kept in memory of runs that wait for child runs. */
const MOST_PARTS = 200_000

/**
 * Books of runs that wait for child runs: so the end of one child does not cost a look at all of them. A book is as
 * good as the revision it was kept at, since nothing writes parts without having committed first.
 */
export class BookShelf {
  readonly #kept = new Map<string, { readonly book: PartBook; readonly revision: number }>()
  #size = 0

  keep(run: string, revision: number, book: PartBook): void {
    this.take(run, revision)
    this.#kept.set(run, { book, revision })
    this.#size += book.parts.size
    for (const other of this.#kept.keys()) if (this.#size > MOST_PARTS) this.take(other, NaN)
  }

  /** Takes the book out, if it is of that revision. */
  take(run: string, revision: number): PartBook | undefined {
    const kept = this.#kept.get(run)
    if (!kept) return undefined
    this.#kept.delete(run)
    this.#size -= kept.book.parts.size
    return kept.revision === revision ? kept.book : undefined
  }
}
