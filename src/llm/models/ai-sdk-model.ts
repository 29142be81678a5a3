import { z } from 'zod'
import { AnswerError } from '../answer-error.ts'
import type { Abilities, CallOptions, Completion, Message, Model, ModelRequest, ToolCall } from '../model.ts'
import { distinctCalls } from './distinct-calls.ts'

/** A language model of the Vercel AI SDK, of version 2, 3 or 4 of its specification: `anthropic('claude-sonnet-4')`. */
export interface AiSdkLanguageModel {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  doGenerate(options: never): PromiseLike<unknown>
  doStream(options: never): PromiseLike<unknown>
}

const ALL: Abilities = { schema: true, tools: true, stream: true, images: true, window: 128_000 }

/**
 * A model of the Vercel AI SDK as a model of ours. `abilities`: what it can do, where it is less than all.
 *
 * @example
 * const llm = createLlm(aiSdkModel(anthropic('claude-sonnet-4'), { abilities: { schema: false } }))
 */
export function aiSdkModel(
  model: AiSdkLanguageModel,
  { abilities }: { readonly abilities?: Partial<Abilities> } = {},
): Model {
  return new AiSdkModel(model, { ...ALL, ...abilities })
}

class AiSdkModel implements Model {
  readonly name: string
  readonly provider: string
  readonly abilities: Abilities
  readonly #model: AiSdkLanguageModel

  constructor(model: AiSdkLanguageModel, abilities: Abilities) {
    this.#model = model
    this.name = model.modelId
    this.provider = model.provider
    this.abilities = abilities
  }

  async complete(request: ModelRequest, how: CallOptions = {}): Promise<Completion> {
    try {
      return await this.#complete(request, how)
    } catch (error) {
      throw withStatus(error)
    }
  }

  async #complete(request: ModelRequest, how: CallOptions): Promise<Completion> {
    const options = optionsOf(request, how, this.#model.specificationVersion) as never
    if (how.onText && this.abilities.stream) {
      const began = performance.now()
      let firstTokenMs: number | undefined
      const { onText } = how
      const { stream } = (await this.#model.doStream(options)) as { readonly stream: ReadableStream<unknown> }
      const answer = await readParts(stream, (piece) => {
        firstTokenMs ??= Math.round(performance.now() - began)
        onText(piece)
      })
      const completion = completionOf(answer, this.name)
      return firstTokenMs === undefined ? completion : { ...completion, firstTokenMs }
    }
    return completionOf(await this.#model.doGenerate(options), this.name)
  }
}

function optionsOf(request: ModelRequest, { signal, idempotencyKey }: CallOptions, version: string): object {
  const { messages, format, tools, toolChoice, maxTokens, temperature, seed, stop, more } = request
  return {
    ...more,
    prompt: promptOf(messages, version),
    ...(format
      ? {
          responseFormat:
            format.type === 'json'
              ? { type: 'json' }
              : { type: 'json', name: format.name, schema: format.schema },
        }
      : {}),
    ...(tools && tools.length > 0
      ? {
          tools: tools.map(({ name, description, input }) => ({
            type: 'function',
            name,
            description,
            inputSchema: input,
          })),
          toolChoice:
            typeof toolChoice === 'object'
              ? { type: 'tool', toolName: toolChoice.name }
              : { type: toolChoice ?? 'auto' },
        }
      : {}),
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop ? { stopSequences: [...stop] } : {}),
    ...(signal ? { abortSignal: signal } : {}),
    ...(idempotencyKey === undefined ? {} : { headers: { 'Idempotency-Key': idempotencyKey } }),
  }
}

function promptOf(messages: readonly Message[], version: string): readonly object[] {
  const names = new Map<string, string>() // a result names its tool as well
  return messages.map((message) => {
    switch (message.role) {
      case 'system':
        return { role: 'system', content: message.text }
      case 'user': {
        const files = (message.images ?? []).map((url) => fileOf(url, version))
        return { role: 'user', content: [{ type: 'text', text: message.text }, ...files] }
      }
      case 'assistant': {
        const text = message.text === '' ? [] : [{ type: 'text', text: message.text }]
        const calls = (message.toolCalls ?? []).map(({ id, name, input }) => {
          names.set(id, name)
          return { type: 'tool-call', toolCallId: id, toolName: name, input: jsonOr(input) }
        })
        return { role: 'assistant', content: [...text, ...calls] }
      }
      case 'tool': {
        const { call, text } = message
        const output = { type: 'text', value: text }
        const result = { type: 'tool-result', toolCallId: call, toolName: names.get(call) ?? '', output }
        return { role: 'tool', content: [result] }
      }
    }
  })
}

/** An image: since version 4 it says whether it is an address or the bytes. */
function fileOf(url: string, version: string): object {
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(url)
  const mediaType = data?.[1] ?? 'image/*'
  const tagged = version !== 'v2' && version !== 'v3'
  if (data) return { type: 'file', mediaType, data: tagged ? { type: 'data', data: data[2] } : data[2] }
  return { type: 'file', mediaType, data: tagged ? { type: 'url', url: new URL(url) } : new URL(url) }
}

const count = z.number().nullish()
/** What a model has answered, in any of the versions. */
const answer = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })),
  finishReason: z.union([z.string(), z.looseObject({ unified: z.string() })]),
  usage: z.looseObject({
    inputTokens: z.union([count, z.looseObject({ total: count, cacheRead: count })]),
    outputTokens: z.union([count, z.looseObject({ total: count })]),
    cachedInputTokens: count,
  }),
})
const FINISH: Readonly<Record<string, Completion['finish']>> = {
  stop: 'stop',
  'tool-calls': 'tools',
  length: 'length',
  'content-filter': 'filter',
}

function completionOf(given: unknown, model: string): Completion {
  const { content, finishReason, usage } = answer.parse(given)
  const text = content.flatMap((part) => (part.type === 'text' ? [String(part['text'])] : [])).join('')
  const calls = content.flatMap((part): ToolCall[] =>
    part.type === 'tool-call'
      ? [
          {
            id: String(part['toolCallId'] ?? ''),
            name: String(part['toolName']),
            input: String(part['input']),
          },
        ]
      : [],
  )
  const toolCalls = distinctCalls(calls)
  const reason = typeof finishReason === 'string' ? finishReason : finishReason.unified
  const finish = FINISH[reason]
  if (!finish) throw new AnswerError('not-whole', `the answer is not whole: finish reason ${reason}`, text)
  const { inputTokens: input, outputTokens: output } = usage
  const cached = usage.cachedInputTokens ?? (typeof input === 'object' ? input?.cacheRead : undefined) ?? 0
  return {
    text,
    toolCalls,
    finish: finish === 'stop' && toolCalls.length > 0 ? 'tools' : finish,
    usage: { input: totalOf(input), output: totalOf(output), ...(cached > 0 ? { cached } : {}) },
    model,
  }
}

function totalOf(tokens: number | { readonly total?: number | null | undefined } | null | undefined): number {
  return (typeof tokens === 'object' ? tokens?.total : tokens) ?? 0
}

/** Reads a stream to its end. Throws where it says that it failed, and where it ended without saying that it is whole. */
async function readParts(stream: ReadableStream<unknown>, onText: (piece: string) => void): Promise<unknown> {
  const content: object[] = []
  let text = ''
  let end: object | undefined
  for await (const part of stream as ReadableStream<{
    readonly type: string
    readonly [key: string]: unknown
  }>) {
    if (part.type === 'text-delta') {
      text += String(part['delta'])
      onText(String(part['delta']))
    } else if (part.type === 'tool-call') content.push(part)
    else if (part.type === 'finish') end = part
    else if (part.type === 'error') throw brokenOff(part['error'], text)
  }
  if (!end) throw new AnswerError('not-whole', 'the streamed answer ended without a finish reason', text)
  return { ...end, content: [{ type: 'text', text }, ...content] }
}

/** An error in mid-stream, with what was said before it; one with a status says itself what is to be done. */
function brokenOff(error: unknown, text: string): unknown {
  const { message = error, statusCode } = (error ?? {}) as {
    readonly message?: unknown
    readonly statusCode?: unknown
  }
  if (typeof statusCode === 'number') return error
  const why = typeof message === 'string' ? message : JSON.stringify(message)
  return new AnswerError('not-whole', `the streamed answer was broken off: ${why}`, text, error)
}

/** Its errors name their status in another way than the rest of the world; by that it is known what to try again, and when. */
function withStatus(error: unknown): unknown {
  const { statusCode, responseHeaders } = (error ?? {}) as Readonly<Record<string, unknown>>
  if (!(error instanceof Error) || typeof statusCode !== 'number') return error
  const headers = new Headers((responseHeaders ?? {}) as Record<string, string>)
  return Object.assign(error, { status: statusCode, headers })
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
