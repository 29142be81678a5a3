/** A store written to a file, and read back from it. */
import { existsSync } from 'node:fs'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { readBackup, writeBackup } from './backup-file.ts'
import { isAlive, readLeases } from './lease.ts'
import type { Collection, Store, StoredRow } from './store.ts'

/** How a store is backed up. */
export interface BackupOptions {
  /** Also while workers are at work on a store that cannot be read as of one moment. Default `false`. */
  readonly live?: boolean
  /** A file that is there is written over. Default `false`. */
  readonly replace?: boolean
}

/** How a store is restored. */
export interface RestoreOptions {
  /** What the store holds is deleted first. Default `false`: the store must be empty. */
  readonly replace?: boolean
}

/** What was backed up or restored. */
export interface BackupReport {
  readonly file: string
  /** When the backup was made, in the form of ISO 8601. */
  readonly date: string
  /** The kind of store that it was made of. */
  readonly store: string
  readonly rows: number
  /** Rows by collection. */
  readonly collections: { readonly [C in Collection]?: number }
}

/** Leases are not kept: a restored run has no worker, so the first one that comes takes it up. */
const LEFT_OUT: readonly Collection[] = ['worker']
/** What makes workers act is written last: a restore that is cut off leaves no run with parts missing. */
const LAST: readonly Collection[] = ['run', 'started', 'schedule', 'due']
/** What a store holds once an engine has looked at it. */
const NOTHING: readonly Collection[] = ['worker', 'definition']
const PAGE = 500

/**
 * Writes everything a store holds to a file, packed where its name ends in `.gz` or `.zst`. Engines on SQLite may go on
 * meanwhile: the backup is of one moment. The store must be open.
 *
 * @throws StepwrightError `store-in-use` where workers are at work on a store that cannot give one moment, unless `live`
 * @example
 * await backup(engine.store, 'backups/runs.zst')
 */
export async function backup(
  store: Store,
  file: string,
  { live = false, replace = false }: BackupOptions = {},
): Promise<BackupReport> {
  if (!replace && existsSync(file))
    throw new StepwrightError('invalid-options', {
      what: `There is a file ${quote(file)} already`,
      remedy: 'Name another one, or say that it is to be replaced',
      details: { file },
    })
  if (!store.snapshots && !live) await mustRest(store, 'cannot be read as of one moment while they write')
  const date = new Date()
  const kind = store.name.split(':')[0] ?? store.name
  const counted: Counts = {}
  await writeBackup(file, { date, store: kind }, count(rowsOf(store), counted))
  return report(file, { date: date.toISOString(), store: kind }, counted)
}

/**
 * Fills a store, of any kind, with what a backup holds. The file is checked before anything is written, and runs are
 * written last. The store must be open, and no worker on it.
 *
 * @throws StepwrightError `invalid-backup`, `store-not-empty`, `store-in-use`
 * @example
 * const store = makeStore('redis://127.0.0.1:6379')
 * await store.open()
 * await restore(store, 'backups/runs.zst')
 */
export async function restore(
  store: Store,
  file: string,
  { replace = false }: RestoreOptions = {},
): Promise<BackupReport> {
  const counted: Counts = {}
  const reading = count(readBackup(file), counted)
  let read = await reading.next()
  while (read.done !== true) read = await reading.next()
  await mustRest(store, 'would mix what they write with what is restored')
  await (replace ? empty(store) : mustBeEmpty(store))
  for (const last of [false, true]) {
    const page: StoredRow[] = []
    for await (const row of readBackup(file)) {
      if (LAST.includes(row.collection) !== last) continue
      page.push(row)
      if (page.length === PAGE) await store.restore(page.splice(0))
    }
    if (page.length > 0) await store.restore(page)
  }
  return report(file, read.value, counted)
}

type Counts = { -readonly [C in Collection]?: number }

async function* count<R>(rows: AsyncGenerator<StoredRow, R>, counts: Counts): AsyncGenerator<StoredRow, R> {
  for (;;) {
    const next = await rows.next()
    if (next.done === true) return next.value
    counts[next.value.collection] = (counts[next.value.collection] ?? 0) + 1
    yield next.value
  }
}

async function* rowsOf(store: Store): AsyncGenerator<StoredRow> {
  for await (const page of store.rows())
    for (const row of page) if (!LEFT_OUT.includes(row.collection)) yield row
}

function report(
  file: string,
  { date, store }: Pick<BackupReport, 'date' | 'store'>,
  collections: Counts,
): BackupReport {
  const rows = Object.values(collections).reduce((sum, n) => sum + n, 0)
  return { file, date, store, rows, collections }
}

/** Nobody works on the store: every lease has run out, or its process is gone. */
export async function mustRest(store: Store, why: string): Promise<void> {
  const leases = await readLeases(store)
  const alive = [...leases.values()].filter((lease) => isAlive(lease, Date.now()))
  if (alive.length === 0) return
  throw new StepwrightError('store-in-use', {
    what: `${alive.length === 1 ? 'A worker is' : `${alive.length} workers are`} at work on ${store.name}, which ${why}`,
    remedy: 'Stop the engines first',
    details: { store: store.name, workers: alive.map(({ worker }) => worker) },
  })
}

async function mustBeEmpty(store: Store): Promise<void> {
  for await (const page of store.rows()) {
    const row = page.find(({ collection }) => !NOTHING.includes(collection))
    if (!row) continue
    throw new StepwrightError('store-not-empty', {
      what: `${store.name} is not empty: it holds ${row.collection} ${quote(row.key)}`,
      remedy: 'Restore into a new store, or say that what is there is to be replaced',
      details: { store: store.name },
    })
  }
}

/** What makes workers act goes first. */
async function empty(store: Store): Promise<void> {
  for (const first of [true, false])
    for await (const page of store.rows()) {
      const gone = page.filter(({ collection }) => LAST.includes(collection) === first)
      if (gone.length > 0)
        await store.write({ delete: gone.map(({ collection, key }) => ({ collection, key })) })
    }
}
