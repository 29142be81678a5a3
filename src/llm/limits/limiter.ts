import { StepwrightError } from '../../errors/stepwright-error.ts'
import { formatMs } from '../../model/duration.ts'
import { RetryableError } from '../../model/failure.ts'
import type { Clock } from './clock.ts'
import { FairQueue, type Queued } from './fair-queue.ts'
import type { PlannedClaim } from './limit.ts'
import type { Grant, Meter, Refusal } from './meter.ts'
import type { Model } from '../model.ts'

/** A call that comes to a limiter. */
export interface Coming {
  readonly id: string
  readonly model: string
  readonly flow: string
  readonly claims: readonly PlannedClaim[]
  readonly signal: AbortSignal | undefined
}

/** What a call comes to: it may go, or another model is to answer. */
export type Turn = { readonly grant: Grant } | { readonly instead: Model }

interface Waiting extends Queued, Coming {
  gone: boolean
  readonly deadline: number
  readonly go: (turn: Turn) => void
  readonly fail: (error: unknown) => void
}

/** How a limiter works. */
export interface LimiterOptions {
  readonly name: string
  readonly meter: Meter
  readonly clock: Clock
  readonly maxWaitMs: number
  readonly weight: (flow: string) => number
}

/**
 * Lets calls go when there is room for them, by turns of those who call. A tally that was full is not asked again before
 * it says there may be room, nor overtaken: whoever needs it waits behind the one that was refused.
 */
export class Limiter {
  readonly #name: string
  readonly #meter: Meter
  readonly #clock: Clock
  readonly #maxWaitMs: number
  readonly #queue: FairQueue<Waiting>
  /** All that wait, in the order of their deadlines. */
  readonly #waiting = new Set<Waiting>()
  /** Full tallies, and when to ask again. */
  readonly #full = new Map<string, number>()
  #serving = false
  #again = false
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined

  constructor({ name, meter, clock, maxWaitMs, weight }: LimiterOptions) {
    this.#name = name
    this.#meter = meter
    this.#clock = clock
    this.#maxWaitMs = maxWaitMs
    this.#queue = new FairQueue(weight)
  }

  /** Waits for the turn of a call. */
  enter(coming: Coming): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const { claims, signal } = coming
      if (signal?.aborted) return reject(signal.reason as Error)
      const leave = (): boolean => {
        if (waiting.gone) return false
        waiting.gone = true
        this.#waiting.delete(waiting)
        signal?.removeEventListener('abort', abort)
        return true
      }
      const abort = (): void => {
        if (!leave()) return
        reject(signal?.reason as Error)
        for (const { key } of claims) this.#full.delete(key) // it may have been full for this one only
        this.#look()
      }
      const waiting: Waiting = {
        ...coming,
        lane: claims.map(({ key }) => key).join(' '),
        cost: Math.max(0, ...claims.map(({ amount, most }) => amount / most)),
        deadline: this.#clock.now() + this.#maxWaitMs,
        gone: false,
        go: (turn) => void (leave() && resolve(turn)),
        fail: (error) => void (leave() && reject(error as Error)),
      }
      signal?.addEventListener('abort', abort, { once: true })
      const until = Math.max(0, ...claims.map(({ key }) => this.#full.get(key) ?? 0))
      if (until > waiting.deadline) return this.#sendAway(waiting, until)
      this.#waiting.add(waiting)
      this.#queue.push(waiting)
      this.#look()
    })
  }

  /** Ends a call: what it used, in the order of its claims. The answer is not lost where the meter fails. */
  async leave(grant: Grant, used: readonly number[]): Promise<void> {
    await this.#meter.settle(grant, used).catch(() => undefined)
    grant.reservation.claims.forEach(({ kind, key, amount }, i) => {
      if (kind === 'seat' || (used[i] ?? amount) < amount) this.#full.delete(key)
    })
    this.#look()
  }

  #look(): void {
    if (this.#serving) this.#again = true
    else void this.#serve()
  }

  async #serve(): Promise<void> {
    this.#serving = true
    do {
      this.#again = false
      this.#expire()
      for (;;) {
        const now = this.#clock.now()
        const next = this.#queue.next(({ claims }) =>
          claims.every(({ key }) => (this.#full.get(key) ?? 0) <= now),
        )
        if (!next) break
        await this.#try(next)
      }
    } while (this.#again)
    this.#serving = false
    this.#wake()
  }

  async #try(next: Waiting): Promise<void> {
    const { id, claims } = next
    let answer: Grant | Refusal
    try {
      answer = await this.#meter.reserve({ id, claims, flows: this.#queue.flows, group: this.#name })
    } catch (error) {
      this.#queue.take(next)
      return next.fail(error)
    }
    if (answer.granted) {
      this.#queue.take(next)
      if (next.gone)
        void this.leave(
          answer,
          claims.map(() => 0),
        )
      else next.go({ grant: answer })
      return
    }
    const { key, retryAfterMs } = answer
    const claim = claims.find((one) => one.key === key)
    const over = claim?.over ?? 'wait'
    if (over === 'wait' && retryAfterMs !== undefined) {
      const until = this.#clock.now() + retryAfterMs
      this.#full.set(key, until)
      for (const waiting of this.#waiting) {
        if (waiting.deadline >= until) break
        if (waiting.claims.some((one) => one.key === key)) this.#sendAway(waiting, until)
      }
      return
    }
    this.#queue.take(next)
    if (typeof over === 'object') next.go({ instead: over.degrade })
    else next.fail(overBudget(next.model, claim, retryAfterMs))
  }

  /** Sends away those that have waited long enough. */
  #expire(): void {
    const now = this.#clock.now()
    for (const waiting of this.#waiting) {
      if (waiting.deadline > now) break
      this.#sendAway(waiting, Math.max(0, ...waiting.claims.map(({ key }) => this.#full.get(key) ?? 0)))
    }
  }

  /** There may be room at `until`, and the call would not wait for that. */
  #sendAway(waiting: Waiting, until: number): void {
    const after = Math.max(1, Math.ceil(until - this.#clock.now()))
    waiting.fail(
      new RetryableError(
        `${waiting.model} is over its limit: there may be room in ${formatMs(after)}, and a call waits no longer than ${formatMs(this.#maxWaitMs)}`,
        { retryAfter: after },
      ),
    )
  }

  /** Sets the alarm to when the next thing can happen. */
  #wake(): void {
    const now = this.#clock.now()
    const [first] = this.#waiting
    let at = first?.deadline
    let passed = false
    for (const [key, until] of this.#full) {
      if (at !== undefined) at = Math.min(at, until)
      if (until > now) continue
      this.#full.delete(key)
      passed = true
    }
    if (first && passed) return this.#look() // the time came while others were asked
    if (this.#alarm?.at === at) return
    this.#alarm?.cancel()
    this.#alarm = undefined
    if (at === undefined) return
    const cancel = this.#clock.alarm(at, () => {
      this.#alarm = undefined
      this.#look()
    })
    this.#alarm = { at, cancel }
  }
}

function overBudget(
  model: string,
  claim: PlannedClaim | undefined,
  retryAfterMs: number | undefined,
): StepwrightError {
  const { unit = 'requests', amount = 0, most = 0, kind, ms = 0 } = claim ?? {}
  const plain = (value: number): number => (unit === 'cost' ? value / 1e9 : value)
  const room = kind === 'window' ? `in ${formatMs(ms)}` : kind === 'seat' ? 'at once' : 'in all'
  return new StepwrightError('over-budget', {
    what: `A call of ${model} would use ${plain(amount)} of ${unit}, and its limit is ${plain(most)} ${room}`,
    remedy: 'Raise the limit, or let the call wait or degrade (over)',
    details: {
      ...{ model, unit, amount: plain(amount), most: plain(most), key: claim?.key },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  })
}
