import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Host } from '../model/host.ts'

/** How much one measurement weighs against those before. */
const SHARE = 0.3

/** Lets so many starts in at once as can wait to be written; more are refused, and told when to come again. */
export class Admission {
  readonly #most: number
  readonly #host: Pick<Host, 'now'>
  #waiting = 0
  /** Milliseconds that one start takes, measured each time the full room became half empty. */
  #pace = 0.2
  #fullSince: number | undefined
  #written = 0
  /** When the one refused last is to come again. */
  #told = 0

  constructor(most: number, host: Pick<Host, 'now'>) {
    this.#most = most
    this.#host = host
  }

  /** Throws `overloaded` before anything is done. */
  async admit<T>(start: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#most) throw this.#overloaded()
    this.#waiting++
    try {
      return await start()
    } finally {
      this.#waiting--
      this.#written++
      if (this.#fullSince !== undefined && this.#waiting <= this.#most / 2) this.#measure(this.#fullSince)
    }
  }

  #measure(since: number): void {
    this.#pace += SHARE * ((this.#host.now() - since) / this.#written - this.#pace)
    this.#fullSince = undefined
  }

  /** Those refused come one after another, not all at once; twice as fast as starts are written, for some never come. */
  #overloaded(): StepwrightError {
    const now = this.#host.now()
    if (this.#fullSince === undefined) {
      this.#fullSince = now
      this.#written = 0
    }
    this.#told = Math.max(this.#told, now) + this.#pace / 2
    const retryAfterMs = Math.min(60_000, Math.max(10, Math.ceil(this.#told - now)))
    return new StepwrightError('overloaded', {
      what: `${this.#waiting} starts wait to be written in this process, as many as the limit allows`,
      remedy: `Try again in ${retryAfterMs} ms, or raise limits.starts`,
      details: { retryAfterMs, waiting: this.#waiting },
    })
  }
}
