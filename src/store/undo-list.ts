import { joinKey } from '../model/identifier.ts'
import type { Run } from '../model/run.ts'
import { Memos } from './memos.ts'
import { PieceShelf } from './piece-shelf.ts'
import { seal, unseal } from './sealed-row.ts'
import type { Delete, Put, Store } from './store.ts'

/** A visit that was committed and can be undone. */
export interface UndoEntry {
  readonly state: string
  readonly visit: number
  readonly input: unknown
  /** Where it went, and with what; none where its parts are undone. */
  readonly result?: { readonly to: string; readonly data: unknown }
}

/** An entry in the hands of whoever undoes it. */
export interface Undoable extends UndoEntry {
  /** Takes it out of the list, together with the commit that says it is undone. */
  readonly done: Delete
}

const WIDTH = 12

/** An entry to be written as number `height` of the run's list, which is a stack. */
export function undoPut(run: string, height: number, entry: UndoEntry, shelf: PieceShelf): Put {
  const value = seal(shelf.encode(entry, 'undo'))
  return { collection: 'undo', key: undoKey(run, height), value }
}

/** The newest entry above height `since`, or `undefined`: nothing is left to undo. */
export async function nextUndo(store: Store, run: string, since: number): Promise<Undoable | undefined> {
  const [newest] = await listUndo(store, run, since, 1)
  return newest
}

/** What is left to undo, in the order in which it will be. */
export async function listUndo(
  store: Store,
  run: string,
  since: number,
  limit: number,
): Promise<readonly Undoable[]> {
  const prefix = `${joinKey(run)}/`
  const entries = await store.list('undo', {
    prefix,
    after: undoKey(run, since),
    reverse: true,
    limit,
    values: true,
  })
  const shelf = new PieceShelf(() => '')
  return Promise.all(
    entries.map(async ({ key, value }) => ({
      ...((await shelf.decode(unseal(value, `Undo entry ${key}`), store)) as UndoEntry),
      done: { collection: 'undo', key, must: true } as const,
    })),
  )
}

/** The heights at which something to undo is kept, lowest first. */
export async function undoHeights(store: Store, run: string): Promise<readonly number[]> {
  const prefix = `${joinKey(run)}/`
  const heights: number[] = []
  for (let after: string | undefined; ;) {
    const page = await store.list('undo', { prefix, limit: 1_000, ...(after === undefined ? {} : { after }) })
    heights.push(...page.map(({ key }) => Number(key.slice(prefix.length))))
    after = page.at(-1)?.key
    if (page.length < 1_000) return heights
  }
}

/** Takes entries out of the list that nobody will undo. */
export function undoDrops(run: string, heights: readonly number[]): readonly Delete[] {
  return heights.map((height) => ({ collection: 'undo', key: undoKey(run, height) }))
}

/** Drops what was saved while the next entry was being undone, where that is given up. */
export async function dropUndoMemos(
  store: Store,
  { id, undoing }: Pick<Run, 'id' | 'undoing'>,
): ReturnType<typeof Memos.dropAll> {
  const entry = undoing && (await nextUndo(store, id, undoing.since))
  if (!entry) return { notes: [], delete: [] }
  return Memos.dropAll(store, { id, state: entry.state, visits: { [entry.state]: entry.visit } })
}

function undoKey(run: string, height: number): string {
  return `${joinKey(run)}/${String(height).padStart(WIDTH, '0')}`
}
