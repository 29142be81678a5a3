import type { Duration } from './duration.ts'
import { toMs } from './duration.ts'
import { matchesError, type ErrorMatch } from './failure.ts'
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
  /** `'full'` (default): anything between 0 and the limit; `'none'`: the limit itself. */
  readonly jitter?: 'full' | 'none'
}

/** {@link RetryOptions} of a state: for all errors, and others for the classes of errors in `on`; the first that fits counts. */
export interface RetryTable extends RetryOptions {
  readonly on?: readonly ({ readonly error: ErrorMatch | readonly ErrorMatch[] } & RetryOptions)[]
}

/** {@link RetryOptions} with defaults filled in, in milliseconds. */
export interface RetryPolicy {
  readonly maxAttempts: number
  readonly initialIntervalMs: number
  readonly coefficient: number
  readonly maxIntervalMs: number
  readonly jitter: 'full' | 'none'
  /** Policies of their own for classes of errors. */
  readonly rules: readonly { readonly errors: readonly ErrorMatch[]; readonly policy: RetryPolicy }[]
}

/** The policy for an error: that of the first rule it fits, else the state's own. */
export function policyFor(policy: RetryPolicy, thrown: unknown): RetryPolicy {
  const rule = policy.rules.find(({ errors }) => errors.some((match) => matchesError(thrown, match)))
  return rule?.policy ?? policy
}

/** Reads the options of one state; `where` names it in errors. */
export function readRetry(options: RetryTable, where: string): RetryPolicy {
  const { on = [], ...own } = options
  const rules = on.map(({ error, ...rule }, i) => {
    const errors = [error].flat() as readonly ErrorMatch[]
    if (
      errors.length === 0 ||
      errors.some((match) => typeof match !== 'function' && typeof match !== 'string')
    )
      throw new StepwrightError('invalid-options', {
        what: `${where}: retry.on[${i}].error is ${quote(error)}`,
        remedy: 'Give an error class, or the name or code of an error',
      })
    return { errors, policy: readOne({ ...own, ...rule }, `${where}: retry.on[${i}]`) }
  })
  return { ...readOne(own, `${where}: retry`), rules }
}

function readOne(options: RetryOptions, where: string): RetryPolicy {
  const {
    maxAttempts = 3,
    initialInterval = '1s',
    coefficient = 2,
    maxInterval = '1m',
    jitter = 'full',
  } = options
  const positive = (name: string, value: number, whole: boolean): void => {
    if (typeof value === 'number' && value >= 1 && (!whole || Number.isSafeInteger(value))) return
    throw new StepwrightError('invalid-options', {
      what: `${where}.${name} is ${quote(value)}`,
      remedy: `Give ${whole ? 'a whole number' : 'a number'} of 1 or more`,
      details: { where, name, value },
    })
  }
  positive('maxAttempts', maxAttempts, true)
  positive('coefficient', coefficient, false)
  return {
    maxAttempts,
    initialIntervalMs: toMs(initialInterval, `${where}.initialInterval`),
    coefficient,
    maxIntervalMs: toMs(maxInterval, `${where}.maxInterval`),
    jitter,
    rules: [],
  }
}

/**
 * Milliseconds to wait after the failed attempt number `attempt` (1, 2, ...): full jitter, that is anything between
 * 0 and the exponential limit, so that many runs that failed together do not come back together.
 * Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number {
  const limit = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * policy.coefficient ** (attempt - 1))
  return policy.jitter === 'none' ? Math.floor(limit) : Math.floor(random * (limit + 1))
}
