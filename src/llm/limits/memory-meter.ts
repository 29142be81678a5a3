import { steadyClock, type Clock } from './clock.ts'
import {
  SEAT_LOOK_MS,
  slotOf,
  type Claim,
  type Grant,
  type Meter,
  type Refusal,
  type Reservation,
} from './meter.ts'

/** Tallies of what is known from elsewhere that are kept at most; the one used longest ago goes first. */
const MOST_KNOWN = 10_000

/**
 * Counts within one process.
 *
 * @example
 * const meter = new MemoryMeter()
 * const quick = limited(openAiModel({ model: 'gpt-5-mini' }), { meter, limits: [{ per: 'model', requests: 500, every: '1m' }] })
 */
export class MemoryMeter implements Meter {
  readonly #clock: Pick<Clock, 'now'>
  readonly #windows = new Map<string, Window>()
  readonly #evers = new Map<string, { settled: number; held: number; known: boolean }>()
  readonly #seats = new Map<string, Map<string, number>>()
  #tidied = 0

  constructor(clock: Pick<Clock, 'now'> = steadyClock) {
    this.#clock = clock
  }

  // it never yields between looking and counting, so no two reservations can share what is left
  reserve(reservation: Reservation): Promise<Grant | Refusal> {
    const at = this.#clock.now()
    this.#tidy(at)
    for (const claim of reservation.claims) {
      const wait = this.#wait(claim, at)
      if (wait !== 0) return Promise.resolve({ granted: false, key: claim.key, retryAfterMs: wait })
    }
    for (const claim of reservation.claims) this.#add(claim, reservation.id, at)
    return Promise.resolve({ granted: true, reservation, at })
  }

  settle({ reservation, at }: Grant, used: readonly number[]): Promise<void> {
    reservation.claims.forEach((claim, i) => {
      const actual = used[i] ?? claim.amount
      if (claim.kind === 'window') this.#window(claim).correct(slotOf(at, claim.ms), actual - claim.amount)
      else if (claim.kind === 'seat') this.#seats.get(claim.key)?.delete(reservation.id)
      else {
        const ever = this.#ever(claim)
        ever.held -= claim.amount
        ever.settled += actual
      }
    })
    return Promise.resolve()
  }

  keep(grants: readonly Grant[]): Promise<void> {
    const now = this.#clock.now()
    for (const { reservation } of grants)
      for (const { kind, key, ms } of reservation.claims)
        if (kind === 'seat') this.#seats.get(key)?.set(reservation.id, now + ms)
    return Promise.resolve()
  }

  /** Milliseconds until a claim may fit: 0 now, `undefined` never. */
  #wait(claim: Claim, now: number): number | undefined {
    const { kind, key, amount, most } = claim
    if (amount > most) return undefined
    if (kind === 'window') return this.#window(claim).wait(amount, most, now)
    if (kind === 'ever') {
      const { settled, held } = this.#ever(claim)
      return settled + held + amount > most ? undefined : 0
    }
    const seats = this.#seats.get(key)
    if (!seats) return 0
    for (const [id, until] of seats) if (until < now) seats.delete(id)
    return seats.size + amount > most ? SEAT_LOOK_MS : 0
  }

  #add(claim: Claim, id: string, at: number): void {
    if (claim.kind === 'window') this.#window(claim).add(slotOf(at, claim.ms), claim.amount)
    else if (claim.kind === 'ever') this.#ever(claim).held += claim.amount
    else
      this.#seats.set(
        claim.key,
        (this.#seats.get(claim.key) ?? new Map<string, number>()).set(id, at + claim.ms),
      )
  }

  #window({ key, ms }: Claim): Window {
    const window = this.#windows.get(key) ?? new Window(ms)
    this.#windows.set(key, window)
    return window
  }

  #ever({ key, known }: Claim): { settled: number; held: number } {
    const ever = this.#evers.get(key) ?? { settled: 0, held: 0, known: known !== undefined }
    if (known !== undefined) {
      ever.settled = Math.max(ever.settled, known)
      this.#evers.delete(key) // to the end: the first is the one used longest ago
    }
    this.#evers.set(key, ever)
    return ever
  }

  /** Now and then: tallies that say nothing any more are dropped. */
  #tidy(now: number): void {
    if (now - this.#tidied < 60_000 && now >= this.#tidied) return
    this.#tidied = now
    for (const [key, window] of this.#windows) if (window.empty(now)) this.#windows.delete(key)
    for (const [key, seats] of this.#seats) if (seats.size === 0) this.#seats.delete(key)
    let known = [...this.#evers.values()].filter((ever) => ever.known).length
    for (const [key, ever] of this.#evers) {
      if (known <= MOST_KNOWN) break
      if (!ever.known || ever.held > 0) continue
      this.#evers.delete(key)
      known -= 1
    }
  }
}

/** What was used within the last `ms` milliseconds, slot by slot, oldest first. */
class Window {
  readonly #ms: number
  readonly #slots = new Map<number, number>()
  #sum = 0
  #last = 0

  constructor(ms: number) {
    this.#ms = ms
  }

  wait(amount: number, most: number, now: number): number {
    this.#forget(now)
    let over = this.#sum + amount - most
    if (over <= 0) return 0
    for (const [slot, used] of this.#slots) {
      over -= used
      if (over <= 0) return slot + this.#ms + 1 - now
    }
    return this.#ms
  }

  add(slot: number, amount: number): void {
    this.#last = Math.max(this.#last, slot) // a clock that is set back must not break the order
    this.#slots.set(this.#last, (this.#slots.get(this.#last) ?? 0) + amount)
    this.#sum += amount
  }

  correct(slot: number, by: number): void {
    const used = this.#slots.get(slot)
    if (used === undefined) return
    this.#slots.set(slot, used + by)
    this.#sum += by
  }

  empty(now: number): boolean {
    this.#forget(now)
    return this.#slots.size === 0
  }

  #forget(now: number): void {
    for (const [slot, used] of this.#slots) {
      if (slot + this.#ms >= now) break
      this.#slots.delete(slot)
      this.#sum -= used
    }
  }
}
