/** How often a text that grows is written, in milliseconds: so often others see it. */
const EVERY_MS = 100

/** A text that grows, written down now and then for whoever follows it. It needs no timer: the next piece writes what is due, and the end the rest. */
export class TextStream {
  readonly #write: (text: string, whole: boolean) => Promise<unknown>
  readonly #now: () => number
  #text = ''
  #last = -Infinity
  #writing: Promise<unknown> | undefined

  constructor(write: (text: string, whole: boolean) => Promise<unknown>, now: () => number) {
    this.#write = write
    this.#now = now
  }

  push(piece: string): void {
    this.#text += piece
    if (this.#writing || this.#now() - this.#last < EVERY_MS) return
    this.#last = this.#now()
    // following is a help: where it cannot be written the answer is none the worse
    this.#writing = this.#write(this.#text, false)
      .catch(() => undefined)
      .finally(() => (this.#writing = undefined))
  }

  /** Writes the whole text. */
  async end(text: string): Promise<void> {
    await this.#writing
    await this.#write(text, true).catch(() => undefined)
  }
}
