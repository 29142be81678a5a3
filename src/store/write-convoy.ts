import type { Batch } from './store.ts'

interface Waiting {
  readonly batch: Batch
  readonly answer: (written: boolean) => void
  readonly fail: (error: unknown) => void
}

/** Round trips at once: the server works on one while the next is made. */
const MOST_TRIPS = 2
/** Batches in one trip; longer ones would keep the server from everybody else. */
const MOST_BATCHES = 64

/** Writes over a network: those that come while others are under way go together in the next trip. */
export class WriteConvoy {
  readonly #send: (batches: readonly Batch[]) => Promise<readonly boolean[]>
  #waiting: Waiting[] = []
  #trips = 0

  /** `send` answers each batch, in order, or throws: then of none of them is known whether it was written. */
  constructor(send: (batches: readonly Batch[]) => Promise<readonly boolean[]>) {
    this.#send = send
  }

  write(batch: Batch): Promise<boolean> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ batch, answer, fail })
      if (this.#trips < MOST_TRIPS) void this.#travel()
    })
  }

  async #travel(): Promise<void> {
    this.#trips += 1
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MOST_BATCHES)
      try {
        const answers = await this.#send(group.map(({ batch }) => batch))
        group.forEach(({ answer }, i) => answer(answers[i] === true))
      } catch (error) {
        for (const { fail } of group) fail(error)
      }
    }
    this.#trips -= 1
  }
}
