import type { Committed } from './kernel.ts'

/** Tells those who watch of every commit of this engine, after it was acknowledged. */
export class Feed {
  readonly #listeners = new Set<(committed: Committed) => void>()

  /** Returns what ends the subscription. A listener that throws harms nobody else. */
  subscribe(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  announce(committed: Committed): void {
    for (const listener of this.#listeners) {
      try {
        listener(committed)
      } catch {
        // a watcher's own trouble
      }
    }
  }
}
