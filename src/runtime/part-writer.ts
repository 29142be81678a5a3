import type { Delete, Put } from '../store/store.ts'
import type { Hold } from './hold.ts'

interface Waiting {
  readonly put: readonly Put[]
  readonly delete: readonly Delete[]
  readonly written: () => void
  readonly failed: (error: unknown) => void
}

/** The most parts that are written in one batch. */
const MOST = 500

/** Writes what parts have come to: those that end together go in one batch. */
export class PartWriter {
  readonly #hold: Hold
  #waiting: Waiting[] = []
  #writing = false

  constructor(hold: Hold) {
    this.#hold = hold
  }

  /** Resolves once it is stored. Throws `fenced` where the run has moved on. */
  write(put: readonly Put[], gone: readonly Delete[] = []): Promise<void> {
    return new Promise((written, failed) => {
      this.#waiting.push({ put, delete: gone, written, failed })
      if (!this.#writing) void this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      await new Promise(setImmediate) // others end in the same turn of the event loop
      const batch = this.#waiting.splice(0, MOST)
      try {
        const done = await this.#hold.write({
          put: batch.flatMap(({ put }) => put),
          delete: batch.flatMap((waiting) => waiting.delete),
        })
        if (!done) throw this.#hold.fenced()
        for (const { written } of batch) written()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    this.#writing = false
  }
}
