/// <reference lib="esnext.disposable" preserve="true" />
/**
 * An offline stand-in for a language model: a server on this machine that speaks the OpenAI chat completions
 * protocol, so that programs and tests run the real `openai` package without a network. It never passes for a real
 * model: its answers are made of the prompt's own words and say that they come from the offline model.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpReply } from './chat-fault.ts'
import { ChatFault, faultReply } from './chat-fault.ts'
import { readChatRequest } from './chat-request.ts'
import { MODEL, answerChat, completionOf } from './completion.ts'
import type { ChatCall, Refusal, Script } from './script.ts'
import { isErrorStatus, isRefusal, refuse } from './script.ts'

/**
 * How a model server is started.
 *
 * @example
 * const options: ModelServerOptions = { latencyMs: 200 }
 */
export interface ModelServerOptions {
  /** The port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
  /** Answers instead of the offline model where it returns something. */
  readonly script?: Script
  /** How long each completion waits before it is answered, in milliseconds; 0 by default. */
  readonly latencyMs?: number
}

/**
 * A completion request that was well formed, and what came of it. In the order of answering.
 *
 * @example
 * server.calls.map((call) => call.idempotencyKey)
 */
export interface RecordedCall extends ChatCall {
  /** The status it was answered with; 499 if the client had gone by then. */
  readonly status: number
  /** The text of the answer, where there was one. */
  readonly answer?: string
}

/**
 * How many requests came; those for `/v1/stats` are left out.
 *
 * @example
 * server.counts.byStatus[429] ?? 0
 */
export interface ModelServerCounts {
  readonly requests: number
  /** Chat completions that were answered with 200. */
  readonly completions: number
  readonly byStatus: Readonly<Record<number, number>>
}

/**
 * A running model server.
 *
 * @example
 * await using server = await createModelServer()
 */
export interface ModelServer extends AsyncDisposable {
  /** Where the server is, such as `http://127.0.0.1:41234/v1`: the `baseURL` of the openai package. */
  readonly url: string
  readonly calls: readonly RecordedCall[]
  /** A copy of the counts as they are now; `GET /v1/stats` gives the same to other processes. */
  readonly counts: ModelServerCounts
  /**
   * Refuses the next `times` (1 by default) completion requests. Calls add up: they are served in order. Throws a
   * RangeError if the status is not 400 to 599.
   */
  fail(refusal: Refusal & { readonly times?: number }): void
  /** Replaces the script. */
  script(script: Script): void
  /** Stops the server and cuts open connections, at once; more calls change nothing. */
  close(): Promise<void>
}

/**
 * Starts a model server on 127.0.0.1. It answers `POST /v1/chat/completions` (text, `json_object` and `json_schema`;
 * streaming and tools are refused with 400), `GET /v1/models` and `GET /v1/stats`. The same prompt always gets the
 * same answer; plain text ends in the line `(offline model)`, and every response has the header
 * `x-stepwright-model: offline`. A script's answers are sent as they stand.
 *
 * Rejects if the port is taken.
 *
 * @example
 * await using server = await createModelServer()
 * const openai = new OpenAI({ baseURL: server.url, apiKey: 'offline' })
 * server.fail({ status: 429, retryAfter: 1 })
 */
export async function createModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const server = new LoopbackModelServer(options)
  await server.listen(options.port ?? 0)
  return server
}

class LoopbackModelServer implements ModelServer {
  readonly #http = createServer((request, response) => void this.#serve(request, response))
  readonly #latencyMs: number
  readonly #calls: RecordedCall[] = []
  readonly #byStatus = new Map<number, number>()
  readonly #refusals: { readonly refusal: Refusal; left: number }[] = []
  readonly #closing = new AbortController()
  #script: Script | undefined
  #port = 0
  #completions = 0
  #closed: Promise<void> | undefined

  constructor({ script, latencyMs = 0 }: ModelServerOptions) {
    this.#script = script
    this.#latencyMs = latencyMs
  }

  async listen(port: number): Promise<void> {
    this.#http.listen(port, '127.0.0.1')
    await once(this.#http, 'listening')
    this.#port = (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`
  }

  get calls(): readonly RecordedCall[] {
    return this.#calls
  }

  get counts(): ModelServerCounts {
    const requests = this.#byStatus.values().reduce((sum, count) => sum + count, 0)
    return { requests, completions: this.#completions, byStatus: Object.fromEntries(this.#byStatus) }
  }

  fail({ times = 1, ...refusal }: Refusal & { readonly times?: number }): void {
    if (!isErrorStatus(refusal.status))
      throw new RangeError(`status must be 400 to 599, not ${refusal.status}`)
    this.#refusals.push({ refusal, left: times })
  }

  script(script: Script): void {
    this.#script = script
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#closing.abort()
      this.#http.close(() => resolve())
      this.#http.closeAllConnections()
    })
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url?.split('?', 1)[0]}`
    if (route === 'GET /v1/stats') return send(response, { status: 200, body: this.counts })
    const sent = await this.#answer(route, request, response).catch(faultReply)
    const status = response.destroyed ? 499 : sent.status
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1)
    send(response, sent)
  }

  async #answer(route: string, request: IncomingMessage, response: ServerResponse): Promise<HttpReply> {
    if (route === 'GET /v1/models') return { status: 200, body: MODELS }
    if (route === 'POST /v1/chat/completions') return this.#complete(request, response)
    request.resume()
    throw new ChatFault(404, `there is no ${route} on the offline model`)
  }

  async #complete(request: IncomingMessage, response: ServerResponse): Promise<HttpReply> {
    const at = Date.now()
    const key = request.headers['idempotency-key']
    const call: ChatCall = {
      at,
      ...(await readChatRequest(request)),
      ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
    }
    const refusal = this.#nextRefusal()
    if (this.#latencyMs > 0) await sleep(this.#latencyMs, undefined, { signal: this.#closing.signal })
    const reply = refusal ?? (await this.#reply(call).catch(faultReply))
    const gone = response.destroyed
    if (typeof reply !== 'string') {
      this.#calls.push({ ...call, status: gone ? 499 : reply.status })
      return reply
    }
    if (!gone) this.#completions++
    this.#calls.push({ ...call, status: gone ? 499 : 200, answer: reply })
    return { status: 200, body: completionOf(call, reply, this.#calls.length) }
  }

  async #reply(call: ChatCall): Promise<string | HttpReply> {
    const reply = await this.#script?.(call)
    if (reply === undefined) return answerChat(call)
    if (typeof reply === 'string') return reply
    return isRefusal(reply) ? refuse(reply) : JSON.stringify(reply)
  }

  #nextRefusal(): HttpReply | undefined {
    while (this.#refusals[0] !== undefined && this.#refusals[0].left <= 0) this.#refusals.shift()
    const next = this.#refusals[0]
    if (next === undefined) return undefined
    next.left--
    return refuse(next.refusal)
  }
}

const MODELS = { object: 'list', data: [{ id: MODEL, object: 'model', created: 0, owned_by: 'stepwright' }] }

function send(response: ServerResponse, { status, body, retryAfter }: HttpReply): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-stepwright-model': 'offline',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  })
  response.end(JSON.stringify(body))
}
