import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { toMs, type Duration } from '../../model/duration.ts'
import { steadyClock, type Clock } from '../limits/clock.ts'

/** When a model is left alone, and when it is looked at again. */
export interface BreakerOptions {
  /** Share of failures above which a model is left alone. Default 0.8. */
  readonly share?: number
  /** The time over which that share is taken. Default `'10m'`. */
  readonly within?: Duration
  /** Fewest calls within that time that say anything. Default 10. */
  readonly calls?: number
  /** How long it is left alone before one call tries it. Default `'30s'`. */
  readonly rest?: Duration
  /** Where the share is counted. Default: in this process. */
  readonly book?: BreakerBook
}

/** {@link BreakerOptions} with defaults filled in. */
export interface BreakerRule {
  readonly share: number
  readonly withinMs: number
  readonly calls: number
  readonly restMs: number
}

/** How a call went, for the breaker: `none` says nothing about the model. */
export type Outcome = 'good' | 'bad' | 'none'

/** Whether a model may be called: as usual, as the one that tries it, or not for `restMs` milliseconds. */
export type Leave =
  { readonly go: 'always' } | { readonly go: 'try' } | { readonly go: 'no'; readonly restMs: number }

/** How models have done of late. `MemoryBreakers` serves one process, `RedisBreakers` many. */
export interface BreakerBook {
  /** Whether the model of that name may be called now. Of those who ask after its rest, one may try it. */
  ask(model: string, rule: BreakerRule): Promise<Leave>
  /** How a call went that was allowed; `tried`: it was the one that tried. */
  tell(model: string, rule: BreakerRule, outcome: Outcome, tried: boolean): Promise<void>
}

/** Parts of the time that are counted as one. */
export const PARTS = 20

/** Looks at the options of a breaker. */
export function readBreaker(options: BreakerOptions): BreakerRule {
  const { share = 0.8, within = '10m', calls = 10, rest = '30s' } = options
  const refuse = (name: string, value: unknown, remedy: string): never => {
    throw new StepwrightError('invalid-options', { what: `breaker.${name} is ${quote(value)}`, remedy })
  }
  if (!(share >= 0 && share < 1)) refuse('share', share, 'Give a number from 0 to below 1')
  if (!Number.isSafeInteger(calls) || calls < 1) refuse('calls', calls, 'Give a whole number of 1 or more')
  const withinMs = toMs(within, 'breaker.within')
  if (withinMs < PARTS) refuse('within', within, "Give the time that is looked at, such as '10m'")
  return { share, withinMs, calls, restMs: toMs(rest, 'breaker.rest') }
}

interface Record {
  /** Good and bad calls of each part of the time. */
  readonly parts: Map<number, { good: number; bad: number }>
  /** Left alone until then. */
  until: number | undefined
}

/**
 * Counts within one process.
 *
 * @example
 * const book = new MemoryBreakers() // one for all the fallbacks of a process
 * const model = fallback([dear, cheap], { breaker: { book } })
 */
export class MemoryBreakers implements BreakerBook {
  readonly #clock: Pick<Clock, 'now'>
  readonly #records = new Map<string, Record>()

  constructor(clock: Pick<Clock, 'now'> = steadyClock) {
    this.#clock = clock
  }

  ask(model: string, { restMs }: BreakerRule): Promise<Leave> {
    const now = this.#clock.now()
    const record = this.#record(model)
    if (record.until === undefined) return Promise.resolve({ go: 'always' })
    if (record.until > now) return Promise.resolve({ go: 'no', restMs: record.until - now })
    record.until = now + restMs // the others go on leaving it alone; one that tries and dies is followed by the next
    return Promise.resolve({ go: 'try' })
  }

  tell(model: string, rule: BreakerRule, outcome: Outcome, tried: boolean): Promise<void> {
    const now = this.#clock.now()
    const record = this.#record(model)
    if (tried) {
      if (outcome === 'none') record.until = now
      else if (outcome === 'bad') record.until = now + rule.restMs
      else {
        record.until = undefined
        record.parts.clear()
      }
    } else if (outcome !== 'none' && record.until === undefined) {
      const width = rule.withinMs / PARTS
      const part = Math.floor(now / width)
      for (const old of record.parts.keys()) if (old <= part - PARTS) record.parts.delete(old)
      const counts = record.parts.get(part) ?? { good: 0, bad: 0 }
      counts[outcome] += 1
      record.parts.set(part, counts)
      const [good, bad] = [...record.parts.values()].reduce(
        ([g, b], one) => [g + one.good, b + one.bad],
        [0, 0],
      )
      if (good + bad >= rule.calls && bad > rule.share * (good + bad)) record.until = now + rule.restMs
    }
    return Promise.resolve()
  }

  #record(model: string): Record {
    const record = this.#records.get(model) ?? { parts: new Map<number, never>(), until: undefined }
    this.#records.set(model, record)
    return record
  }
}
