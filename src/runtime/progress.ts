import type { Run } from '../model/run.ts'
import { Memos } from '../store/memos.ts'
import { PartList } from '../store/part-list.ts'
import type { Store } from '../store/store.ts'

/** What a visit has saved so far, as a number that differs where something was added: its memos, and what its parts have come to. */
export async function progressOf(store: Store, run: Run): Promise<number> {
  const memos = await Memos.count(store, run)
  let progress = memos
  for (const { status, attempts = 0 } of (await new PartList(run).load(store)).values())
    progress += 1 + attempts * 1_000 + (status === 'done' || status === 'failed' ? 1_000_000 : 0)
  return progress
}
