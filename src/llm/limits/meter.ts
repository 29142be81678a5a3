/**
 * Counts what calls use. Whoever calls reserves first and settles afterwards, so that what is under way is counted.
 * `MemoryMeter` serves one process, `RedisMeter` many.
 */
export interface Meter {
  /** All claims of a reservation are granted, or none. Throws where nothing is known. */
  reserve(reservation: Reservation): Promise<Grant | Refusal>
  /** Corrects each claim to what was used (`used`, in the order of the claims) and gives back the seats. */
  settle(grant: Grant, used: readonly number[]): Promise<void>
  /** Says that these are still at work: their seats are kept for another lease. */
  keep(grants: readonly Grant[]): Promise<void>
}

/** What one call needs, before it is made. */
export interface Reservation {
  readonly id: string
  readonly claims: readonly Claim[]
  /** How many take turns where this comes from, the one that asks included: processes share by these. */
  readonly flows: number
  /** Among whom they share: the name of the limiter. */
  readonly group: string
}

/** What a call needs of one tally. Amounts are whole numbers. */
export interface Claim {
  /**
   * `window`: at most `most` in any `ms` milliseconds. `ever`: at most `most` in all. `seat`: at most `most` at once;
   * a seat whose holder is silent for `ms` milliseconds is free.
   */
  readonly kind: 'window' | 'ever' | 'seat'
  readonly key: string
  readonly amount: number
  readonly most: number
  readonly ms: number
  /** Of `ever`: what is known to have been used, from elsewhere. The tally counts at least that. */
  readonly known?: number
  /** The call waits where this does not fit, so it takes turns with others. */
  readonly waits?: boolean
}

/** A reservation that stands. */
export interface Grant {
  readonly granted: true
  readonly reservation: Reservation
  /** When, by the clock of the meter, in milliseconds. */
  readonly at: number
}

/** A reservation that does not fit. */
export interface Refusal {
  readonly granted: false
  /** The tally that is full. */
  readonly key: string
  /** Milliseconds until it is worth asking again; `undefined`: it never is. */
  readonly retryAfterMs: number | undefined
}

/** Parts of a window that are counted as one: a log is bounded, and late by no more than this share of its window. */
const SLOTS = 10_000

/**
 * The slot of a window that a moment falls into, named by its end: what is counted there goes no sooner than `ms` after
 * it came, so no window ever holds more than it may.
 */
export function slotOf(at: number, ms: number): number {
  const width = Math.max(1, Math.floor(ms / SLOTS))
  return Math.ceil(at / width) * width
}

/** How soon a full set of seats is looked at again: a seat may be given back at any time. */
export const SEAT_LOOK_MS = 50
