import OpenAI from 'openai'
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { AnswerError } from '../answer-error.ts'
import type {
  Abilities,
  CallOptions,
  Completion,
  Embeddings,
  FillRequest,
  Model,
  ModelRequest,
} from '../model.ts'
import { bodyOf, completionOf, fillOf } from './openai-wire.ts'
import { readStream } from './openai-stream.ts'

/** How an OpenAI-compatible model is reached. */
export interface OpenAiModelOptions {
  /** Name of the model. */
  readonly model: string
  /** Default: what the openai package reads from `OPENAI_API_KEY`. */
  readonly apiKey?: string
  /** Default: what the openai package reads from `OPENAI_BASE_URL`, else api.openai.com. */
  readonly baseUrl?: string
  /** A client of the openai package that is ready: `new AzureOpenAI(...)`. Key, address and timeout are then its own. */
  readonly client?: OpenAI
  /** Limit of one call, in milliseconds. Default 60,000. Of an answer that is streamed, until its first piece. */
  readonly timeoutMs?: number
  /** A streamed answer that is silent for so long has failed, in milliseconds. Default 30,000. */
  readonly idleMs?: number
  /** What the model can do, where it is less than all. Default: everything, and a window of 128,000 tokens. */
  readonly abilities?: Partial<Abilities>
}

const ALL: Abilities = { schema: true, tools: true, stream: true, images: true, window: 128_000 }

/**
 * A model behind the `openai` package: OpenAI itself, Azure by its own client, or any server that speaks its chat
 * completions by its address. The package's own retries are off, since the engine retries durably.
 *
 * @example
 * const llm = createLlm(openAiModel({ model: 'gpt-5-mini' }))
 * const local = openAiModel({ model: 'qwen3', baseUrl: 'http://127.0.0.1:11434/v1', apiKey: 'none', abilities: { schema: false } })
 */
export function openAiModel(options: OpenAiModelOptions): Model {
  return new OpenAiModel(options)
}

class OpenAiModel implements Model {
  readonly provider = 'openai'
  readonly name: string
  readonly abilities: Abilities
  readonly #client: OpenAI
  readonly #timeoutMs: number
  readonly #idleMs: number

  constructor({
    model,
    apiKey,
    baseUrl,
    client,
    timeoutMs = 60_000,
    idleMs = 30_000,
    abilities,
  }: OpenAiModelOptions) {
    this.name = model
    this.abilities = { ...ALL, ...abilities }
    this.#timeoutMs = timeoutMs
    this.#idleMs = idleMs
    if (!client && apiKey === undefined && !process.env['OPENAI_API_KEY']) throw keyMissing(model)
    this.#client =
      client ??
      new OpenAI({
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
      })
  }

  async complete(request: ModelRequest, how: CallOptions = {}): Promise<Completion> {
    try {
      return await this.#complete(request, how)
    } catch (error) {
      throw unknownModel(error, this.name) ?? error
    }
  }

  async #complete(request: ModelRequest, how: CallOptions): Promise<Completion> {
    const body = bodyOf(this.name, request)
    if (how.onText && this.abilities.stream) return this.#streamed(body, how, how.onText)
    return completionOf((await this.#client.chat.completions.create(body, this.#options(how))) as unknown)
  }

  async embed(texts: readonly string[], how: CallOptions = {}): Promise<Embeddings> {
    const answer = await this.#client.embeddings.create(
      { model: this.name, input: [...texts] },
      this.#options(how),
    )
    const vectors = answer.data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding)
    if (vectors.length !== texts.length)
      throw new AnswerError(
        'not-whole',
        `${this.name} gave ${vectors.length} vectors for ${texts.length} texts`,
        '',
      )
    return { vectors, usage: { input: answer.usage.prompt_tokens, output: 0 }, model: answer.model }
  }

  async fill(
    { prefix, suffix, maxTokens, temperature, stop }: FillRequest,
    how: CallOptions = {},
  ): Promise<Completion> {
    const answer = await this.#client.completions.create(
      {
        model: this.name,
        prompt: prefix,
        ...(suffix === undefined ? {} : { suffix }),
        ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
        ...(temperature === undefined ? {} : { temperature }),
        ...(stop ? { stop: [...stop] } : {}),
      },
      this.#options(how),
    )
    return fillOf(answer)
  }

  async #streamed(
    body: ChatCompletionCreateParamsNonStreaming,
    how: CallOptions,
    onText: (piece: string) => void,
  ): Promise<Completion> {
    const began = performance.now()
    const stream = await this.#client.chat.completions.create(
      { ...body, stream: true, stream_options: { include_usage: true } },
      this.#options(how),
    )
    let firstTokenMs: number | undefined
    const answer = await readStream(stream, this.#idleMs, (piece) => {
      firstTokenMs ??= performance.now() - began
      onText(piece)
    })
    if (how.signal?.aborted) throw how.signal.reason // the package ends such a stream as if it were whole
    const completion = completionOf(answer)
    return firstTokenMs === undefined ? completion : { ...completion, firstTokenMs: Math.round(firstTokenMs) }
  }

  #options({ signal, idempotencyKey }: CallOptions): OpenAI.RequestOptions {
    return {
      maxRetries: 0,
      timeout: this.#timeoutMs,
      ...(signal ? { signal } : {}),
      ...(idempotencyKey === undefined ? {} : { headers: { 'Idempotency-Key': idempotencyKey } }),
    }
  }
}

function keyMissing(model: string): StepwrightError {
  return new StepwrightError('model-key-missing', {
    what: `There is no key for the model ${quote(model)}`,
    remedy: 'Set OPENAI_API_KEY, or give apiKey; a server that wants none takes any',
  })
}

/** It still has its status: a list of models goes on to the next one. */
function unknownModel(error: unknown, model: string): StepwrightError | undefined {
  const { status, code } = (error ?? {}) as { readonly status?: unknown; readonly code?: unknown }
  if (status !== 404 || code !== 'model_not_found') return undefined
  const unknown = new StepwrightError('unknown-model', {
    what: `The server knows no model ${quote(model)}`,
    remedy: 'Give the name of a model that it has, or ask for access to this one',
    cause: error,
    details: { model },
  })
  return Object.assign(unknown, { status })
}
