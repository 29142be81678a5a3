import { systemHost } from '../../model/host.ts'
import { judge } from '../../model/failure.ts'
import { policyFor, readRetry, retryDelayMs, type RetryTable } from '../../model/retry.ts'
import { send } from '../asked.ts'
import { wrapped } from './wrapped.ts'
import { sleep, type Clock } from '../limits/clock.ts'
import type { Model } from '../model.ts'

/**
 * A model that tries again by itself, by the rules of a step's `retry`: exponential waits with jitter, and no sooner
 * than a `Retry-After` says. For plain scripts: in a run the engine tries again, by timers that outlive the process.
 *
 * @example
 * const model = patient(openAiModel({ model: 'gpt-5-mini' }), { maxAttempts: 5 })
 */
export function patient(model: Model, options: RetryTable & { readonly clock?: Clock } = {}): Model {
  const { clock = systemHost, ...retry } = options
  const policy = readRetry(retry, 'patient')
  return wrapped(model, async (ask, how) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(model, ask, how)
      } catch (error) {
        const now = clock.now()
        const { retryable, notBefore = now } = judge(error, now)
        const rule = policyFor(policy, error)
        const listed = rule !== policy
        if (how.signal?.aborted || attempt >= rule.maxAttempts || !(listed || retryable)) throw error
        await sleep(clock, Math.max(retryDelayMs(rule, attempt, clock.random()), notBefore - now), how.signal)
      }
    }
  })
}
