import { DatabaseSync } from 'node:sqlite'
import { collections, type StoredRow } from './store.ts'

/** Rows read at once, so that other work gets its turn in between. */
const PAGE = 500

/**
 * All rows as they are at this moment: a file is read in one transaction on a connection of its own, which neither
 * waits for writers nor stops them.
 */
export async function* readRows(from: string | DatabaseSync): AsyncGenerator<readonly StoredRow[]> {
  if (typeof from !== 'string') {
    yield collections.flatMap((collection) => pageOf(from, collection, '', -1)) // one connection only: all before anything else is written
    return
  }
  const db = new DatabaseSync(from, { readOnly: true, timeout: 0 })
  try {
    db.exec('begin')
    for (const collection of collections)
      for (let after = ''; ;) {
        const page = pageOf(db, collection, after, PAGE)
        if (page.length > 0) yield page
        if (page.length < PAGE) break
        after = page.at(-1)?.key ?? ''
        await new Promise(setImmediate)
      }
  } finally {
    db.close()
  }
}

function pageOf(
  db: DatabaseSync,
  collection: StoredRow['collection'],
  after: string,
  limit: number,
): readonly StoredRow[] {
  const sql = `select key, revision, tag, value from "${collection}" where key > ? order by key limit ?`
  const rows = db.prepare(sql).all(after, limit) as unknown as (Omit<StoredRow, 'tag'> & {
    tag: string | null
  })[]
  return rows.map(({ tag, ...row }) => ({ ...row, collection, ...(tag === null ? {} : { tag }) }))
}

/** Writes rows with their revisions and tags, all or none. */
export function putRows(db: DatabaseSync, rows: readonly StoredRow[]): void {
  db.exec('begin immediate')
  try {
    for (const [collection, own] of Map.groupBy(rows, (row) => row.collection)) {
      const put = db.prepare(
        `insert or replace into "${collection}"(key, revision, tag, value) values(?, ?, ?, ?)`,
      )
      for (const { key, revision, tag, value } of own) put.run(key, revision, tag ?? null, value)
    }
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}
