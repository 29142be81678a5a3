import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Host } from '../model/host.ts'

/** How much one start weighs in the average of those before. */
const SHARE = 0.05

/** Lets so many starts in at once as can wait to be written; more are refused, and told when to come again. */
export class Admission {
  readonly #most: number
  readonly #host: Pick<Host, 'now'>
  #waiting = 0
  /** Between two starts that were written, in milliseconds. */
  #pace = 1
  #last: number | undefined

  constructor(most: number, host: Pick<Host, 'now'>) {
    this.#most = most
    this.#host = host
  }

  /** Throws `overloaded` before anything is done. */
  async admit<T>(start: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#most) throw this.#overloaded()
    if (this.#waiting++ === 0) this.#last = this.#host.now()
    try {
      return await start()
    } finally {
      this.#waiting--
      const now = this.#host.now()
      this.#pace += SHARE * (Math.max(0, now - (this.#last ?? now)) - this.#pace)
      this.#last = now
    }
  }

  #overloaded(): StepwrightError {
    const retryAfterMs = Math.min(60_000, Math.max(10, Math.ceil((this.#waiting * this.#pace) / 2)))
    return new StepwrightError('overloaded', {
      what: `${this.#waiting} starts wait to be written in this process, as many as the limit allows`,
      remedy: `Try again in ${retryAfterMs} ms, or raise limits.starts`,
      details: { retryAfterMs, waiting: this.#waiting },
    })
  }
}
