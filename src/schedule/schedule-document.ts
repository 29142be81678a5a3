/**
 * A schedule as it is stored: one row, and one entry of the due list that is written in the same batch.
 *
 * I1  A change names the revision it was made from; the store refuses it unless that stands.
 * I10 A damaged row is told apart from an absent one, and concerns no other schedule.
 */
import { crc32 } from 'node:zlib'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { decode, encode } from '../store/codec.ts'
import { dueKey, duePut } from '../store/due-list.ts'
import type { Delete, Row, Store } from '../store/store.ts'
import { Calendar } from './calendar.ts'
import { compact, type Schedule } from './schedule.ts'

const FORMAT = 1
/** What is in the due list for a schedule. */
const WHY = 'schedule'
/** After this another process goes on with what was decided and not done. */
const OWED_MS = 1_000
/** How often it is asked whether the run that a due time waits for has ended, besides being told. */
const HELD_MS = 60_000

export class ScheduleDocument {
  readonly schedule: Schedule
  readonly revision: number
  readonly #store: Store

  /** With revision 0, the first commit creates it. */
  constructor(store: Store, schedule: Schedule, revision: number) {
    this.#store = store
    this.schedule = schedule
    this.revision = revision
  }

  static async load(store: Store, id: string): Promise<ScheduleDocument | undefined> {
    const [row] = await store.get('schedule', [id])
    return row && new ScheduleDocument(store, readSchedule(id, row), row.revision)
  }

  /** Writes the next revision and its due entry, and removes `due`. `undefined`: another change came first. */
  async commit(
    change: Schedule,
    now: number,
    due: readonly Delete[] = [],
  ): Promise<ScheduleDocument | undefined> {
    const next = compact<Schedule>({ ...change, wakeAt: wakeAt(change, now) })
    const { id } = next.settings
    const body = `"format":${FORMAT},"schedule":${JSON.stringify(encode(next, ''))}}`
    const value = `{"crc":${crc32(body)},${body}`
    const entry = next.wakeAt === undefined ? [] : [duePut(next.wakeAt, id, WHY)]
    const written = await this.#store.write({
      put: [{ collection: 'schedule', key: id, value, expect: this.revision }, ...entry],
      delete: [...this.entry, ...due].filter(({ key }) => key !== entry[0]?.key),
    })
    return written ? new ScheduleDocument(this.#store, next, this.revision + 1) : undefined
  }

  /** Removes due entries that have been answered, and keeps its own. `false`: a change came first. */
  async tidy(due: readonly Delete[]): Promise<boolean> {
    const own = this.entry[0]?.key
    const gone = due.filter(({ key }) => key !== own)
    const check = [
      { collection: 'schedule', key: this.schedule.settings.id, revision: this.revision },
    ] as const
    return gone.length === 0 || this.#store.write({ delete: gone, check })
  }

  /** Its own entry of the due list, if it has one. */
  get entry(): readonly Delete[] {
    const { wakeAt, settings } = this.schedule
    return wakeAt === undefined ? [] : [{ collection: 'due', key: dueKey(wakeAt, settings.id, WHY) }]
  }
}

/** Reads a row; `corrupt-document` where it is damaged. */
export function readSchedule(id: string, row: Pick<Row, 'value'>): Schedule {
  let parsed: { crc?: unknown; format?: unknown; schedule?: unknown } = {}
  try {
    parsed = JSON.parse(row.value) as typeof parsed
  } catch {
    // its checksum does not fit then
  }
  if (parsed.crc !== crc32(row.value.slice(row.value.indexOf(',') + 1)))
    throw new StepwrightError('corrupt-document', {
      what: `The document of schedule ${quote(id)} is damaged`,
      remedy: 'Restore it from a backup, or delete the schedule and create it again; others are not affected',
      details: { schedule: id },
    })
  if (parsed.format !== FORMAT)
    throw new StepwrightError('store-newer', {
      what: `The document of schedule ${quote(id)} has the format ${quote(parsed.format)}, not ${FORMAT}`,
      remedy: 'Use the version of Stepwright that wrote it, or a newer one',
      details: { schedule: id },
    })
  return decode(parsed.schedule) as Schedule
}

/** The next due time that will be decided on. */
export function nextDue(schedule: Schedule): number | undefined {
  const { settings, used, decided } = schedule
  const over = settings.paused || used >= (settings.times ?? Infinity)
  return over ? undefined : new Calendar(schedule).after(decided)
}

/** When the schedule must be looked at again. */
function wakeAt(schedule: Schedule, now: number): number | undefined {
  if (schedule.owed) return now + OWED_MS
  const due = nextDue(schedule)
  const start = due === undefined ? undefined : new Calendar(schedule).startsAt(due)
  return schedule.held === undefined ? start : Math.min(start ?? Infinity, now + HELD_MS)
}
