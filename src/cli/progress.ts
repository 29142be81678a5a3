import type { Terminal } from './terminal.ts'

/** How often it is told, at most. */
const EVERY_MS = 1_000

/** How far long work has come, told on stderr once a second, and not at all where it is over sooner. */
export class Progress {
  readonly #terminal: Terminal
  readonly #what: string
  #told = performance.now()

  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal
    this.#what = what
  }

  tell(count: number, of?: number): void {
    const now = performance.now()
    if (now - this.#told < EVERY_MS) return
    this.#told = now
    this.#terminal.note(
      this.#terminal.onErr('dim', `${count}${of === undefined ? '' : ` of ${of}`} ${this.#what}`),
    )
  }
}
