import { quote } from '../errors/stepwright-error.ts'
import { checkSize } from '../model/limits.ts'
import { spentIn } from '../model/history.ts'
import { NOTHING_SPENT, plus, type Spent } from '../model/model-call.ts'
import type { Memos } from '../store/memos.ts'
import type { Batch } from '../store/store.ts'
import type { MemoBook } from './attempt-parts.ts'

/** What model calls have cost that the document of their run does not count yet. */
export interface Uncounted {
  spent: Spent
}

/** Where a book is kept. */
interface Keeper {
  readonly limit: number
  /** As patient as a commit: a store that is away does not fail the handler. */
  readonly write: (batch: Pick<Batch, 'put'>) => Promise<boolean>
  /** By what the document counts. */
  readonly counted: () => Spent | undefined
  readonly uncounted: Uncounted
  readonly stir: () => void
}

/** What a handler may save inside its visit. */
export function memoBook(memos: Memos, { limit, write, counted, uncounted, stir }: Keeper): MemoBook {
  return {
    has: (key) => memos.has(key),
    get: (key) => memos.get(key),
    save: (key, value) => {
      checkSize(value, limit, () => `The memo ${quote(key)}`)
      return memos.save(key, value, write)
    },
    recall: (key) => memos.recall(key),
    record: async (key, value, note) => {
      checkSize(value, limit, () => `The record ${quote(key)}`)
      if (note) uncounted.spent = plus(uncounted.spent, spentIn([note]))
      return memos.record(key, value, note, write)
    },
    stream: async (key, text, whole) => {
      const written = await memos.stream(key, { text, whole }, write)
      stir()
      return written
    },
    spent: () => plus(counted() ?? NOTHING_SPENT, uncounted.spent),
  }
}
