import type { Batch, Collection, Entry, Range, Row, Store, StoredRow } from './store.ts'

/** A store around another one that hands every call on to it: what stands around a store overrides the verbs it means. */
export class PassingStore implements Store {
  readonly name: string
  readonly shared: boolean
  readonly snapshots: boolean
  /** The store that calls are handed on to. */
  protected readonly inner: Store

  constructor(inner: Store) {
    this.inner = inner
    this.name = inner.name
    this.shared = inner.shared
    this.snapshots = inner.snapshots
  }

  get crowded(): boolean {
    return this.inner.crowded === true
  }

  open(): Promise<readonly string[]> {
    return this.inner.open()
  }

  get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    return this.inner.get(collection, keys)
  }

  list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    return this.inner.list(collection, range)
  }

  write(batch: Batch): Promise<boolean> {
    return this.inner.write(batch)
  }

  rows(): AsyncIterable<readonly StoredRow[]> {
    return this.inner.rows()
  }

  restore(rows: readonly StoredRow[]): Promise<void> {
    return this.inner.restore(rows)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
