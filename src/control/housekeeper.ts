import { prune } from './pruning.ts'
import type { Retention } from './retention.ts'
import type { PruneParts } from './sweeping.ts'

/** After an engine has opened: what is due comes first. */
const FIRST_MS = 60_000
const EVERY_MS = 3_600_000

/** Prunes now and then, in the background. */
export class Housekeeper {
  readonly #parts: PruneParts
  readonly #retention: Retention
  readonly #stop = new AbortController()
  #cancel: (() => void) | undefined
  #pass: Promise<void> | undefined

  constructor(retention: Retention, parts: PruneParts) {
    this.#retention = retention
    this.#parts = { ...parts, stop: this.#stop.signal }
  }

  start(): void {
    if (this.#cancel === undefined) this.#after(FIRST_MS)
  }

  /** Ends what is being done, between two runs. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#cancel?.()
    await this.#pass
  }

  /** Several engines on one store do not all come at one moment. */
  #after(ms: number): void {
    const { host } = this.#parts.kernel
    this.#cancel = host.alarm(host.now() + ms, () => {
      this.#pass = this.#once().then(() => {
        if (!this.#stop.signal.aborted) this.#after(EVERY_MS * (0.5 + host.random()))
      })
    })
  }

  async #once(): Promise<void> {
    try {
      await prune(this.#retention, this.#parts)
    } catch (error) {
      this.#parts.kernel.warn(`Pruning: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
