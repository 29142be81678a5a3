import type { Scope } from '../definition/scope.ts'
import { toFailure, type Failure } from '../model/failure.ts'
import type { ModelCall } from '../model/model-call.ts'
import { promptOf, type Ask, type AskOptions } from './ask.ts'
import type {
  CallOptions,
  Completion,
  Embeddings,
  FillRequest,
  Message,
  Model,
  ModelRequest,
} from './model.ts'
import { costOf, type Prices } from './prices.ts'
import { hashOf } from './request-hash.ts'
import { inModelSpan, inToolSpan, type Operation } from './span.ts'

/** A question: what goes to the model, and what it was made from. */
export interface Question {
  /** What is asked for: `text`, `classify`, and so on. */
  readonly verb: string
  readonly request: ModelRequest
  readonly ask: Ask
  readonly options: AskOptions
}

/** What all calls have in common. */
export interface CallerParts {
  readonly model: Model
  readonly prices: Prices
  /** Changes what is written down of a call. */
  readonly mask: (call: ModelCall) => ModelCall
}

/** What a tool has come to, for the model. */
export interface ToolResult {
  readonly text: string
  readonly failure?: Failure
}

/** How something is asked, and what the history says of it besides how it went. */
interface Sending<T> {
  readonly operation: Operation
  readonly verb: string
  /** What the same call has in common with itself. */
  readonly request: object
  readonly options: Pick<AskOptions, 'key' | 'signal' | 'idempotencyKey' | 'onText' | 'stream'>
  readonly asked: Pick<ModelCall, 'messages' | 'skipped' | 'params' | 'prompt'>
  readonly answered: (
    value: T,
  ) => Pick<ModelCall, 'answer' | 'toolCalls' | 'finish' | 'firstTokenMs' | 'cache'>
  readonly send: (how: CallOptions) => Promise<T>
}

/**
 * Calls a model: alone, or for an attempt of a handler. There each answer is recorded before it is used, so that no
 * crash and no second attempt pays for it again, and the history tells of each call.
 */
export class Caller {
  readonly #parts: CallerParts
  readonly #scope: Scope | undefined
  /** How often each request was made by this attempt: the second of two that are the same is another call. */
  readonly #times = new Map<string, number>()
  /** How often each call has failed. */
  readonly #failed = new Map<string, number>()
  /** Conversations that were told, by the hash of each of their beginnings. */
  readonly #told = new Set<string>()

  constructor(parts: CallerParts, scope?: Scope) {
    this.#parts = parts
    this.#scope = scope
  }

  get model(): Model {
    return this.#parts.model
  }

  /** The same, for one attempt. */
  in(scope: Scope): Caller {
    return new Caller(this.#parts, scope)
  }

  complete({ verb, request, ask, options }: Question): Promise<Completion> {
    const { messages, format, tools, ...params } = request
    const stored = options.fresh === undefined ? 0 : messages.length - options.fresh
    const skipped = Math.max(this.#skipped(messages), stored)
    const prompt = promptOf(ask)
    const told = {
      ...params,
      ...(format ? { format } : {}),
      ...(tools ? { tools: tools.map(({ name }) => name) } : {}),
    }
    return this.#recorded({
      operation: 'chat',
      verb,
      request,
      options,
      asked: {
        messages: messages.slice(skipped),
        ...(skipped > 0 ? { skipped } : {}),
        ...(Object.keys(told).length > 0 ? { params: told } : {}),
        ...(prompt ? { prompt } : {}),
      },
      answered,
      send: (how) => this.model.complete(request, how),
    })
  }

  embed(texts: readonly string[], options: AskOptions): Promise<Embeddings> {
    const { model } = this
    if (!model.embed) throw new TypeError(`${model.name} makes no embeddings`)
    return this.#recorded({
      operation: 'embeddings',
      verb: 'embed',
      request: { embed: texts },
      options,
      asked: { messages: texts },
      answered: () => ({}),
      send: (how) => (model.embed as NonNullable<Model['embed']>)(texts, how),
    })
  }

  fill(request: FillRequest, options: AskOptions): Promise<Completion> {
    const { model } = this
    if (!model.fill) throw new TypeError(`${model.name} has no completion endpoint`)
    const { prefix, suffix, ...params } = request
    return this.#recorded({
      operation: 'text_completion',
      verb: 'fill',
      request: { fill: request },
      options,
      asked: { messages: [{ prefix, suffix }], params },
      answered,
      send: (how) => (model.fill as NonNullable<Model['fill']>)(request, how),
    })
  }

  /** Calls a tool for a model; in a run once in the visit, and told in its history. `place`: which call of the visit it is. */
  async callTool(
    tool: string,
    place: string,
    input: unknown,
    run: () => Promise<ToolResult>,
  ): Promise<string> {
    const scope = this.#scope
    if (!scope) return (await inToolSpan(tool, scope, run)).text
    return scope.record(`tool ${tool} ${place} ${hashOf(input)}`, async () => {
      const began = performance.now()
      const { text, failure } = await inToolSpan(tool, scope, run)
      const ms = Math.round(performance.now() - began)
      const called = { tool, input, ms, ...(failure ? { failure } : { output: text }) }
      return { value: text, note: { type: 'tool-called', ...called } as const }
    })
  }

  async #recorded<T extends Completion | Embeddings>(sending: Sending<T>): Promise<T> {
    const hash = hashOf({ ...sending.request, model: this.model.name })
    const name = sending.options.key ?? hash
    const times = (this.#times.get(name) ?? 0) + 1
    this.#times.set(name, times)
    const key = `model ${name} ${times}`
    const make = () => this.#made(sending, hash, key)
    return this.#scope ? this.#scope.record(key, make) : (await make()).value
  }

  async #made<T extends Completion | Embeddings>(sending: Sending<T>, hash: string, key: string) {
    const { operation, verb, asked, answered, options, send } = sending
    const began = performance.now()
    const attempt = (this.#failed.get(key) ?? 0) + 1
    const stream = options.stream ? this.#scope?.stream(key) : undefined
    const note = (rest: Partial<ModelCall>) => {
      const ms = Math.round(performance.now() - began)
      const call = { model: this.model.name, verb, hash, ...asked, ms, attempt, ...rest }
      return { type: 'model-called', ...this.#parts.mask(call) } as const
    }
    try {
      const value = await inModelSpan(operation, this.model, asked.params ?? {}, this.#scope, () =>
        send(this.#how(options, key, stream?.push)),
      )
      const { model, usage } = value
      const { prices } = this.#parts
      const known = 'cache' in value && value.cache !== undefined
      const cost = known
        ? undefined
        : (costOf(prices, model, usage) ?? costOf(prices, this.model.name, usage))
      const paid = cost === undefined ? {} : { cost }
      if (stream && 'text' in value) await stream.end(value.text)
      const streamed = stream ? { stream: stream.name } : {}
      return { value, note: note({ model, usage, ...paid, ...streamed, ...answered(value) }) }
    } catch (error) {
      this.#failed.set(key, attempt)
      this.#scope?.tell(note({ failure: toFailure(error) }))
      throw error
    }
  }

  #how(
    { signal, idempotencyKey, onText }: Sending<unknown>['options'],
    key: string,
    push?: (piece: string) => void,
  ): CallOptions {
    const scope = this.#scope
    const ends = [...(signal ? [signal] : []), ...(scope ? [scope.run.signal] : [])]
    const once = idempotencyKey ?? (scope ? `${scope.run.idempotencyKey}/${key}` : undefined)
    return {
      ...(ends.length > 0 ? { signal: AbortSignal.any(ends) } : {}),
      ...(once === undefined ? {} : { idempotencyKey: once }),
      ...(onText || push ? { onText: (piece) => (onText?.(piece), push?.(piece)) } : {}),
      ...(scope ? { for: calledFor(scope) } : {}),
    }
  }

  /** How many messages at the beginning an earlier call of this attempt has told: a conversation is told once, not again with each turn. */
  #skipped(messages: readonly Message[]): number {
    let beginning = ''
    let skipped = 0
    for (const [i, message] of messages.entries()) {
      beginning = hashOf([beginning, message])
      if (this.#told.has(beginning)) skipped = i + 1
      this.#told.add(beginning)
    }
    return skipped
  }
}

function answered({ text, toolCalls, finish, firstTokenMs, cache }: Completion) {
  return {
    answer: text,
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    finish,
    ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
    ...(cache ? { cache } : {}),
  }
}

function calledFor({ run, session, tenant, spent }: Scope): NonNullable<CallOptions['for']> {
  const { id, workflow } = run
  return { workflow, run: id, session, spent, ...(tenant === undefined ? {} : { tenant }) }
}
