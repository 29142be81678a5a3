import type { Keyv } from 'keyv'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { OrderedRows } from './ordered-rows.ts'
import {
  collections,
  type Batch,
  type Collection,
  type Entry,
  type Range,
  type Row,
  type Store,
  type StoredRow,
} from './store.ts'

/** How a row lies in a foreign Keyv: the value as JSON, so that people can read it. */
interface Cell {
  readonly revision: number
  readonly tag?: string
  readonly value: unknown
}

const JOURNAL = 'journal'

/**
 * Any Keyv. Keyv has no compare-and-set and no batches, so this store serves one process only: conditions are looked
 * at here, and a batch is first written as a journal that the next start carries out again, so a crash between two of
 * its writes leaves nothing half done. The directory of keys is held in memory.
 */
export class KeyvStore implements Store {
  readonly name = 'keyv'
  readonly shared = false
  readonly snapshots = false
  readonly #keyv: Keyv
  readonly #directory = new OrderedRows()
  #last: Promise<unknown> = Promise.resolve()
  #failed: string | undefined

  constructor(keyv: Keyv) {
    this.#keyv = keyv
    keyv.throwOnErrors = true // without it a failed read looks like an absent run
  }

  async open(): Promise<readonly string[]> {
    await this.#ask('open', async () => {
      const journal = (await this.#keyv.get(JOURNAL)) as
        { put: [string, Cell][]; delete: string[] } | undefined
      if (journal) {
        for (const [at, cell] of journal.put) await this.#keyv.set(at, cell)
        for (const at of journal.delete) await this.#keyv.delete(at)
        await this.#keyv.delete(JOURNAL)
      }
      const { iterator } = this.#keyv
      if (typeof iterator !== 'function') {
        throw new StepwrightError('store-unusable', {
          what: 'This Keyv adapter cannot list its keys',
          remedy: 'Use one that has an iterator, or the sqlite and redis stores',
        })
      }
      for await (const [at, cell] of iterator.call(this.#keyv, undefined) as AsyncIterable<[string, Cell]>) {
        const cut = at.indexOf(':')
        const collection = at.slice(0, cut) as Collection
        if (collections.includes(collection) && Number.isSafeInteger(cell?.revision)) {
          this.#directory.set(collection, at.slice(cut + 1), {
            revision: cell.revision,
            tag: cell.tag,
            value: '',
          })
        }
      }
    })
    return ['keyv: this adapter has no compare-and-set; use it from one process only']
  }

  async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    return this.#ask('read', async () => {
      const cells = (await this.#keyv.getMany(keys.map((key) => `${collection}:${key}`))) as (
        Cell | undefined
      )[]
      return keys.map((key, i) => this.#row(collection, key, cells[i]))
    })
  }

  write(batch: Batch): Promise<boolean> {
    const turn = this.#last.then(() => this.#writeNow(batch))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const entries = this.#directory.list(collection, { ...range, values: false })
    if (!range.values) return entries
    const rows = await this.get(
      collection,
      entries.map((entry) => entry.key),
    )
    return entries.flatMap((entry, i) => (rows[i] ? [{ ...entry, value: rows[i].value }] : []))
  }

  async *rows(): AsyncGenerator<readonly StoredRow[]> {
    for (const { collection, key, tag } of this.#directory.all()) {
      const [row] = await this.get(collection, [key])
      if (row) yield [{ collection, key, ...row, ...(tag === undefined ? {} : { tag }) }]
    }
  }

  restore(rows: readonly StoredRow[]): Promise<void> {
    const turn = this.#last.then(() =>
      this.#ask('write', async () => {
        for (const { collection, key, revision, tag, value } of rows) {
          const cell: Cell = {
            revision,
            ...(tag === undefined ? {} : { tag }),
            value: JSON.parse(value) as unknown,
          }
          await this.#set(`${collection}:${key}`, cell)
          this.#directory.set(collection, key, { revision, tag, value: '' })
        }
      }),
    )
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    await this.#last
    await this.#keyv.disconnect()
  }

  async #writeNow(batch: Batch): Promise<boolean> {
    if (this.#failed !== undefined) {
      throw new StepwrightError('store-unavailable', {
        what: `keyv: a write failed before (${this.#failed}), so what is stored is not known`,
        remedy: 'Start the process again: the journal then completes that write',
      })
    }
    if (!this.#directory.allows(batch)) return false
    const puts = (batch.put ?? []).map(({ collection, key, value, expect, tag }): [string, Cell] => [
      `${collection}:${key}`,
      {
        revision: (expect ?? 0) + 1,
        ...(tag === undefined ? this.#oldTag(collection, key) : { tag }),
        value: JSON.parse(value) as unknown,
      },
    ])
    const gone = (batch.delete ?? []).map(({ collection, key }) => `${collection}:${key}`)
    try {
      await this.#ask('write', async () => {
        const several = puts.length + gone.length > 1
        if (several) await this.#set(JOURNAL, { put: puts, delete: gone })
        for (const [at, cell] of puts) await this.#set(at, cell)
        for (const at of gone) await this.#keyv.delete(at)
        if (several) await this.#keyv.delete(JOURNAL)
      })
    } catch (error) {
      this.#failed = error instanceof Error ? error.message : String(error)
      throw error
    }
    this.#directory.apply(batch, () => '')
    return true
  }

  async #set(at: string, value: unknown): Promise<void> {
    if ((await this.#keyv.set(at, value)) !== true)
      throw new Error(`the adapter did not confirm the write of ${at}`)
  }

  #oldTag(collection: Collection, key: string): { tag?: string } {
    const [entry] = this.#directory.list(collection, { prefix: key, limit: 1 })
    return entry?.key === key && entry.tag !== undefined ? { tag: entry.tag } : {}
  }

  #row(collection: Collection, key: string, cell: Cell | undefined): Row | undefined {
    const known = this.#directory.get(collection, key)
    if (cell && Number.isSafeInteger(cell.revision))
      return { revision: cell.revision, value: JSON.stringify(cell.value) }
    if (!known) return undefined
    throw new StepwrightError('store-unavailable', {
      what: `keyv does not return ${collection}:${key}, which it has acknowledged`,
      remedy: 'Look whether the adapter drops or expires values',
    })
  }

  async #ask<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof StepwrightError) throw error
      const said = error instanceof Error ? error.message : String(error)
      throw new StepwrightError('store-unavailable', {
        what: `keyv failed to ${what}: ${said}`,
        remedy: 'See the cause; runs go on once the adapter works',
        cause: error,
      })
    }
  }
}
