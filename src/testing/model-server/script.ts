import { z } from 'zod'
import type { ChatRequest } from './chat-request.ts'
import type { Flaw, Refusal } from './fault.ts'
import { flawKeys, isRefusal } from './fault.ts'

/**
 * A call as a script sees it.
 *
 * @example
 * server.script((call) => (call.messages.at(-1)?.content.includes('weather') ? 'It rains.' : undefined))
 */
export interface ChatCall extends ChatRequest {
  /** When the request came in, in milliseconds since the epoch. */
  readonly at: number
  /** The `idempotency-key` header, if there was one. */
  readonly idempotencyKey?: string
}

/**
 * A tool call as a script writes it.
 *
 * @example
 * const call: ScriptedToolCall = { name: 'weather', arguments: { city: 'Rome' } }
 */
export interface ScriptedToolCall {
  readonly name: string
  /** A string is sent as it stands, also if it is not JSON. */
  readonly arguments: object | string
  /** One of its own by default. */
  readonly id?: string
}

/**
 * An answer that calls tools, or that has a flaw. Without `text` and `toolCalls` it is the offline model's own
 * answer that has the flaw.
 *
 * @example
 * server.script(() => ({ toolCalls: [{ name: 'weather', arguments: { city: 'Rome' } }] }))
 */
export interface ScriptedAnswer extends Flaw {
  readonly text?: string
  readonly toolCalls?: readonly ScriptedToolCall[]
}

/**
 * What a script may return: a string is the answer as it stands, a refusal is sent as an error, an answer with tool
 * calls or a flaw is what it says. Any other object is the answer as JSON, also one that has `text` and nothing
 * else. JSON that looks like one of the others can be returned as a string.
 *
 * @example
 * const reply: Reply = { tagline: 'Steps that last' }
 */
export type Reply = string | Refusal | ScriptedAnswer | object

/**
 * Answers calls instead of the offline model; undefined leaves the call to it. A script that throws makes a 500.
 *
 * @example
 * const script: Script = (call) => (call.responseFormat ? undefined : 'A scripted answer.')
 */
export type Script = (call: ChatCall) => Reply | undefined | Promise<Reply | undefined>

const toolCall = z.strictObject({
  name: z.string(),
  arguments: z.union([z.string(), z.looseObject({})]),
  id: z.string().optional(),
})
const scripted = z.strictObject({
  ...flawKeys,
  text: z.string().optional(),
  toolCalls: z.array(toolCall).optional(),
})

/** What a script returned, told apart: a refusal, or an answer. */
export function readReply(reply: Reply | undefined): Refusal | ScriptedAnswer {
  if (reply === undefined) return {}
  if (typeof reply === 'string') return { text: reply }
  if (isRefusal(reply)) return reply
  return isScripted(reply) ? reply : { text: JSON.stringify(reply) }
}

function isScripted(reply: object): reply is ScriptedAnswer {
  return Object.keys(reply).some((key) => key !== 'text') && scripted.safeParse(reply).success
}
