import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { toMs, type Duration } from '../../model/duration.ts'
import { systemHost } from '../../model/host.ts'
import type { Usage } from '../../model/model-call.ts'
import { send, type Answer, type Asked } from '../asked.ts'
import { wrapped } from '../wrappers/wrapped.ts'
import { steadyClock, type Clock } from './clock.ts'
import { estimateUsage } from './estimate.ts'
import {
  amountOf,
  apart,
  claimsOf,
  readLimit,
  type Limit,
  limitedCall,
  type LimitedCall,
  type PlannedClaim,
} from './limit.ts'
import { Limiter } from './limiter.ts'
import { MemoryMeter } from './memory-meter.ts'
import type { Grant, Meter } from './meter.ts'
import type { CallOptions, Model } from '../model.ts'
import { costOfAnswer, expectedCost, namesOf, type Prices } from '../prices.ts'
import { SeatKeeper } from './seat-keeper.ts'

/** How a model is limited. */
export interface LimitedOptions {
  readonly limits: readonly Limit[]
  /** Where it is counted. Default: in this process, for this model alone. */
  readonly meter?: Meter
  /** First part of the tallies' names: models that have the same share theirs. Default: the name of the model. */
  readonly name?: string
  /** How long a call waits for its turn at most; then it throws RetryableError, which a run makes a timer of. Default `'2m'`: longer than the usual window. */
  readonly maxWait?: Duration
  /** Who takes turns. Default: tenants, where there are none runs. */
  readonly fairBy?: (call: LimitedCall) => string
  /** How many turns one who takes turns has at a time. Default 1. */
  readonly weight?: (who: string) => number
  /** Tokens that a call is expected to use. Default: `tokensOf` its messages in, `maxTokens` or 1,000 out. */
  readonly estimate?: (ask: Asked) => Usage
  /** What tokens cost. Needed where a limit has `cost`. */
  readonly prices?: Prices
  readonly clock?: Clock
}

/**
 * A model that is called no more than `limits` allow. Calls over a limit wait, fail or go to a cheaper model, as the
 * limit says; those that wait are served by turns of tenants, so that one with ten thousand calls does not keep the others waiting.
 *
 * @example
 * const model = limited(openAiModel({ model: 'gpt-5-mini' }), {
 *   limits: [
 *     { per: 'model', requests: 500, tokens: 200_000, every: '1m', concurrency: 20 },
 *     { per: 'run', cost: 0.5 },
 *   ],
 *   prices: { 'gpt-5-mini': { input: 0.25, output: 2 } },
 * })
 */
export function limited(model: Model, options: LimitedOptions): Model {
  const { clock = steadyClock, name = model.name, estimate = estimateUsage, prices } = options
  const { fairBy = ({ tenant, run }) => tenant ?? run ?? '', weight = () => 1 } = options
  const meter = options.meter ?? new MemoryMeter(clock)
  // those that do not wait come first: a call that is refused for good must not wait before it hears of it
  const limits = options.limits
    .map((limit, i) => readLimit(limit, `limits[${i}]`))
    .sort((a, b) => Number(a.over === 'wait') - Number(b.over === 'wait'))
  const unpriced = namesOf(model).filter((one) => !Object.hasOwn(prices ?? {}, one))
  if (unpriced.length > 0 && limits.some(({ most }) => most.cost !== undefined))
    throw new StepwrightError('invalid-options', {
      what: `A limit has cost, and nothing says what a call of ${unpriced.map(quote).join(', ')} costs`,
      remedy: 'Give prices: { [model]: { input, output } }, for a million tokens',
    })
  const limiter = new Limiter({
    ...{ name, meter, clock, weight: (flow) => positive(weight(flow), flow) },
    maxWaitMs: toMs(options.maxWait ?? '2m', 'maxWait'),
  })
  const seats = new SeatKeeper(meter, clock)
  let count = 0
  const own = systemHost.newId()

  const serve = async (ask: Asked, how: CallOptions): Promise<Answer> => {
    const call = limitedCall(model.name, how.for)
    const usage = estimate(ask)
    const about = { name, call, usage, cost: expectedCost(prices ?? {}, model, usage) }
    const claims = apart(limits.flatMap((limit) => claimsOf(limit, about)))
    for (const { unit, amount } of claims) if (!isAmount(amount)) throw notAnAmount(unit, usage, about.cost)
    const id = `${own}.${(count += 1)}`
    const turn = await limiter.enter({
      id,
      model: model.name,
      flow: fairBy(call),
      claims,
      signal: how.signal,
    })
    if ('instead' in turn) return send(turn.instead, ask, how)
    return seats.during(turn.grant, () => answered(turn.grant, claims, () => send(model, ask, how)))
  }

  const answered = async (
    grant: Grant,
    claims: readonly PlannedClaim[],
    make: () => Promise<Answer>,
  ): Promise<Answer> => {
    let used = claims.map(({ amount }) => amount) // what went wrong on the way may have been paid for
    try {
      const answer = await make()
      const known = 'cache' in answer && answer.cache === 'hit'
      const cost = costOfAnswer(prices ?? {}, model, answer) ?? 0
      const amounts = claims.map(({ unit }) => (known ? 0 : amountOf(unit, answer.usage, cost)))
      used = amounts.map((amount, i) => (isAmount(amount) ? amount : (used[i] ?? 0)))
      return answer
    } catch (error) {
      const status = (error as { status?: unknown } | null)?.status
      // a server that refused a call has charged nothing for it
      if (typeof status === 'number') used = claims.map(({ unit }) => amountOf(unit, NOTHING, 0))
      throw error
    } finally {
      await limiter.leave(grant, used)
    }
  }
  return wrapped(model, serve)
}

const NOTHING: Usage = { input: 0, output: 0 }

function isAmount(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount >= 0
}

function notAnAmount(unit: string, usage: Usage, cost: number): StepwrightError {
  return new StepwrightError('invalid-options', {
    what: `estimate gives ${quote(usage)} and a cost of ${quote(cost)}, of which no ${unit} can be counted`,
    remedy: 'Give numbers of 0 and more',
  })
}

function positive(weight: number, flow: string): number {
  if (weight > 0 && Number.isFinite(weight)) return weight
  throw new StepwrightError('invalid-options', {
    what: `The weight of ${quote(flow)} is ${quote(weight)}`,
    remedy: 'Give a number above 0',
  })
}
