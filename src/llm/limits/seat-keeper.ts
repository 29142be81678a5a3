import type { Clock } from './clock.ts'
import { SEAT_LEASE_MS } from './limit.ts'
import type { Grant, Meter } from './meter.ts'

/** Keeps the seats of calls that take longer than a lease: those of a dead process are free after one. */
export class SeatKeeper {
  readonly #meter: Meter
  readonly #clock: Clock
  readonly #grants = new Set<Grant>()
  #cancel: (() => void) | undefined

  constructor(meter: Meter, clock: Clock) {
    this.#meter = meter
    this.#clock = clock
  }

  async during<T>(grant: Grant, work: () => Promise<T>): Promise<T> {
    if (!grant.reservation.claims.some(({ kind }) => kind === 'seat')) return work()
    this.#grants.add(grant)
    this.#cancel ??= this.#watch()
    try {
      return await work()
    } finally {
      this.#grants.delete(grant)
      if (this.#grants.size === 0) {
        this.#cancel?.()
        this.#cancel = undefined
      }
    }
  }

  #watch(): () => void {
    return this.#clock.alarm(this.#clock.now() + SEAT_LEASE_MS / 3, () => {
      this.#cancel = this.#watch()
      // one that fails is made good by the next, as long as the lease lasts
      void this.#meter.keep([...this.#grants]).catch(() => undefined)
    })
  }
}
