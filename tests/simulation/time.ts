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

  /** Goes on to the next alarm of a process that is awake, and rings it; those of the others ring once they wake. */
  step(awake: ReadonlySet<string>): void {
    let next: Alarm | undefined
    for (const alarm of this.#alarms)
      if (awake.has(alarm.owner) && (next === undefined || alarm.at < next.at)) next = alarm
    if (!next) return
    this.now = Math.max(this.now, next.at)
    this.#alarms.delete(next)
    next.fire()
  }

  /** A process is gone with its alarms. */
  drop(owner: string): void {
    for (const alarm of [...this.#alarms]) if (alarm.owner === owner) this.#alarms.delete(alarm)
  }
}
