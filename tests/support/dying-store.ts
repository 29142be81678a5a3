import type { Batch, Collection, Entry, Range, Row, Store, StoredRow } from '../../src/store/store.ts'

const never = new Promise<never>(() => undefined)

/** A store whose process dies at its nth write, just before or just after it lands: from then on nothing answers. */
export class DyingStore implements Store {
  readonly name: string
  readonly shared: boolean
  readonly snapshots: boolean
  readonly #inner: Store
  readonly #at: number
  readonly #lands: boolean
  #writes = 0
  #dead = false
  /** Resolves when it died. */
  readonly died: Promise<void>
  #die!: () => void

  constructor(inner: Store, at = Infinity, lands = false) {
    this.#inner = inner
    this.name = inner.name
    this.shared = inner.shared
    this.snapshots = inner.snapshots
    this.#at = at
    this.#lands = lands
    this.died = new Promise((resolve) => (this.#die = resolve))
  }

  get dead(): boolean {
    return this.#dead
  }

  get writes(): number {
    return this.#writes
  }

  open(): Promise<readonly string[]> {
    return this.#inner.open()
  }

  get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    return this.#dead ? never : this.#inner.get(collection, keys)
  }

  async write(batch: Batch): Promise<boolean> {
    if (this.#dead) return never
    this.#writes += 1
    if (this.#writes < this.#at) return this.#inner.write(batch)
    this.#dead = true
    if (this.#lands) await this.#inner.write(batch)
    this.#die()
    return never
  }

  list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    return this.#dead ? never : this.#inner.list(collection, range)
  }

  rows(): AsyncIterable<readonly StoredRow[]> {
    return this.#inner.rows()
  }

  restore(rows: readonly StoredRow[]): Promise<void> {
    return this.#inner.restore(rows)
  }

  /** The process is gone; its connection goes with it. */
  close(): Promise<void> {
    return this.#inner.close()
  }
}
