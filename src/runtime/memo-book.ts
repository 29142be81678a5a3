import { quote } from '../errors/stepwright-error.ts'
import { checkSize } from '../model/limits.ts'
import { NOTHING_SPENT, plus, spentBy, type Spent } from '../model/model-call.ts'
import type { Run } from '../model/run.ts'
import type { Memos } from '../store/memos.ts'
import type { Batch } from '../store/store.ts'
import type { MemoBook } from './attempt-parts.ts'

/** What model calls have cost that the document of their run does not count yet. */
export interface Uncounted {
  spent: Spent
  /** Those of its child runs that have ended in this visit. */
  children: Spent
}

/** What the document of a run counts. */
type Counted = Pick<Run, 'spent' | 'childrenSpent' | 'parent'>

/** Where a book is kept. */
interface Keeper {
  readonly limit: number
  /** As patient as a commit: a store that is away does not fail the handler. */
  readonly write: (batch: Pick<Batch, 'put'>) => Promise<boolean>
  /** What the document counts. */
  readonly run: () => Counted
  readonly uncounted: Uncounted
  readonly stir: () => void
}

/** What a handler may save inside its visit. */
export function memoBook(memos: Memos, { limit, write, run, uncounted, stir }: Keeper): MemoBook {
  return {
    has: (key) => memos.has(key),
    get: (key) => memos.get(key),
    save: (key, value) => {
      checkSize(value, limit, () => `The memo ${quote(key)}`)
      return memos.save(key, value, write)
    },
    recall: (key) => memos.recall(key),
    record: (key, result) => {
      const { value, note } = result
      if (note?.type === 'model-called') uncounted.spent = plus(uncounted.spent, spentBy(note))
      return memos.record(key, result, (batch) => {
        const [row] = batch.put
        if (row.value.length > limit) checkSize(value, limit, () => `The record ${quote(key)}`)
        return write(batch)
      })
    },
    stream: async (key, text, whole) => {
      const written = await memos.stream(key, { text, whole }, write)
      stir()
      return written
    },
    spent: () => plus(run().spent ?? NOTHING_SPENT, uncounted.spent),
    familySpent: () => familySpent(run(), uncounted),
  }
}

/** What a run knows that its family has spent. */
export function familySpent({ spent, childrenSpent, parent }: Counted, uncounted: Uncounted): Spent {
  return [spent, childrenSpent, parent?.spent].reduce<Spent>(
    (sum, one) => (one ? plus(sum, one) : sum),
    plus(uncounted.spent, uncounted.children),
  )
}
