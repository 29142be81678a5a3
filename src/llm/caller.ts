import type { Scope } from '../definition/scope.ts'
import { toFailure } from '../model/failure.ts'
import type { ModelCall, ToolCalled } from '../model/model-call.ts'
import { promptOf, type Ask, type AskOptions } from './ask.ts'
import { answeredBy, hashedIn, send, tellingOf, type Answer, type Asked } from './asked.ts'
import type {
  CalledFor,
  CallOptions,
  Completion,
  Embeddings,
  FillRequest,
  Model,
  ModelRequest,
  ToolResult,
} from './model.ts'
import { costOfAnswer, type Prices } from './prices.ts'
import { hashOf, requestHash } from './request-hash.ts'
import { inModelSpan, inToolSpan } from './span.ts'
import { Told } from './told.ts'

/** A question: what goes to the model, and what it was made from. */
export interface Question {
  /** What is asked for: `text`, `classify`, and so on. */
  readonly verb: string
  readonly request: ModelRequest
  readonly ask: Ask
  readonly options: AskOptions
  /** Models of a list that are not asked. */
  readonly passed?: readonly string[] | undefined
}

/** An answer, and whether an earlier attempt of the handler has got it already. */
export interface Heard {
  readonly answer: Completion
  readonly old: boolean
}

/** What all calls have in common. */
export interface CallerParts {
  readonly model: Model
  readonly prices: Prices
  /** Changes what is written down of a call. */
  readonly mask?: ((call: ModelCall) => ModelCall) | undefined
}

/** What the history says of a call before it is answered. */
type Early = Pick<ModelCall, 'verb' | 'hash' | 'messages' | 'skipped' | 'after' | 'params' | 'prompt'>

/** One call. */
interface Sending {
  readonly hash: string
  readonly asked: Asked
  /** The same each time; first made while the answer is awaited. */
  readonly early: () => Early
  readonly options: Pick<AskOptions, 'key' | 'signal' | 'idempotencyKey' | 'onText' | 'stream'>
  readonly passed?: readonly string[] | undefined
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
  /** How often each request has failed since it was answered. */
  readonly #failed = new Map<string, number>()
  readonly #told = new Told()
  /** What ends the calls of an attempt. Each has a signal of its own: what its client leaves there goes with it. */
  readonly #ends = new Set<AbortController>()

  constructor(parts: CallerParts, scope?: Scope) {
    this.#parts = parts
    this.#scope = scope
    const { signal } = scope?.run ?? {}
    const endAll = (): void => this.#ends.forEach((end) => end.abort(signal?.reason))
    signal?.addEventListener('abort', endAll, { once: true })
  }

  get model(): Model {
    return this.#parts.model
  }

  /** The same, for one attempt. */
  in(scope: Scope): Caller {
    return new Caller(this.#parts, scope)
  }

  async complete({ verb, request, ask, options, passed }: Question): Promise<Heard> {
    const asked: Asked = { verb: 'complete', request }
    const hash = this.#hashOf(asked)
    const prompt = promptOf(ask)
    const messages = [...request.messages] // the caller may go on with his own
    const stored = options.fresh === undefined ? 0 : request.messages.length - options.fresh
    const early = once(() => ({
      ...{ verb, hash, ...tellingOf(asked) },
      ...(this.#scope ? this.#told.of(messages, hash, stored) : {}),
      ...(prompt ? { prompt } : {}),
    }))
    const { answer, old } = await this.#recorded({ hash, asked, early, options, passed })
    if (old) early() // it was told before: calls that follow tell what is new
    return { answer: answer as Completion, old }
  }

  embed(texts: readonly string[], options: AskOptions): Promise<Embeddings> {
    return this.#plain({ verb: 'embed', texts }, options) as Promise<Embeddings>
  }

  fill(request: FillRequest, options: AskOptions): Promise<Completion> {
    return this.#plain({ verb: 'fill', request }, options) as Promise<Completion>
  }

  /** A call that belongs to no conversation. */
  async #plain(asked: Asked, options: AskOptions): Promise<Answer> {
    const hash = this.#hashOf(asked)
    const early = once(() => ({ verb: asked.verb, hash, ...tellingOf(asked) }))
    return (await this.#recorded({ hash, asked, early, options })).answer
  }

  /** Calls a tool for a model; in a run once in the visit, and told in its history. `place`: which call of the visit it is. */
  async callTool(
    tool: string,
    place: string,
    input: unknown,
    run: () => Promise<ToolResult>,
  ): Promise<string> {
    const scope = this.#scope
    const { model } = this
    const call = () =>
      inToolSpan(tool, scope, async () => (model.callTool ? model.callTool(tool, input, run) : run()))
    if (!scope) return (await call()).text
    const hash = hashOf(input)
    return scope.record(`tool ${tool} ${place} ${hash}`, async () => {
      const began = performance.now()
      const note = (came: Pick<ToolCalled, 'output' | 'failure'>) => {
        const ms = Math.round(performance.now() - began)
        return { type: 'tool-called', tool, input, hash, ms, ...came } as const
      }
      try {
        const { text, failure } = await call()
        return { value: text, note: note({ output: text, ...(failure ? { failure } : {}) }) }
      } catch (error) {
        scope.tell(note({ failure: toFailure(error) }))
        throw error
      }
    })
  }

  #hashOf(asked: Asked): string {
    return requestHash(this.model.name, hashedIn(asked))
  }

  async #recorded(sending: Sending): Promise<{ readonly answer: Answer; readonly old: boolean }> {
    const name = sending.options.key ?? sending.hash
    const times = (this.#times.get(name) ?? 0) + 1
    this.#times.set(name, times)
    const key = `model ${name} ${times}`
    let old = true
    const make = () => ((old = false), this.#made(sending, key))
    const early = this.#parts.mask ? undefined : sending.early
    const answer = await (this.#scope
      ? this.#scope.record(key, make, early)
      : make().then(({ value }) => value))
    return { answer, old }
  }

  async #made(sending: Sending, key: string) {
    const { hash, asked, early, options } = sending
    const { mask, prices } = this.#parts
    const began = performance.now()
    const attempt = (this.#failed.get(hash) ?? 0) + 1
    const { name } = this.model
    const stream = options.stream ? this.#scope?.stream(key) : undefined
    const end = this.#begin()
    const late = (rest: Partial<ModelCall>) => {
      const ms = Math.round(performance.now() - began)
      return { type: 'model-called', model: name, ms, attempt, ...rest } as const
    }
    const whole = (rest: Partial<ModelCall>) => {
      const { type, ...call } = { ...early(), ...late(rest) }
      return { type, ...(mask ? mask(call) : call) }
    }
    try {
      const value = await inModelSpan(asked, this.model, this.#scope, () =>
        send(this.model, asked, this.#how(sending, key, end?.signal, stream?.push)),
      )
      if (stream && 'text' in value) await stream.end(value.text)
      this.#failed.delete(hash)
      const { model, usage } = value
      const known = 'cache' in value && value.cache !== undefined
      const cost = known ? undefined : costOfAnswer(prices, this.model, value)
      const paid = cost === undefined ? {} : { cost }
      const other = model === name ? {} : { asked: name }
      const streamed = stream ? { stream: stream.name } : {}
      const rest = { model, ...other, usage, ...paid, ...streamed, ...answeredBy(value) }
      return { value, note: mask ? whole(rest) : late(rest) }
    } catch (error) {
      this.#failed.set(hash, attempt)
      this.#scope?.tell(whole({ failure: toFailure(error) }))
      throw error
    } finally {
      if (end) this.#ends.delete(end)
    }
  }

  #begin(): AbortController | undefined {
    if (!this.#scope) return undefined
    const { signal } = this.#scope.run
    const end = new AbortController()
    this.#ends.add(end)
    if (signal.aborted) end.abort(signal.reason)
    return end
  }

  #how(
    { options: { signal, idempotencyKey, onText }, passed }: Sending,
    key: string,
    end: AbortSignal | undefined,
    push?: (piece: string) => void,
  ): CallOptions {
    const scope = this.#scope
    const either = signal && end ? AbortSignal.any([signal, end]) : (signal ?? end)
    const once = idempotencyKey ?? (scope ? `${scope.run.idempotencyKey}/${key}` : undefined)
    return {
      ...(either ? { signal: either } : {}),
      ...(once === undefined ? {} : { idempotencyKey: once }),
      ...(onText || push ? { onText: (piece) => (onText?.(piece), push?.(piece)) } : {}),
      ...(scope ? { for: new ForAttempt(scope) } : {}),
      ...(passed ? { passed } : {}),
    }
  }
}

/** What was spent is added up where somebody asks for it. */
class ForAttempt implements CalledFor {
  readonly workflow: string
  readonly run: string
  readonly session: string
  readonly tenant: string | undefined
  readonly #scope: Scope

  constructor(scope: Scope) {
    const { run, session, tenant } = scope
    this.workflow = run.workflow
    this.run = run.id
    this.session = session
    this.tenant = tenant
    this.#scope = scope
  }

  get spent() {
    return this.#scope.spent
  }

  get family() {
    return this.#scope.family
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
