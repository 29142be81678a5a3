/**
 * Removes a run that has ended, with everything that belongs to it. First its document becomes a {@link Tombstone};
 * every batch after that names the tombstone's revision, so two who remove, or one who wakes up late, harm nothing; the
 * tombstone goes last. A crash leaves a tombstone that says what is left to do.
 */
import { joinKey } from '../model/identifier.ts'
import { piecesIn } from './codec.ts'
import type { HistoryPosition } from './history-log.ts'
import { idOf } from './piece-shelf.ts'
import type { Segment } from './segment.ts'
import type { Batch, Collection, Delete, Row, Store } from './store.ts'
import { isTombstone, readTombstone, REMOVED, tombstonePut, type Tombstone } from './tombstone.ts'

/** Collections whose keys begin with the run's id. */
const OWN = ['undo', 'memo', 'part', 'inbox', 'seen', 'reply', 'callback'] as const satisfies Collection[]
/** Rows deleted in one batch. */
const MOST = 500
/** Segments of a history taken in one batch. */
const MOST_SEGMENTS = 50

/** Removes a run that stands at `revision`; `listed` are the rows it is listed by. `false`: it has changed, and stays. */
export async function removeRun(
  store: Store,
  id: string,
  revision: number,
  listed: readonly Delete[],
): Promise<boolean> {
  const [row] = await store.get('run', [id])
  if (row?.revision !== revision) return false
  const put = [tombstonePut(id, remainsOf(row), revision)]
  if (!(await store.write({ put, delete: listed }))) return false
  await finishRemoval(store, id)
  return true
}

/** Goes on with removals that were cut off. */
export async function finishRemovals(store: Store): Promise<void> {
  for (;;) {
    const left = await store.list('run', { tag: REMOVED, limit: MOST })
    for (const { key } of left) await finishRemoval(store, key)
    if (left.length < MOST) return
  }
}

async function finishRemoval(store: Store, id: string): Promise<void> {
  const [row] = await store.get('run', [id])
  if (!row || !isTombstone(row)) return
  let { revision } = row
  const fenced = (batch: Pick<Batch, 'put' | 'delete'>): Promise<boolean> =>
    store.write({ ...batch, check: [{ collection: 'run', key: id, revision }] })
  if (!(await removeOwn(store, id, fenced))) return
  for (let left = readTombstone(row); left.segments.length + left.pieces.length > 0;) {
    const { next, gone } = await remove(store, left)
    while (gone.length > MOST) if (!(await fenced({ delete: gone.splice(0, MOST) }))) return
    if (!(await store.write({ put: [tombstonePut(id, next, revision)], delete: gone }))) return
    revision += 1
    left = next
  }
  await fenced({ delete: [{ collection: 'run', key: id }] })
}

/** `false`: somebody else goes on. */
async function removeOwn(
  store: Store,
  id: string,
  fenced: (batch: Pick<Batch, 'delete'>) => Promise<boolean>,
): Promise<boolean> {
  for (const collection of OWN)
    for (;;) {
      const range = { prefix: `${joinKey(id)}/`, limit: MOST, values: collection === 'undo' }
      const entries = await store.list(collection, range)
      if (entries.length === 0) break
      const gone: Delete[] = entries.map(({ key }) => ({ collection, key }))
      if (collection === 'callback')
        gone.push(
          ...entries.map(({ key }) => ({ collection: 'token', key: key.split('/')[1] ?? '' }) as const),
        )
      if (collection === 'undo')
        gone.unshift(
          ...(await piecesUnder(
            store,
            entries.flatMap(({ value }) => piecesIn(parse(value))),
          )),
        )
      if (!(await fenced({ delete: gone }))) return false
    }
  return true
}

/** What a tombstone still names, and what is left of it when that is gone: pieces before those that refer to them. */
async function remove(
  store: Store,
  { segments, pieces }: Tombstone,
): Promise<{ next: Tombstone; gone: Delete[] }> {
  const gone = await piecesUnder(store, pieces)
  let left = segments
  for (let taken = 0; left.length > 0 && taken < MOST_SEGMENTS && gone.length < MOST; taken++) {
    const [id = ''] = left
    const [row] = await store.get('piece', [id])
    const { before = [], entries } = parse(row?.value) as Partial<Segment>
    gone.push(...(await piecesUnder(store, piecesIn(entries))), { collection: 'piece', key: id })
    left = [...left.slice(1), ...before]
  }
  return { next: { segments: left, pieces: [] }, gone }
}

/** The pieces that references name and those under them, these first. */
async function piecesUnder(store: Store, references: readonly string[]): Promise<Delete[]> {
  const found = new Set<string>()
  for (let wanted = [...new Set(references.map(idOf))]; wanted.length > 0;) {
    for (const id of wanted) found.add(id)
    const rows = await store.get('piece', wanted)
    const inner = rows.flatMap((row) => (row?.value.startsWith('[') ? piecesIn(parse(row.value)) : []))
    wanted = [...new Set(inner.map(idOf))].filter((id) => !found.has(id))
  }
  return [...found].reverse().map((key) => ({ collection: 'piece', key }))
}

/** Everything that a document refers to. */
function remainsOf({ value }: Row): Tombstone {
  const { history, ...rest } = parse(value) as { readonly history?: HistoryPosition }
  return { segments: history?.segments ?? [], pieces: [...new Set(piecesIn(rest))] }
}

/** What cannot be read refers to nothing. */
function parse(text: string | undefined): object {
  try {
    return (JSON.parse(text ?? '{}') ?? {}) as object
  } catch {
    return {}
  }
}
