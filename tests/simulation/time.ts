import type { Host } from '../../src/model/host.ts'
import { makeIds } from '../../src/model/host.ts'
import type { Chance } from './chance.ts'

interface Alarm {
  readonly at: number
  readonly fire: () => void
  readonly owner: string
}

/** The virtual time of one simulated world, shared by all its processes. */
export class Time {
  now = Date.UTC(2026, 0, 1)
  readonly #alarms = new Set<Alarm>()

  /** The clock, the chance and the ids of one process. */
  hostOf(owner: string, number: number, chance: Chance): Host {
    return {
      now: () => this.now,
      random: () => chance.next(),
      newId: makeIds(
        () => this.now,
        () => number.toString(16).padStart(32, '0'),
      ),
      alarm: (at, fire) => {
        const alarm = { at, fire, owner }
        this.#alarms.add(alarm)
        return () => void this.#alarms.delete(alarm)
      },
    }
  }

  /** When the next alarm rings. */
  get next(): number | undefined {
    let next: number | undefined
    for (const { at } of this.#alarms) if (next === undefined || at < next) next = at
    return next
  }

  /** Goes on to the next alarm and rings it. */
  step(): void {
    const next = this.next
    if (next === undefined) return
    this.now = Math.max(this.now, next)
    for (const alarm of [...this.#alarms]) {
      if (alarm.at > this.now) continue
      this.#alarms.delete(alarm)
      alarm.fire()
      return
    }
  }

  /** A process is gone with its alarms. */
  drop(owner: string): void {
    for (const alarm of [...this.#alarms]) if (alarm.owner === owner) this.#alarms.delete(alarm)
  }
}
