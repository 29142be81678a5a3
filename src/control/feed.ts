import type { Host } from '../model/host.ts'
import type { Committed, PartSettled } from '../runtime/kernel.ts'

/** Tells those who watch of every commit of this engine, after it was acknowledged. */
export class Feed {
  readonly #listeners = new Set<(committed: Committed) => void>()
  readonly #partListeners = new Set<(settled: PartSettled) => void>()
  readonly #waiting = new Set<() => void>()
  readonly #stirred = new Map<string, Set<() => void>>()
  #closed: Error | undefined

  /** Returns what ends the subscription. A listener that throws harms nobody else. */
  subscribe(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The same for what parts come to. */
  subscribeParts(listener: (settled: PartSettled) => void): () => void {
    this.#partListeners.add(listener)
    return () => void this.#partListeners.delete(listener)
  }

  announce(committed: Committed): void {
    tellAll(this.#listeners, committed)
  }

  announcePart(settled: PartSettled): void {
    tellAll(this.#partListeners, settled)
  }

  /**
   * Begins to listen for commits of one run. `next` resolves after one, also one that came before it was called, and
   * at the latest after `pollMs`, since another process may have made one.
   */
  watch(id: string, host: Host, pollMs: number): Watch {
    let changed = false
    let wake: (() => void) | undefined
    const unsubscribe = this.subscribe(({ run }) => {
      if (run.id !== id) return
      changed = true
      wake?.()
    })
    const onClose = (): void => wake?.()
    this.#waiting.add(onClose)
    const onStir = (): void => {
      changed = true
      wake?.()
    }
    const stirred = this.#stirred.get(id) ?? new Set()
    this.#stirred.set(id, stirred.add(onStir))
    const forget = (): void => {
      stirred.delete(onStir)
      if (stirred.size === 0) this.#stirred.delete(id)
    }
    const next = (): Promise<void> =>
      new Promise((resolve, reject) => {
        let cancel: (() => void) | undefined
        wake = () => {
          wake = undefined // a commit after this one is for the next call
          cancel?.()
          changed = false
          if (this.#closed) reject(this.#closed)
          else resolve()
        }
        if (changed || this.#closed) wake()
        else if (pollMs < Infinity) cancel = host.alarm(host.now() + pollMs, wake)
      })
    return { next, end: () => (unsubscribe(), forget(), void this.#waiting.delete(onClose)) }
  }

  /** Something of a run can be seen that no commit tells of. */
  stir(run: string): void {
    for (const onStir of this.#stirred.get(run) ?? []) onStir()
  }

  /** Nothing will be committed here any more: everyone who waits gets `reason`. */
  close(reason: Error): void {
    this.#closed = reason
    for (const onClose of this.#waiting) onClose()
  }
}

function tellAll<T>(listeners: Iterable<(told: T) => void>, told: T): void {
  for (const listener of listeners) {
    try {
      listener(told)
    } catch {
      // a watcher's own trouble
    }
  }
}

/** Listens for commits of one run. */
export interface Watch {
  next(): Promise<void>
  end(): void
}
