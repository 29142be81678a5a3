import type { Batch, Collection, Entry, Range, Row, Store, StoredRow } from '../src/store/store.ts'

/** Counts what goes through it, to whatever store there is behind it. */
export class MeteredStore implements Store {
  readonly name: string
  readonly shared: boolean
  readonly snapshots: boolean
  readonly #store: Store
  readonly read = { calls: 0, rows: 0, characters: 0 }
  readonly written = { calls: 0, rows: 0, characters: 0 }

  constructor(store: Store) {
    this.#store = store
    this.name = store.name
    this.shared = store.shared
    this.snapshots = store.snapshots
  }

  get crowded(): boolean {
    return this.#store.crowded ?? false
  }

  open(): Promise<readonly string[]> {
    return this.#store.open()
  }

  async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    const rows = await this.#store.get(collection, keys)
    this.#count(
      this.read,
      rows.map((row) => row?.value ?? ''),
    )
    return rows
  }

  async list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const entries = await this.#store.list(collection, range)
    this.#count(
      this.read,
      entries.map(({ key, tag = '', value = '' }) => key + tag + value),
    )
    return entries
  }

  write(batch: Batch): Promise<boolean> {
    const { put = [], delete: gone = [], check = [] } = batch
    const named = [...gone, ...check].map(({ key }) => key)
    this.#count(this.written, [...put.map(({ key, value, tag = '' }) => key + value + tag), ...named])
    return this.#store.write(batch)
  }

  rows(): AsyncIterable<readonly StoredRow[]> {
    return this.#store.rows()
  }

  restore(rows: readonly StoredRow[]): Promise<void> {
    return this.#store.restore(rows)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  #count(meter: { calls: number; rows: number; characters: number }, texts: readonly string[]): void {
    meter.calls += 1
    meter.rows += texts.length
    for (const text of texts) meter.characters += text.length
  }
}
