import { setImmediate } from 'node:timers/promises'

/** So long at most other work of the process waits. Milliseconds. */
const LONGEST = 10

/** Lets a long pass leave room for others: stores that answer at once would keep signals and live runs waiting. */
export class Breath {
  #since = performance.now()

  async take(): Promise<void> {
    if (performance.now() - this.#since < LONGEST) return
    await setImmediate()
    this.#since = performance.now()
  }
}
