import { z } from 'zod'
import type { HttpReply } from './http-reply.ts'
import { errorBody, jsonReply, textReply } from './http-reply.ts'

/**
 * A refusal to send instead of an answer.
 *
 * @example
 * server.script(() => ({ status: 503, retryAfter: 2 }))
 */
export interface Refusal {
  /** 400 to 599; or 200, with a text as its body. */
  readonly status: number
  /** The `Retry-After` header, in seconds or as a date; none by default. */
  readonly retryAfter?: number | Date
  /** The `retry-after-ms` header; none by default. */
  readonly retryAfterMs?: number
  /** A text is sent as it stands, anything else as JSON; an error of OpenAI's shape by default. */
  readonly body?: unknown
}

/**
 * What goes wrong with an answer or on its way. Several can be true of one answer.
 *
 * @example
 * server.fail({ json: 'broken', finish: 'length' })
 */
export interface Flaw {
  /** The connection is cut before anything was sent, or when half of it was. */
  readonly cut?: 'start' | 'midway'
  /** The server falls silent, until the client goes or the server closes. */
  readonly stall?: 'start' | 'midway'
  /** The first half of the answer, for this reason; null ends it without any, and a stream without `[DONE]`. */
  readonly finish?: 'length' | 'content_filter' | null
  /** Half of a stream, and then an event that says this, `data: {"error": ...}`; an answer that is not streamed is a 500. */
  readonly errorEvent?: string
  /** No choices at all. */
  readonly choices?: readonly []
  /** The model's own words of refusal, in the message's `refusal`. */
  readonly refusal?: string
  /**
   * The answer's JSON, or that of the tool calls' arguments, breaks off (`broken`), or is not what the schema asked
   * for (`wrong`): a required property is missing, or the value comes in a list. A text is taken for JSON.
   */
  readonly json?: 'broken' | 'wrong'
  /** Tool calls have one id; a single call comes twice. */
  readonly toolIds?: 'same'
}

/**
 * What can go wrong with a call.
 *
 * @example
 * const fault: ModelFault = { cut: 'midway' }
 */
export type ModelFault = Refusal | Flaw

const moment = z.enum(['start', 'midway']).optional()

/** The keys of a `Flaw`; also part of what a script may return. */
export const flawKeys = {
  cut: moment,
  stall: moment,
  finish: z.enum(['length', 'content_filter']).nullable().optional(),
  errorEvent: z.string().optional(),
  choices: z.tuple([]).optional(),
  refusal: z.string().optional(),
  json: z.enum(['broken', 'wrong']).optional(),
  toolIds: z.literal('same').optional(),
}

const flaw = z.strictObject(flawKeys).refine((given) => Object.keys(given).length > 0)
const refusal = z
  .strictObject({
    status: z.int().min(200).max(599),
    retryAfter: z.union([z.number().nonnegative(), z.date()]).optional(),
    retryAfterMs: z.number().nonnegative().optional(),
    body: z.unknown().optional(),
  })
  .refine(({ status, body }) => status >= 400 || (status === 200 && typeof body === 'string'))

/** True for what is a refusal and has no other keys. */
export function isRefusal(value: unknown): value is Refusal {
  return refusal.safeParse(value).success
}

/** A fault as it was given; throws a RangeError if it is none. */
export function checkFault(fault: ModelFault): ModelFault {
  if (isRefusal(fault) || flaw.safeParse(fault).success) return fault
  throw new RangeError(
    `${JSON.stringify(fault)} is no fault: a status must be 400 to 599 (or 200 with a text as its body), ` +
      'and the keys and values those of Refusal or Flaw',
  )
}

/** A refusal as it goes over the wire. */
export function refuse({ status, retryAfter, retryAfterMs, body }: Refusal): HttpReply {
  const headers = {
    ...(retryAfter === undefined
      ? {}
      : { 'retry-after': retryAfter instanceof Date ? retryAfter.toUTCString() : String(retryAfter) }),
    ...(retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) }),
  }
  if (typeof body === 'string') return textReply(status, body, headers)
  const usual = errorBody(status, `the offline model was told to answer ${status}`)
  return jsonReply(status, body === undefined ? usual : body, headers)
}

/** The faults that are still to come, in order. */
export class FaultQueue {
  readonly #waiting: { readonly fault: ModelFault; left: number }[] = []

  add(fault: ModelFault, times: number): void {
    if (times > 0) this.#waiting.push({ fault: checkFault(fault), left: times })
  }

  /** Takes the first fault; one that does not fit is left for the next request. */
  take(fits: (fault: ModelFault) => boolean = () => true): ModelFault | undefined {
    const first = this.#waiting[0]
    if (first === undefined || !fits(first.fault)) return undefined
    if (--first.left <= 0) this.#waiting.shift()
    return first.fault
  }
}
