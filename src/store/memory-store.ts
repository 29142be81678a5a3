import { OrderedRows } from './ordered-rows.ts'
import type { Batch, Collection, Entry, Range, Row, Store, StoredRow } from './store.ts'

/** Everything in this process's memory: for tests and for work that may be lost. Engines that share one object share its runs. */
export class MemoryStore implements Store {
  readonly name = 'memory'
  readonly shared = false
  readonly snapshots = true
  readonly #rows = new OrderedRows()

  open(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#rows.get(collection, key)))
  }

  write(batch: Batch): Promise<boolean> {
    const allowed = this.#rows.allows(batch)
    if (allowed) this.#rows.apply(batch)
    return Promise.resolve(allowed)
  }

  list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    return Promise.resolve(this.#rows.list(collection, range))
  }

  async *rows(): AsyncGenerator<readonly StoredRow[]> {
    yield this.#rows.all()
  }

  restore(rows: readonly StoredRow[]): Promise<void> {
    for (const { collection, key, revision, tag, value } of rows)
      this.#rows.set(collection, key, { revision, tag, value })
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
