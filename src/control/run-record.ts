import { spentIn, type HistoryEvent, type Note } from '../model/history.ts'
import { joinKey } from '../model/identifier.ts'
import { decode } from '../store/codec.ts'
import type { Part } from '../store/part-list.ts'
import { unseal } from '../store/sealed-row.ts'
import type { Store } from '../store/store.ts'
import type { RunStore } from './run-store.ts'
import type { RunView } from './run-view.ts'

/** All that is told of a run: where it stands, its history, what its branches and items told, and its child runs. */
export interface RunRecord {
  readonly run: RunView
  readonly history: readonly HistoryEvent[]
  /** Calls of models and tools in branches and items, part by part. */
  readonly parts: readonly (readonly Note[])[]
  /** Model calls of branches and items that are not kept any more. */
  readonly gone: number
  readonly children: readonly RunRecord[]
}

/** Reads it. Children that were removed are left out. */
export async function recordOf(id: string, runs: RunStore, store: Store): Promise<RunRecord> {
  const run = await runs.view(id)
  const history = await runs.history(id, 0)
  const parts = await partNotes(store, id)
  const children: RunRecord[] = []
  for (const event of history) {
    if (event.type !== 'child-started' || !(await runs.find(event.child))) continue
    children.push(await recordOf(event.child, runs, store))
  }
  const joined = history.reduce(
    (sum, event) => sum + (event.type === 'joined' ? (event.spent?.calls ?? 0) : 0),
    0,
  )
  return { run, history, parts, gone: Math.max(0, joined - spentIn(parts.flat()).calls), children }
}

/** What the parts of all visits of a run have told of calls, as far as it is kept. */
export async function partNotes(store: Store, id: string): Promise<readonly (readonly Note[])[]> {
  const range = { prefix: `${joinKey(id)}/`, limit: Number.MAX_SAFE_INTEGER, values: true }
  const rows = await store.list('part', range)
  return rows.flatMap(({ key, value }) => {
    const { log = [] } = decode(unseal(value, `Part ${key}`)) as Part
    const notes = log.filter((line) => line.type !== 'log')
    return notes.length > 0 ? [notes] : []
  })
}
