/// <reference lib="esnext.disposable" preserve="true" />
/**
 * An offline stand-in for a language model: a server on this machine that speaks OpenAI's protocol, so that programs
 * and tests run the real `openai` package without a network. It never passes for a real model: its answers are made
 * of the prompt's own words and say that they come from the offline model.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerTo } from './answer-to.ts'
import { chatWire } from './chat-wire.ts'
import { embeddingsOf, readEmbeddingRequest } from './embedding.ts'
import { Exchange } from './exchange.ts'
import type { Outcome } from './exchange.ts'
import type { Flaw, ModelFault } from './fault.ts'
import { FaultQueue, isRefusal, refuse } from './fault.ts'
import type { HttpReply } from './http-reply.ts'
import { HttpError, errorReply, jsonReply } from './http-reply.ts'
import type { ModelAnswer } from './model-answer.ts'
import { withFlaw } from './model-answer.ts'
import type { ModelAbility, OfflineModel } from './models.ts'
import { Models } from './models.ts'
import type { ModelServerCounts, RecordedCall, RecordedEmbedding } from './records.ts'
import { Records } from './records.ts'
import type { ChatCall, Script } from './script.ts'
import { readReply } from './script.ts'
import { textWire } from './text-wire.ts'
import { PromptCounter } from './usage.ts'
import type { Wire } from './wire.ts'
import { replyWith } from './wire.ts'

/**
 * How a model server is started.
 *
 * @example
 * const options: ModelServerOptions = { latencyMs: 200, without: ['tools'] }
 */
export interface ModelServerOptions {
  /** The port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
  /** Answers instead of the offline model where it returns something. */
  readonly script?: Script
  /** How long each request waits before it is answered, in milliseconds; 0 by default. */
  readonly latencyMs?: number
  /** How long a stream waits between two chunks, in milliseconds; 0 by default. */
  readonly chunkMs?: number
  /** The only models there are; by default any name is taken, and `offline-model` answers. */
  readonly models?: readonly (string | OfflineModel)[]
  /** What no model of the server can do: a request that needs it gets a 400. */
  readonly without?: readonly ModelAbility[]
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
  readonly embeddings: readonly RecordedEmbedding[]
  /** A copy of the counts as they are now; `GET /v1/stats` gives the same to other processes. */
  readonly counts: ModelServerCounts
  /**
   * Makes the next `times` (1 by default) well-formed requests go wrong. Calls add up: they are served in order. An
   * answer of the script gets flaws too. Embeddings know refusals, cuts and stalls only, and leave other faults to
   * the next completion. Throws a RangeError if it is no fault.
   */
  fail(fault: ModelFault & { readonly times?: number }): void
  /** Replaces the script. */
  script(script: Script): void
  /** Stops the server and cuts open connections, at once; more calls change nothing. */
  close(): Promise<void>
}

/**
 * Starts a model server on 127.0.0.1. It answers `POST /v1/chat/completions` (text, `json_object`, `json_schema`,
 * tools, streams), `POST /v1/completions`, `POST /v1/embeddings`, `GET /v1/models` and `GET /v1/stats`. The same
 * prompt always gets the same answer; plain text ends in the line `(offline model)`, and every response has the
 * header `x-stepwright-model: offline`. A script's answers are sent as they stand.
 *
 * Rejects if the port is taken.
 *
 * @example
 * await using server = await createModelServer()
 * const openai = new OpenAI({ baseURL: server.url, apiKey: 'offline' })
 * server.fail({ status: 429, retryAfter: 1 })
 * server.fail({ cut: 'midway' })
 */
export async function createModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const server = new LoopbackModelServer(options)
  await server.listen(options.port ?? 0)
  return server
}

/** What is to be sent: an answer with what is wrong with it, or a reply without one. */
type Plan =
  { readonly answer: ModelAnswer; readonly flaw: Flaw } | { readonly reply: HttpReply; readonly flaw: Flaw }

class LoopbackModelServer implements ModelServer {
  readonly #http = createServer((request, response) => void this.#serve(new Exchange(request, response)))
  readonly #latencyMs: number
  readonly #chunkMs: number
  readonly #models: Models
  readonly #records = new Records()
  readonly #faults = new FaultQueue()
  readonly #prompts = new PromptCounter()
  #script: Script | undefined
  #port = 0
  #answers = 0
  #closed: Promise<void> | undefined

  constructor({ script, latencyMs = 0, chunkMs = 0, models, without }: ModelServerOptions) {
    this.#script = script
    this.#latencyMs = latencyMs
    this.#chunkMs = chunkMs
    this.#models = new Models(models, without)
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
    return this.#records.calls
  }

  get embeddings(): readonly RecordedEmbedding[] {
    return this.#records.embeddings
  }

  get counts(): ModelServerCounts {
    return this.#records.counts
  }

  fail({ times = 1, ...fault }: ModelFault & { readonly times?: number }): void {
    this.#faults.add(fault, times)
  }

  script(script: Script): void {
    this.#script = script
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#http.close(() => resolve())
      this.#http.closeAllConnections()
    })
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #serve(exchange: Exchange): Promise<void> {
    const count = (outcome: Outcome): void => this.#records.count(outcome)
    if (exchange.route === 'GET /v1/stats')
      return exchange.send(jsonReply(200, this.counts), {}, () => undefined)
    await this.#answer(exchange).catch((error: unknown) => exchange.send(errorReply(error), {}, count))
  }

  async #answer(exchange: Exchange): Promise<void> {
    const models = /^GET \/v1\/models(?:\/(.+))?$/.exec(exchange.route)
    if (models !== null) {
      const body =
        models[1] === undefined ? this.#models.list() : this.#models.get(decodeURIComponent(models[1]))
      return exchange.send(jsonReply(200, body), {}, (outcome) => this.#records.count(outcome))
    }
    switch (exchange.route) {
      case 'POST /v1/chat/completions':
        return this.#complete(exchange, chatWire)
      case 'POST /v1/completions':
        return this.#complete(exchange, textWire)
      case 'POST /v1/embeddings':
        return this.#embed(exchange)
      default:
        throw new HttpError(404, `there is no ${exchange.route} on the offline model`)
    }
  }

  async #complete(exchange: Exchange, wire: Wire): Promise<void> {
    const at = Date.now()
    const key = exchange.header('idempotency-key')
    const request = wire.read(await exchange.json())
    this.#models.check(request)
    const call: ChatCall = { at, ...request, ...(key === undefined ? {} : { idempotencyKey: key }) }
    const fault = this.#faults.take()
    await exchange.wait(this.#latencyMs)
    const number = ++this.#answers
    const plan = await this.#plan(call, fault, number).catch((error: unknown) => ({
      reply: errorReply(error),
      flaw: {},
    }))
    const answer = 'answer' in plan ? plan.answer : undefined
    const reply = 'answer' in plan ? this.#replyWith(wire, call, plan.answer, number) : plan.reply
    await exchange.send(reply, plan.flaw, (outcome) => {
      this.#records.count(outcome)
      this.#records.call(call, outcome, answer, fault)
    })
  }

  #replyWith(wire: Wire, call: ChatCall, answer: ModelAnswer, number: number): HttpReply {
    const model = this.#models.find(call.model)
    const stamp = { number, model, prompt: this.#prompts.count(call), chunkMs: this.#chunkMs }
    return replyWith(wire, call, answer, stamp)
  }

  /** What `fail` has in store comes first, then the script, then the offline model. */
  async #plan(call: ChatCall, fault: ModelFault | undefined, number: number): Promise<Plan> {
    if (isRefusal(fault)) return { reply: refuse(fault), flaw: {} }
    const given: Flaw = fault ?? {}
    const reply = readReply(await this.#script?.(call))
    if (isRefusal(reply)) return { reply: refuse(reply), flaw: given }
    const answer = withFlaw(answerTo(call, reply, number), call, given)
    return { answer, flaw: { ...reply, ...given } }
  }

  async #embed(exchange: Exchange): Promise<void> {
    const at = Date.now()
    const request = readEmbeddingRequest(await exchange.json())
    const name = this.#models.find(request.model)
    const fault = this.#faults.take((next) => isRefusal(next) || 'cut' in next || 'stall' in next)
    await exchange.wait(this.#latencyMs)
    const [reply, flaw] = isRefusal(fault)
      ? [refuse(fault), {}]
      : [jsonReply(200, embeddingsOf(request, name)), fault ?? {}]
    await exchange.send(reply, flaw, (outcome) => {
      const { model, inputs, dimensions } = request
      this.#records.count(outcome)
      this.#records.embeddings.push({ at, model, inputs, dimensions, status: outcome.status })
    })
  }
}
