import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Flaw } from './fault.ts'
import type { HttpReply } from './http-reply.ts'
import { readJson } from './request-body.ts'

/** What a request came to: its status, and whether the client got all of the answer. */
export interface Outcome {
  /** 499 if the client had gone, 0 if it got none. */
  readonly status: number
  readonly whole: boolean
}

/** One request and its response, which may go wrong on the way. */
export class Exchange {
  readonly route: string
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #ended = new AbortController()

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.#response = response
    this.route = `${request.method} ${request.url?.split('?', 1)[0]}`
    response.once('close', () => this.#ended.abort())
  }

  /** The body as JSON; throws an `HttpError` of 400 or 413. */
  json(): Promise<unknown> {
    return readJson(this.#request)
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name]
    return typeof value === 'string' ? value : undefined
  }

  /** Waits, but no longer than the connection lives. */
  async wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#ended.signal }).catch(() => undefined)
  }

  /** Sends a reply as far as the fault lets it; `settle` is called before the client can see the end. */
  async send(reply: HttpReply, { cut, stall }: Flaw, settle: (outcome: Outcome) => void): Promise<void> {
    const { status, headers, pieces, pauseMs = 0 } = reply
    this.#request.resume() // a body that nobody wanted to read
    const breaksAt = cut ?? stall
    const count = breaksAt === undefined ? pieces.length - 1 : breaksAt === 'start' ? 0 : pieces.length / 2
    if (count > 0 && !this.#gone) {
      this.#response.writeHead(status, { ...headers, 'x-stepwright-model': 'offline' })
      for (const piece of pieces.slice(0, count)) {
        await this.#write(piece)
        await this.wait(pauseMs)
      }
    }
    if (cut === undefined && stall !== undefined) await this.#end()
    const whole = breaksAt === undefined && !this.#gone
    settle({ status: this.#gone ? 499 : count > 0 ? status : 0, whole })
    if (whole) this.#response.end(pieces.at(-1))
    else this.#response.destroy()
  }

  get #gone(): boolean {
    return this.#response.destroyed
  }

  #write(piece: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#gone) resolve()
      else this.#response.write(piece, () => resolve())
    })
  }

  #end(): Promise<void> {
    const { signal } = this.#ended
    return new Promise((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
