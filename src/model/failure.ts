import type { Duration } from './duration.ts'
import { toMs } from './duration.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/**
 * Thrown by a handler: trying again is of no use. The run takes the state's `catch` edge, or fails.
 *
 * @example
 * if (!card.valid) throw new FatalError('the card was refused')
 */
export class FatalError extends Error {
  override readonly name: string = 'FatalError'
}

/**
 * Thrown by a handler: try again, not before `retryAfter` (milliseconds, `'5m'`, or a Date) where it is given.
 * The wait is a durable timer of any length. Attempts still count against the state's `maxAttempts`.
 *
 * @example
 * throw new RetryableError('the queue is full', { retryAfter: '30s' })
 */
export class RetryableError extends Error {
  override readonly name: string = 'RetryableError'
  readonly retryAfter: Duration | Date | undefined

  constructor(
    message: string,
    { retryAfter, cause }: { retryAfter?: Duration | Date; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.retryAfter = retryAfter
  }
}

/** An attempt outlived its `timeout`: its AbortSignal was fired and whatever it still returns is ignored. */
export class TimeoutError extends Error {
  override readonly name: string = 'TimeoutError'
}

/** The run was cancelled or its worker let go: the reason of a handler's AbortSignal. */
export class CancelledError extends Error {
  override readonly name: string = 'CancelledError'
}

/**
 * Thrown by the handler of a wait: this signal does not count, and the run goes on waiting. An update gets the message
 * as its error.
 */
export class RefusedError extends Error {
  override readonly name: string = 'RefusedError'
}

/** A child run did not complete: it failed, was cancelled, terminated, compensated, or is gone. */
export class ChildError extends FatalError {
  override readonly name: string = 'ChildError'
  readonly child: string
  readonly status: string
  readonly failure: Failure | undefined

  constructor(child: string, status: string, failure?: Failure) {
    super(`child run "${child}" is ${status}${failure ? `: ${failure.name}: ${failure.message}` : ''}`)
    this.child = child
    this.status = status
    this.failure = failure
  }
}

/** The branches or items of a state cannot satisfy its join any more. */
export class JoinError extends FatalError {
  override readonly name: string = 'JoinError'
}

/** Which errors a rule is for: a class, or the `name` or `code` that an error carries. */
export type ErrorMatch = string | (abstract new (...args: never[]) => Error)

/** Whether an error is one that `match` means. */
export function matchesError(thrown: unknown, match: ErrorMatch): boolean {
  if (typeof match === 'function') return thrown instanceof match
  const { name, code } = (thrown ?? {}) as { name?: unknown; code?: unknown }
  return name === match || code === match
}

/** An error as it is kept in a run and its history. */
export interface Failure {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly status?: number
  readonly stack?: string
}

/** What a handler threw, judged: what to keep of it, whether to try again, and not before when. */
export interface Judged {
  readonly failure: Failure
  readonly retryable: boolean
  /** Absolute, milliseconds. */
  readonly notBefore: number | undefined
}

/** Errors of ours that are over after a while. */
const PASSING: readonly ErrorCode[] = ['store-unavailable', 'store-busy', 'overloaded']

/** The longest message and stack that are kept, in characters. */
const LONGEST_TEXT = 4_000

/**
 * Judges what a handler threw. Tried again: everything but `FatalError`, our own errors about wrong data, and HTTP
 * statuses from 400 to 499 other than 408, 409, 425 and 429. `Retry-After` is read from `RetryableError` and from
 * the headers of an HTTP error, such as those of the openai package.
 */
export function judge(thrown: unknown, now: number): Judged {
  const failure = toFailure(thrown)
  const { status } = failure
  const refused =
    status !== undefined && status >= 400 && status < 500 && ![408, 409, 425, 429].includes(status)
  const ours = thrown instanceof StepwrightError && !PASSING.includes(thrown.code)
  const fatal = thrown instanceof FatalError || failure.name === 'FatalError' || ours || refused
  return { failure, retryable: !fatal, notBefore: fatal ? undefined : notBefore(thrown, now) }
}

/** The part of an error that is kept. What is not an error is quoted. */
export function toFailure(thrown: unknown): Failure {
  if (!(thrown instanceof Error))
    return { name: 'Error', message: `a handler threw ${quote(thrown)}, not an Error` }
  const { code, status } = thrown as { code?: unknown; status?: unknown }
  return {
    name: clip(String(thrown.name)),
    message: clip(String(thrown.message)),
    ...(typeof code === 'string' ? { code: clip(code) } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof thrown.stack === 'string' ? { stack: clip(thrown.stack) } : {}),
  }
}

function clip(text: string): string {
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text
  return short.toWellFormed()
}

/** The longest wait that is believed, in milliseconds: ten years. */
const LONGEST_WAIT = 10 * 365 * 864e5

/** When an error asks to be tried again. What cannot be read counts as not asked. */
function notBefore(thrown: unknown, now: number): number | undefined {
  const at = thrown instanceof RetryableError ? readAfter(thrown, now) : readHeader(thrown, now)
  return at !== undefined && Number.isFinite(at) ? Math.min(at, now + LONGEST_WAIT) : undefined
}

function readAfter({ retryAfter }: RetryableError, now: number): number | undefined {
  if (retryAfter === undefined || retryAfter instanceof Date) return retryAfter?.getTime()
  try {
    return now + toMs(retryAfter, 'retryAfter')
  } catch {
    return undefined
  }
}

function readHeader(thrown: unknown, now: number): number | undefined {
  const headers = (thrown as { headers?: unknown } | null)?.headers
  const value = headers instanceof Headers ? headers.get('retry-after') : undefined
  if (!value) return undefined
  const seconds = Number(value)
  return Number.isFinite(seconds) ? now + seconds * 1e3 : Date.parse(value)
}
