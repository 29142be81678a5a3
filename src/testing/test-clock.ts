import { makeIds, type Host } from '../model/host.ts'
import { toMs, type Duration } from '../model/duration.ts'

interface Alarm {
  readonly at: number
  readonly fire: () => void
}

/** Time that stands still until it is told to move, chance from a seed, ids that are the same in every run of a test. */
export class TestClock implements Host {
  readonly newId: () => string
  #now: number
  #seed: number
  readonly #alarms = new Set<Alarm>()

  /** `seed` also tells the ids of one clock from those of another. */
  constructor(start: Date | number = Date.UTC(2026, 0, 1), seed = 1) {
    this.#now = Number(start)
    this.#seed = seed
    this.newId = makeIds(
      () => this.#now,
      () => seed.toString(16).padStart(32, '0'),
    )
  }

  now(): number {
    return this.#now
  }

  /** Mulberry32: small, seeded, good enough for jitter. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  alarm(at: number, fire: () => void): () => void {
    const alarm = { at, fire }
    this.#alarms.add(alarm)
    if (at <= this.#now) queueMicrotask(() => this.#ring(alarm))
    return () => void this.#alarms.delete(alarm)
  }

  /** When the next alarm is set for. */
  get next(): number | undefined {
    return this.#alarms.size === 0 ? undefined : Math.min(...[...this.#alarms].map((alarm) => alarm.at))
  }

  /**
   * Moves to `time` (absolute, or a duration from now) and rings what is due on the way, in order. What an alarm sets
   * going gets a few turns of the event loop before the next one rings.
   */
  async advance(time: Duration | Date): Promise<void> {
    const until = time instanceof Date ? time.getTime() : this.#now + toMs(time, 'advance')
    for (;;) {
      await turns()
      const [alarm] = [...this.#alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (!alarm) break
      this.#now = Math.max(this.#now, alarm.at)
      this.#ring(alarm)
    }
    this.#now = Math.max(this.#now, until)
    await turns()
  }

  /** Sets the time without ringing anything on the way; what is due rings at the new time. May go back. */
  jump(to: Date | number): void {
    this.#now = Number(to)
    for (const alarm of [...this.#alarms].sort((a, b) => a.at - b.at))
      if (alarm.at <= this.#now) this.#ring(alarm)
  }

  #ring(alarm: Alarm): void {
    if (this.#alarms.delete(alarm)) alarm.fire()
  }
}

/** A few turns of the event loop, so that promises and immediate I/O can settle. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}
