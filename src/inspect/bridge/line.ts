import type { WebSocket } from 'ws'

/** A client that has this much unread is dropped: the engine does not wait for it. */
export const MOST_BUFFERED_BYTES = 4 * 2 ** 20

const MOST_WARNINGS = 10

/** The socket of one client, and what may be told about it. */
export class Line {
  readonly #socket: WebSocket
  readonly #warn: (message: string) => void
  #warnings = 0

  constructor(socket: WebSocket, warn: (message: string) => void) {
    this.#socket = socket
    this.#warn = warn
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  send(text: string): void {
    if (!this.open) return
    this.#socket.send(text)
    if (this.#socket.bufferedAmount <= MOST_BUFFERED_BYTES) return
    this.#socket.terminate()
    this.warn('The inspector dropped a client that reads too slowly')
  }

  /** Resolves when the text has left, so that a replay does not fill the buffer by itself. */
  sendSlowly(text: string): Promise<void> {
    if (!this.open) return Promise.resolve()
    return new Promise((resolve) => this.#socket.send(text, () => resolve()))
  }

  /** A client cannot fill the log. */
  warn(message: string): void {
    if (++this.#warnings <= MOST_WARNINGS) this.#warn(message)
  }
}
