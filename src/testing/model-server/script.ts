import type { ChatRequest } from './chat-request.ts'
import type { HttpReply } from './chat-fault.ts'
import { errorBody } from './chat-fault.ts'

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
 * A refusal to send instead of an answer.
 *
 * @example
 * server.script(() => ({ status: 503, retryAfter: 2 }))
 */
export interface Refusal {
  /** 400 to 599. */
  readonly status: number
  /** The `Retry-After` header, in seconds; none by default. */
  readonly retryAfter?: number
  /** Sent as JSON; an error of OpenAI's shape by default. */
  readonly body?: unknown
}

/**
 * What a script may return: a string is the answer as it stands, a refusal is sent as an error, any other object is
 * the answer as JSON.
 *
 * @example
 * const reply: Reply = { tagline: 'Steps that last' }
 */
export type Reply = string | Refusal | object

/**
 * Answers calls instead of the offline model; undefined leaves the call to it. A script that throws makes a 500.
 *
 * @example
 * const script: Script = (call) => (call.responseFormat ? undefined : 'A scripted answer.')
 */
export type Script = (call: ChatCall) => Reply | undefined | Promise<Reply | undefined>

/** True for `{ status: 400 to 599 }` with no other keys than a refusal has. */
export function isRefusal(reply: object): reply is Refusal {
  if (!('status' in reply) || !isErrorStatus(reply.status)) return false
  return Object.keys(reply).every((key) => ['status', 'retryAfter', 'body'].includes(key))
}

/** A refusal as it goes over the wire. */
export function refuse({ status, retryAfter, body }: Refusal): HttpReply {
  const usual = errorBody(status, `the offline model was told to answer ${status}`)
  return { status, retryAfter, body: body === undefined ? usual : body }
}

/** 400 to 599. */
export function isErrorStatus(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599
}
