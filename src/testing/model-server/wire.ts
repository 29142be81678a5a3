import { readable } from './chat-message.ts'
import type { ChatRequest } from './chat-request.ts'
import type { HttpReply } from './http-reply.ts'
import { errorBody, eventReply, jsonReply } from './http-reply.ts'
import type { ModelAnswer } from './model-answer.ts'
import type { PromptUsage } from './usage.ts'
import { estimateTokens } from './usage.ts'

/** The form in which an endpoint reads requests and writes answers. */
export interface Wire {
  /** Throws an `HttpError` of 400. */
  readonly read: (json: unknown) => ChatRequest
  readonly idPrefix: string
  /** What the response, and each chunk of a stream, says it is. */
  readonly object: string
  readonly chunkObject: string
  readonly choice: (answer: ModelAnswer) => object
  /** The choice of each chunk of a stream, without the one that finishes it. */
  readonly deltas: (answer: ModelAnswer) => readonly object[]
  /** The choice of a stream's last chunk. */
  readonly finish: (answer: ModelAnswer) => object
}

/** What a response says besides the answer. */
export interface Stamp {
  readonly number: number
  readonly model: string
  readonly prompt: PromptUsage
  /** Waits between the chunks of a stream, in milliseconds. */
  readonly chunkMs: number
}

/** An answer as it goes over the wire: whole, or in chunks if the request asked for that. */
export function replyWith(wire: Wire, request: ChatRequest, answer: ModelAnswer, stamp: Stamp): HttpReply {
  const envelope = {
    id: `${wire.idPrefix}-offline-${stamp.number}`,
    object: request.stream ? wire.chunkObject : wire.object,
    created: Math.floor(Date.now() / 1_000),
    model: stamp.model,
    system_fingerprint: 'offline model',
  }
  const usage = usageOf(answer, stamp.prompt)
  const broken = answer.error === null ? undefined : errorBody(500, answer.error)
  if (broken && !request.stream) return jsonReply(500, broken)
  if (!request.stream)
    return jsonReply(200, { ...envelope, choices: answer.empty ? [] : [wire.choice(answer)], usage })
  const complete = answer.finish !== null
  const choices = answer.empty
    ? [[]]
    : [...wire.deltas(answer), ...(complete ? [wire.finish(answer)] : [])].map((choice) => [choice])
  const chunks = choices.map((list) => ({
    ...envelope,
    choices: list,
    ...(request.streamUsage ? { usage: null } : {}),
  }))
  if (broken)
    return eventReply([...chunks.slice(0, Math.ceil(chunks.length / 2)), broken], false, stamp.chunkMs)
  const last = complete && request.streamUsage ? [{ ...envelope, choices: [], usage }] : []
  return eventReply([...chunks, ...last], complete, stamp.chunkMs)
}

function usageOf({ text, refusal, toolCalls }: ModelAnswer, { tokens, cached }: PromptUsage) {
  const said = readable({ role: 'assistant', content: text ?? refusal ?? '', toolCalls })
  const completion = estimateTokens(said)
  return {
    prompt_tokens: tokens,
    completion_tokens: completion,
    total_tokens: tokens + completion,
    prompt_tokens_details: { cached_tokens: cached },
  }
}
