import type { Duration } from './duration.ts'
import { toMs } from './duration.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/** How often and when a failed attempt is tried again. */
export interface RetryOptions {
  /** Attempts in all, the first included. Default 3. */
  readonly maxAttempts?: number
  /** The longest wait before the second attempt. Default `'1s'`. */
  readonly initialInterval?: Duration
  /** Factor by which the longest wait grows. Default 2. */
  readonly coefficient?: number
  /** The longest wait ever. Default `'1m'`. A `Retry-After` may be longer. */
  readonly maxInterval?: Duration
}

/** {@link RetryOptions} with defaults filled in, in milliseconds. */
export interface RetryPolicy {
  readonly maxAttempts: number
  readonly initialIntervalMs: number
  readonly coefficient: number
  readonly maxIntervalMs: number
}

/** Reads the options of one state; `where` names it in errors. */
export function readRetry(options: RetryOptions, where: string): RetryPolicy {
  const { maxAttempts = 3, initialInterval = '1s', coefficient = 2, maxInterval = '1m' } = options
  const positive = (name: string, value: number, whole: boolean): void => {
    if (typeof value === 'number' && value >= 1 && (!whole || Number.isSafeInteger(value))) return
    throw new StepwrightError('invalid-options', {
      what: `${where}: retry.${name} is ${quote(value)}`,
      remedy: `Give ${whole ? 'a whole number' : 'a number'} of 1 or more`,
      details: { where, name, value },
    })
  }
  positive('maxAttempts', maxAttempts, true)
  positive('coefficient', coefficient, false)
  return {
    maxAttempts,
    initialIntervalMs: toMs(initialInterval, `${where}: retry.initialInterval`),
    coefficient,
    maxIntervalMs: toMs(maxInterval, `${where}: retry.maxInterval`),
  }
}

/**
 * Milliseconds to wait after the failed attempt number `attempt` (1, 2, ...): full jitter, that is anything between
 * 0 and the exponential limit, so that many runs that failed together do not come back together.
 * Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number {
  const limit = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * policy.coefficient ** (attempt - 1))
  return Math.floor(random * (limit + 1))
}
