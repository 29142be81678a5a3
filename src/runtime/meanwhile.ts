/** By then a request that was made just now is on its way, and its answer is awaited. */
const TURNS = 8

/** Work that is done while something else is awaited, and at the latest when what it comes to is needed. */
export class Meanwhile<T> {
  readonly #work: () => T
  #done: { readonly value: T } | undefined

  constructor(work: () => T) {
    this.#work = work
    this.#after(TURNS)
  }

  /** Throws what the work throws. */
  get value(): T {
    return (this.#done ??= { value: this.#work() }).value
  }

  #after(turns: number): void {
    setImmediate(() => {
      if (this.#done) return
      if (turns > 1) return this.#after(turns - 1)
      try {
        void this.value
      } catch {
        // it is thrown where the value is needed
      }
    })
  }
}
