import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { COLLECTIONS, collections, type Batch, type Collection, type Put, type Row } from './store.ts'

/** A row that must stand at a revision. */
export type Fence = NonNullable<Batch['check']>[number]

/** The tables of a SQLite file, one for each collection. Everything here is synchronous, inside whatever transaction is open. */
export class SqliteTables {
  readonly #db: DatabaseSync
  readonly #tables = new Map<Collection, Table>()
  /** By the collections of the row and of what fences it. */
  readonly #fenced = new Map<string, StatementSync>()

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  get(collection: Collection, key: string): Row | undefined {
    return this.#table(collection).get.get(key) as Row | undefined
  }

  /**
   * Writes a batch where its conditions hold (I1). They are read before anything is written, so that one batch that is
   * refused leaves the others of its transaction as they are; a single conditional put tells by itself.
   */
  write(batch: Batch): boolean {
    const { put = [], delete: gone = [] } = batch
    const alone =
      !batch.check?.length && put.length > 0 && put.every((p, i) => (p.expect !== undefined) === (i === 0))
    if (alone && !gone.some((d) => d.must)) {
      if (!this.#put(put[0] as Put)) return false
      for (let i = 1; i < put.length; i++) this.#put(put[i] as Put)
    } else {
      if (!this.#allows(batch)) return false
      for (const p of put) this.#put(p)
    }
    for (const { collection, key } of gone) this.#table(collection).delete.run(key)
    return true
  }

  /** Writes one row without a condition of its own where another stands at its revision: a single statement, so a transaction by itself. */
  writeFenced({ collection, key, tag, value }: Put, fence: Fence): boolean {
    const name = `${collection} ${fence.collection}`
    let statement = this.#fenced.get(name)
    if (!statement) {
      const stands = `coalesce((select revision from "${fence.collection}" where key = ?), 0) = ?`
      this.#fenced.set(
        name,
        (statement = this.#db.prepare(replacing(collection, `select ?, 1, ?, ? where ${stands}`))),
      )
    }
    return statement.run(key, tag ?? null, value, fence.key, fence.revision).changes === 1
  }

  #allows({ put = [], delete: gone = [], check = [] }: Batch): boolean {
    return (
      check.every((c) => this.#revision(c.collection, c.key) === c.revision) &&
      put.every((p) => p.expect === undefined || this.#revision(p.collection, p.key) === p.expect) &&
      gone.every((d) => d.must !== true || this.#revision(d.collection, d.key) > 0)
    )
  }

  #revision(collection: Collection, key: string): number {
    return (this.#table(collection).revision.get(key)?.['revision'] as number | undefined) ?? 0
  }

  #put({ collection, key, value, expect, tag }: Put): boolean {
    const table = this.#table(collection)
    if (expect === undefined) return table.replace.run(key, tag ?? null, value).changes === 1
    if (expect === 0) return table.insert.run(key, tag ?? null, value).changes === 1
    const { changes } =
      tag === undefined ? table.update.run(value, key, expect) : table.retag.run(value, tag, key, expect)
    return changes === 1
  }

  #table(collection: Collection): Table {
    let table = this.#tables.get(collection)
    if (!table) this.#tables.set(collection, (table = new Table(this.#db, collection)))
    return table
  }
}

/** Statements are prepared when they are first needed: a process that takes one step needs few of them. */
class Table {
  readonly #db: DatabaseSync
  readonly #collection: Collection
  readonly #name: string

  constructor(db: DatabaseSync, collection: Collection) {
    this.#db = db
    this.#collection = collection
    this.#name = `"${collection}"`
  }

  get get(): StatementSync {
    return this.#once('get', `select revision, value from ${this.#name} where key = ?`)
  }
  get revision(): StatementSync {
    return this.#once('revision', `select revision from ${this.#name} where key = ?`)
  }
  get insert(): StatementSync {
    return this.#once(
      'insert',
      `insert into ${this.#name}(key, revision, tag, value) values(?, 1, ?, ?) on conflict(key) do nothing`,
    )
  }
  get update(): StatementSync {
    return this.#once(
      'update',
      `update ${this.#name} set revision = revision + 1, value = ? where key = ? and revision = ?`,
    )
  }
  get retag(): StatementSync {
    return this.#once(
      'retag',
      `update ${this.#name} set revision = revision + 1, value = ?, tag = ? where key = ? and revision = ?`,
    )
  }
  get replace(): StatementSync {
    return this.#once('replace', replacing(this.#collection, 'values(?, 1, ?, ?)'))
  }
  get delete(): StatementSync {
    return this.#once('delete', `delete from ${this.#name} where key = ?`)
  }

  /** Prepared, and from then on a plain property that hides the getter. */
  #once(name: keyof Table, sql: string): StatementSync {
    const value = this.#db.prepare(sql)
    Object.defineProperty(this, name, { value })
    return value
  }
}

/** Puts a row, whether there is one or not. */
function replacing(collection: Collection, row: string): string {
  return `insert into "${collection}"(key, revision, tag, value) ${row} on conflict(key) do update set revision = 1, tag = coalesce(excluded.tag, tag), value = excluded.value`
}

/** Creates what a file lacks: all of it, or the collections that came since it was made. */
export function createTables(): string {
  return collections
    .map((name) => {
      const { tagged, small } = COLLECTIONS[name]
      const index = tagged ? `create index if not exists "${name}-tag" on "${name}"(tag, key);` : ''
      // one tree instead of two, where rows are small; large ones would spill over the pages of the tree
      return `create table if not exists "${name}"(key text primary key, revision integer not null, tag text, value text not null)${small ? ' without rowid' : ''}; ${index}`
    })
    .join(' ')
}
