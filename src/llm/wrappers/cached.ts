import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { toMs, type Duration } from '../../model/duration.ts'
import { systemHost } from '../../model/host.ts'
import { AnswerCache, questionKey, RecentAnswers, type AnswerStore } from './answer-cache.ts'
import { send, type Answer, type Asked } from '../asked.ts'
import { limitedCall, readPer, whoseOf, type Limit } from '../limits/limit.ts'
import { wrapped } from './wrapped.ts'
import type { Clock } from '../limits/clock.ts'
import type { CallOptions, Model } from '../model.ts'

/** How long answers are kept, and where. */
export interface CacheOptions {
  readonly ttl: Duration
  /**
   * Who shares answers: all calls of the same tenant, workflow, run or session, or of whatever a function names; `'model'`:
   * all there are. Default `'tenant'`; calls without a tenant share theirs.
   */
  readonly per?: Limit['per']
  /** A Keyv, or whatever has its `get` and `set`. Default: in this process. */
  readonly store?: AnswerStore
  /** Answers that are kept in this process at most, where there is no `store`. Default 1,000. */
  readonly most?: number
  readonly clock?: Clock
}

/**
 * A model that is asked the same only once in `ttl`: same model, same request, to the letter, whatever its temperature.
 * Tenants share no answers, unless `per` says so: what one is told, and how fast, tells what another has asked. Those who
 * ask the same meanwhile wait for the one call. An answer that was not asked for anew has `cache: 'hit'`. Errors are
 * not kept, nor are answers that are not whole or were filtered.
 *
 * @example
 * const model = cached(openAiModel({ model: 'gpt-5-mini' }), { ttl: '1d', store: new Keyv(new KeyvRedis(url)) })
 */
export function cached(model: Model, options: CacheOptions): Model {
  const { ttl, store, most = 1_000, clock = systemHost } = options
  const per = readPer(options.per ?? 'tenant', 'per')
  if (!Number.isSafeInteger(most) || most < 1)
    throw new StepwrightError('invalid-options', {
      what: `most is ${quote(most)}`,
      remedy: 'Give a whole number of 1 or more',
    })
  const cache = new AnswerCache(store ?? new RecentAnswers(most), toMs(ttl, 'ttl'), clock)
  const flights = new Map<string, Flight>()

  const fly = (key: string, ask: Asked, how: CallOptions): Flight => {
    const abort = new AbortController()
    const answer = (async (): Promise<Answer> => {
      const kept = await cache.get(key)
      if (kept) return hit(kept)
      abort.signal.throwIfAborted()
      const fresh = await send(model, ask, { ...how, signal: abort.signal })
      if (isWhole(fresh)) await cache.set(key, fresh)
      return fresh
    })()
    const flight = { abort, answer, riders: 0 }
    flights.set(key, flight)
    const landed = (): void => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    answer.then(landed, landed)
    return flight
  }

  return wrapped(model, async (ask, how) => {
    how.signal?.throwIfAborted()
    const key = questionKey(model.name, ask, {
      whose: whoseOf(per, limitedCall(model.name, how.for)),
      passed: how.passed ?? [],
    })
    const under = flights.get(key)
    let spoken = false
    const { onText } = how
    const speak = onText && ((piece: string): void => ((spoken = true), onText(piece)))
    const flight = under ?? fly(key, ask, { ...how, ...(speak ? { onText: speak } : {}) })
    const answer = await ride(flight, how.signal, () => flights.get(key) === flight && flights.delete(key))
    if (!spoken && 'text' in answer) onText?.(answer.text)
    return under ? hit(answer) : answer
  })
}

/** A call under way, and how many wait for it. */
interface Flight {
  readonly abort: AbortController
  readonly answer: Promise<Answer>
  riders: number
}

/** Waits for a call that others may wait for too; it is aborted when the last of them has left. */
function ride(flight: Flight, signal: AbortSignal | undefined, close: () => void): Promise<Answer> {
  flight.riders += 1
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      reject(signal?.reason as Error)
      if ((flight.riders -= 1) > 0) return
      close()
      flight.abort.abort(signal?.reason)
    }
    signal?.addEventListener('abort', leave, { once: true })
    const done = (): void => signal?.removeEventListener('abort', leave)
    flight.answer.finally(done).then(resolve, reject)
  })
}

/** It costs nothing more. */
function hit(answer: Answer): Answer {
  return 'text' in answer ? { ...answer, cache: 'hit' } : { ...answer, usage: { input: 0, output: 0 } }
}

function isWhole(answer: Answer): boolean {
  if (!('text' in answer)) return true
  return (answer.finish === 'stop' || answer.finish === 'tools') && answer.refusal === undefined
}
