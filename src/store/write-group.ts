import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Batch } from './store.ts'

interface Waiting {
  readonly batch: Batch
  readonly answer: (written: boolean) => void
  readonly fail: (error: unknown) => void
}

/**
 * Collects what several runs write in one turn of the event loop, so that they share one transaction. A run that is
 * alone at work writes at once: it would wait for nobody.
 */
export class WriteGroup {
  readonly #writeAll: (batches: readonly Batch[]) => Promise<readonly boolean[]>
  #waiting: Waiting[] = []
  #last: Promise<void> = Promise.resolve()
  /** Several runs write: collect. */
  #crowded = false
  /** Groups of one in a row. */
  #lonely = 0
  /** Which run wrote in this turn. */
  #writer: string | undefined
  readonly #endTurn = (): void => (this.#writer = undefined)

  /** `writeAll` answers each batch, in order, or throws: then nothing of them all was written. */
  constructor(writeAll: (batches: readonly Batch[]) => Promise<readonly boolean[]>) {
    this.#writeAll = writeAll
  }

  /** Several runs write at once. */
  get crowded(): boolean {
    return this.#crowded
  }

  async write(batch: Batch): Promise<boolean> {
    if (!this.#crowded && !this.#isCrowd(batch)) return (await this.#writeAll([batch]))[0] === true
    this.#crowded = true
    return new Promise((answer, fail) => {
      if (this.#waiting.push({ batch, answer, fail }) === 1) setImmediate(() => this.#flush())
    })
  }

  /** Resolves when nothing waits any more. */
  async ended(): Promise<void> {
    while (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve))
    await this.#last
  }

  /** Whether two runs write in the same turn. */
  #isCrowd({ put, check }: Batch): boolean {
    const writer = put?.[0]?.collection === 'run' ? put[0].key : check?.[0]?.key
    if (writer === undefined) return false
    if (this.#writer === undefined) setImmediate(this.#endTurn)
    else if (this.#writer !== writer) return true
    this.#writer = writer
    return false
  }

  #flush(): void {
    const group = this.#waiting
    this.#waiting = []
    this.#lonely = group.length === 1 ? this.#lonely + 1 : 0
    if (this.#lonely > 1) {
      this.#crowded = false
      this.#lonely = 0
    }
    this.#last = this.#write(group)
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#writeAll(group.map(({ batch }) => batch))
      group.forEach(({ answer }, i) => answer(answers[i] === true))
    } catch (error) {
      if (group.length > 1 && !(error instanceof StepwrightError && error.code === 'store-busy'))
        for (const one of group) await this.#write([one]) // what one of them cannot write, the others may
      else for (const { fail } of group) fail(error)
    }
  }
}
