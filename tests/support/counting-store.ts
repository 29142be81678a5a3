import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Batch, Collection, Entry, Range, Row } from '../../src/store/store.ts'

/** Counts what goes through it. */
export class CountingStore extends MemoryStore {
  writes = 0
  bytesWritten = 0
  rowsRead = 0
  /** Characters handed over by each write, in order. */
  readonly sizes: number[] = []

  override async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    this.rowsRead += keys.length
    return super.get(collection, keys)
  }

  override async list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const entries = await super.list(collection, range)
    this.rowsRead += entries.length
    return entries
  }

  override write(batch: Batch): Promise<boolean> {
    const bytes = (batch.put ?? []).reduce((sum, { key, value }) => sum + key.length + value.length, 0)
    this.writes += 1
    this.bytesWritten += bytes
    this.sizes.push(bytes)
    return super.write(batch)
  }
}
