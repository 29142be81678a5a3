import type { Delete, Put } from '../store/store.ts'
import type { Hold } from './hold.ts'

interface Waiting {
  readonly put: readonly Put[]
  readonly delete: readonly Delete[]
  /** Writes it in a way of its own, not together with others. */
  readonly alone?: (() => Promise<void>) | undefined
  readonly written: () => void
  readonly failed: (error: unknown) => void
}

/** The most parts that are written in one batch. */
const MOST = 500

/**
 * Writes what parts have come to, in the order in which it was handed over: a new priority of an item must not be
 * written over its result. Those that end together go in one batch.
 */
export class PartWriter {
  readonly #hold: Hold
  #waiting: Waiting[] = []
  #writing = false

  constructor(hold: Hold) {
    this.#hold = hold
  }

  /** Resolves once it is stored. Throws `fenced` where the run has moved on. */
  write(put: readonly Put[], gone: readonly Delete[] = [], alone?: () => Promise<void>): Promise<void> {
    return new Promise((written, failed) => {
      this.#waiting.push({ put, delete: gone, alone, written, failed })
      if (!this.#writing) void this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      await new Promise(setImmediate) // others end in the same turn of the event loop
      const batch = this.#take()
      try {
        await this.#writeBatch(batch)
        for (const { written } of batch) written()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    this.#writing = false
  }

  /** The next one that is written alone, or all before it. */
  #take(): readonly Waiting[] {
    const at = this.#waiting.findIndex(({ alone }) => alone)
    return this.#waiting.splice(0, at < 0 ? MOST : Math.min(Math.max(at, 1), MOST))
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const [first] = batch
    if (first?.alone) return first.alone()
    const done = await this.#hold.write({
      put: batch.flatMap(({ put }) => put),
      delete: batch.flatMap((waiting) => waiting.delete),
    })
    if (!done) throw await this.#hold.lost()
  }
}
