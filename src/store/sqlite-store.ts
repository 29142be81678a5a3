import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { StepwrightError } from '../errors/stepwright-error.ts'
import {
  COLLECTIONS,
  collections,
  type Batch,
  type Collection,
  type Entry,
  type Range,
  type Row,
  type Store,
  type StoredRow,
} from './store.ts'
import { nameSqliteError, isBusy } from './sqlite-errors.ts'
import { putRows, readRows } from './sqlite-rows.ts'
import { createTables, SqliteTables } from './sqlite-tables.ts'
import { WriteGroup } from './write-group.ts'

/** Options of {@link SqliteStore}. */
export interface SqliteOptions {
  /**
   * `'full'` (default): an acknowledged write survives a power cut. `'normal'`: it survives the death of the process,
   * and a power cut may take the last moments back; several times faster.
   */
  readonly synchronous?: 'full' | 'normal'
  /** How long a locked database is waited for, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number
}

/** Marks a file as ours, and in which format; see https://sqlite.org/pragma.html#pragma_application_id */
const APPLICATION_ID = 0x53574754
const FORMAT = 1

/**
 * One SQLite file through `node:sqlite`, in WAL mode. Several processes on one machine may use it at once.
 * Holds I1 by `WHERE revision = ?`. Writes of several runs in one turn of the event loop share a transaction.
 */
export class SqliteStore implements Store {
  readonly name: string
  readonly shared = true
  readonly snapshots = true
  readonly #path: string
  readonly #synchronous: 'full' | 'normal'
  readonly #busyTimeoutMs: number
  readonly #lists = new Map<string, StatementSync>()
  readonly #group = new WriteGroup((batches) => this.#patiently(() => this.#writeAll(batches)))
  #db: DatabaseSync | undefined
  #tables: SqliteTables | undefined
  #turn: Promise<unknown> | undefined
  #begin: StatementSync | undefined
  #commit: StatementSync | undefined

  constructor(path: string, { synchronous = 'full', busyTimeoutMs = 5_000 }: SqliteOptions = {}) {
    this.name = `sqlite:${path}`
    this.#path = path
    this.#synchronous = synchronous
    this.#busyTimeoutMs = busyTimeoutMs
  }

  async open(): Promise<readonly string[]> {
    await this.#patiently(() => this.#openNow())
    return this.#path === ':memory:' ? ['sqlite::memory: keeps nothing after this process'] : []
  }

  async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    return this.#patiently(() => keys.map((key) => this.#open().get(collection, key)))
  }

  get crowded(): boolean {
    return this.#group.crowded
  }

  write(batch: Batch): Promise<boolean> {
    return this.#group.write(batch)
  }

  async list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const { prefix = '', after, before, tag, limit, reverse = false, values = false } = range
    const columns = `key${COLLECTIONS[collection].tagged ? ', tag' : ''}${values ? ', value' : ''}`
    const order = reverse ? 'desc' : 'asc'
    const bounds: [string, SQLInputValue][] = []
    const between = (column: string, start: string): void => {
      bounds.push([`${column} >= ?`, start])
      if (start !== '') bounds.push([`${column} < ?`, `${start}\u{10ffff}`])
    }
    if (tag === undefined) {
      between('key', prefix)
      if (after !== undefined) bounds.push(['key > ?', after])
      if (before !== undefined) bounds.push(['key < ?', before])
    } else between('tag', tag)
    const where = bounds.map(([condition]) => condition).join(' and ')
    const by = tag === undefined ? `key ${order}` : `tag ${order}, key ${order}`
    const sql = `select ${columns} from "${collection}" where ${where} order by ${by} limit ?`
    return this.#patiently(() => {
      let statement = this.#lists.get(sql)
      if (!statement) this.#lists.set(sql, (statement = this.#opened().prepare(sql)))
      return statement.all(...bounds.map(([, value]) => value), limit) as unknown as Entry[]
    })
  }

  async *rows(): AsyncGenerator<readonly StoredRow[]> {
    await this.#patiently(() => this.#open())
    try {
      yield* readRows(this.#path === ':memory:' ? this.#opened() : this.#path)
    } catch (error) {
      throw nameSqliteError(error, this.name)
    }
  }

  async restore(rows: readonly StoredRow[]): Promise<void> {
    await this.#patiently(() => putRows(this.#opened(), rows))
  }

  async close(): Promise<void> {
    await this.#group.ended()
    await this.#turn?.catch(() => undefined)
    this.#db?.close()
    this.#db = undefined
  }

  #openNow(): void {
    const db = new DatabaseSync(this.#path, { timeout: 0 }) // a timeout of SQLite's own would block the event loop
    try {
      const pragma = (name: string): unknown => Object.values(db.prepare(`pragma ${name}`).get() ?? {})[0]
      const ours = pragma('application_id') === APPLICATION_ID
      const empty = db.prepare('select count(*) as n from sqlite_schema').get()?.['n'] === 0
      const format = Number(pragma('user_version'))
      if (!ours && !empty) {
        throw new StepwrightError('store-unusable', {
          what: `${this.name} is a database of another application`,
          remedy: 'Name a file of its own for the store',
        })
      }
      if (ours && format > FORMAT) {
        throw new StepwrightError('store-newer', {
          what: `${this.name} has format ${format}; this version knows ${FORMAT}`,
          remedy: 'Install the newer stepwright, or use another file',
        })
      }
      // sixteen megabytes of log before it is folded in: pages that change often are then copied once
      db.exec(
        `pragma journal_mode = wal; pragma synchronous = ${this.#synchronous}; pragma wal_autocheckpoint = 4000`,
      )
      if (!ours || missingTables(db))
        db.exec(
          `begin immediate; ${createTables()} pragma application_id = ${APPLICATION_ID}; pragma user_version = ${FORMAT}; commit`,
        )
      this.#tables = new SqliteTables(db)
      this.#begin = db.prepare('begin immediate')
      this.#commit = db.prepare('commit')
      this.#lists.clear()
      this.#db = db
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** All in one transaction, each with an answer of its own. */
  #writeAll(batches: readonly Batch[]): readonly boolean[] {
    const tables = this.#open()
    const db = this.#opened()
    const [only] = batches
    const alone = only && batches.length === 1 ? writeAlone(tables, only) : undefined
    if (alone !== undefined) return [alone]
    this.#begin?.run()
    try {
      const answers = batches.map((batch) => tables.write(batch))
      if (answers.includes(true)) this.#commit?.run()
      else db.exec('rollback')
      return answers
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw error
    }
  }

  #open(): SqliteTables {
    this.#opened()
    return this.#tables as SqliteTables
  }

  #opened(): DatabaseSync {
    if (this.#db) return this.#db
    throw new StepwrightError('engine-closed', {
      what: `${this.name} is closed`,
      remedy: 'Make a new engine',
    })
  }

  /** Runs a synchronous piece of work; while the database is locked by another process, tries again without blocking. */
  #patiently<T>(work: () => T): Promise<T> {
    try {
      return Promise.resolve(work())
    } catch (error) {
      return this.#again(work, error)
    }
  }

  async #again<T>(work: () => T, first: unknown): Promise<T> {
    const until = performance.now() + this.#busyTimeoutMs
    let error = first
    for (let pause = 1; isBusy(error) && performance.now() <= until; pause = Math.min(pause * 2, 50)) {
      await (this.#turn = sleep(pause))
      try {
        return work()
      } catch (next) {
        error = next
      }
    }
    throw nameSqliteError(error, this.name)
  }
}

/** A file of an earlier version lacks the collections that came since. */
function missingTables(db: DatabaseSync): boolean {
  const tables = db.prepare(`select name from sqlite_schema where type = 'table'`).all()
  return !collections.every((name) => tables.some((table) => table['name'] === name))
}

/** Writes a batch that one statement does for; `undefined`: it needs a transaction. */
function writeAlone(tables: SqliteTables, batch: Batch): boolean | undefined {
  const { put = [], delete: gone = [], check = [] } = batch
  const [[row], [fence]] = [put, check]
  const size = put.length + gone.length + check.length
  if (size === 1) return tables.write(batch)
  return size === 2 && row && fence && row.expect === undefined ? tables.writeFenced(row, fence) : undefined
}
