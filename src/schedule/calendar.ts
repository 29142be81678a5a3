import { hash } from 'node:crypto'
import { Cron } from 'croner'
import type { Schedule } from './schedule.ts'

/** A cron line. Throws where it cannot be read; one that croner reads as a date has no pattern. */
export function readCron(line: string, timeZone: string): Cron {
  // hours given as a list are clock times like single ones: 02:30 is not lost where the clock goes from 02:00 to 03:00
  return new Cron(line, { timezone: timeZone, fixedTimeRule: 'no-wildcard' })
}

/** The due times of a schedule, as milliseconds since 1970. Asks no clock, and steps over long gaps without walking them. */
export class Calendar {
  readonly #settings: Schedule['settings']
  readonly #crons: readonly Cron[]
  readonly #from: number
  readonly #first: number

  constructor({ settings, createdAt }: Pick<Schedule, 'settings' | 'createdAt'>) {
    const { cron = [], timeZone, every = 0, from } = settings
    this.#settings = settings
    this.#crons = cron.map((line) => readCron(line, timeZone))
    this.#from = from ? from.getTime() : -Infinity
    this.#first = from ? from.getTime() : createdAt + every
  }

  /** The first due time after `time`. */
  after(time: number): number | undefined {
    const due = this.#unbounded(Math.max(time, this.#from - 1))
    return due <= (this.#settings.until?.getTime() ?? Number.MAX_VALUE) ? due : undefined
  }

  #unbounded(time: number): number {
    const { at, every } = this.#settings
    if (at) return at.getTime() > time ? at.getTime() : Infinity
    if (every === undefined)
      return Math.min(...this.#crons.map((cron) => cron.nextRun(new Date(time))?.getTime() ?? Infinity))
    const past = Math.floor((time - this.#first) / every) + 1
    return this.#first + Math.max(0, past) * every
  }

  /** The due times after `after` and up to `to`, at most `limit` of them. */
  list(after: number, to: number, limit: number): number[] {
    const dues: number[] = []
    for (
      let due = this.after(after);
      due !== undefined && due <= to && dues.length < limit;
      due = this.after(due)
    )
      dues.push(due)
    return dues
  }

  /** The last due time after `after` and up to `to`; halves what is left, so a year costs some thirty questions. */
  latest(after: number, to: number): number | undefined {
    const first = this.after(after)
    if (first === undefined || first > to) return undefined
    let last = first
    let none = to // nothing is due after this and up to `to`
    for (;;) {
      const next = this.after(last)
      if (next === undefined || next > none) return last
      const middle = Math.floor((next + none) / 2)
      const due = this.after(middle)
      if (due !== undefined && due <= none) last = due
      else [last, none] = [next, middle]
    }
  }

  /** I9 When the run of a due time starts: never before it, and before the next due time. */
  startsAt(due: number): number {
    const { id, jitter } = this.#settings
    if (jitter === 0) return due
    const gap = (this.after(due) ?? Infinity) - due
    const chance = Number.parseInt(hash('sha256', `${id}/${due}`).slice(0, 8), 16) / 2 ** 32
    return due + Math.floor(chance * Math.min(jitter, gap))
  }

  /** The last due time after `after` whose run starts at `time` or before. */
  ripe(after: number, time: number): number | undefined {
    const due = this.latest(after, time)
    return due === undefined || this.startsAt(due) <= time ? due : this.latest(after, due - 1)
  }
}
