import { isDeepStrictEqual } from 'node:util'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Delete } from '../store/store.ts'
import { Calendar } from './calendar.ts'
import { fire, startRun, withRuns, type Fired } from './firing.ts'
import { checkAhead, mustFor, settle } from './settings.ts'
import { compact, runId } from './schedule.ts'
import type { Schedule, ScheduledRun, ScheduleOptions, ScheduleSettings, ScheduleView } from './schedule.ts'
import { nextDue, readSchedule, ScheduleDocument } from './schedule-document.ts'
import type { SchedulePort } from './schedule-port.ts'

/** What {@link ScheduleBook.update} changes; `undefined` takes an option back to its default. */
export type ScheduleChanges = {
  readonly [K in Exclude<keyof ScheduleOptions, 'id'>]?: ScheduleOptions[K] | undefined
}

type Change = Schedule | Promise<Schedule>

/** What decides when a schedule is due. */
const MOVING = ['cron', 'timeZone', 'every', 'at', 'from', 'until', 'times'] as const
/** The most due times that one call lists or starts. */
const MOST = 1_000

/** The schedules in a store: made, read and changed while workers run, by any process. */
export class ScheduleBook {
  readonly #port: SchedulePort

  constructor(port: SchedulePort) {
    this.#port = port
  }

  /** Stores a schedule. The same again, whether or not it is paused by now, gives back the one that is there. */
  async create(options: ScheduleOptions): Promise<ScheduleView> {
    const { store, host } = this.#port
    const settings = settle(options)
    for (;;) {
      const there = await ScheduleDocument.load(store, settings.id)
      if (there) return viewOf(sameOrThrow(there.schedule, settings))
      const now = host.now()
      await this.#port.check(settings.workflow, settings.input)
      checkAhead(settings, now)
      const schedule: Schedule = {
        ...{ settings, createdAt: now, decided: now - 1, used: 0, going: [], lastRuns: [] },
        counts: { started: 0, skipped: 0, missed: 0, buffered: 0, failed: 0 },
      }
      const created = await new ScheduleDocument(store, schedule, 0).commit(schedule, now)
      if (created) return this.#changed(created)
    }
  }

  /** One schedule; `unknown-schedule` where there is none. */
  async get(id: string): Promise<ScheduleView> {
    return viewOf((await this.#load(id)).schedule)
  }

  /** All schedules in the order of their ids. One whose row is damaged is shown with a `problem`, and as paused. */
  async list(): Promise<readonly ScheduleView[]> {
    const rows = await this.#port.store.list('schedule', { limit: Number.MAX_SAFE_INTEGER, values: true })
    return rows.map(({ key, value = '' }) => readView(key, value))
  }

  /** Changes options. Where that changes when the schedule is due, the new times count from now on. */
  async update(id: string, changes: ScheduleChanges): Promise<ScheduleView> {
    const { host } = this.#port
    const changed = (keys: readonly (keyof ScheduleChanges)[]): boolean => keys.some((key) => key in changes)
    return this.#change(id, async (schedule) => {
      const { cron, every, at, ...rest } = schedule.settings
      const timed = [changes.cron, changes.every, changes.at].some((when) => when !== undefined)
      const before = timed ? rest : { ...rest, cron, every, at }
      const settings = settle(compact<ScheduleOptions>({ ...before, ...changes, id }))
      if (changed(['workflow', 'input'])) await this.#port.check(settings.workflow, settings.input)
      const moved = changed(MOVING)
      if (moved) checkAhead(settings, host.now())
      const restarts = moved || settings.paused !== schedule.settings.paused
      return restarts ? restarted(schedule, settings, host.now()) : { ...schedule, settings }
    })
  }

  /** Nothing is due until it is resumed. A due time that waited for another run to end is dropped. */
  pause(id: string, note?: string): Promise<ScheduleView> {
    return this.update(id, { paused: true, ...(note === undefined ? {} : { note }) })
  }

  /** Goes on with the next due time; what was due while it was paused is not made up for. */
  resume(id: string, note?: string): Promise<ScheduleView> {
    return this.update(id, { paused: false, ...(note === undefined ? {} : { note }) })
  }

  /** Removes a schedule, a damaged one too. Its runs go on. */
  async delete(id: string): Promise<void> {
    const { store } = this.#port
    const row: Delete = { collection: 'schedule', key: id, must: true }
    const document = await ScheduleDocument.load(store, id).catch(() => undefined) // a damaged one's entry goes when it is due
    if (!(await store.write({ delete: [row, ...(document?.entry ?? [])] }))) throw this.#unknown(id)
  }

  /** Starts a run at once, whatever the overlap policy and also while paused; the policy sees it as going from then on. */
  async runNow(id: string): Promise<string> {
    const { host } = this.#port
    const { schedule } = await this.#load(id)
    const run = `${id}/now/${host.newId()}`
    const now = new Date(host.now())
    await startRun(this.#port, schedule, run)
    await this.#change(id, (current) => withRuns(current, [{ due: now, run, at: now }], true))
    return run
  }

  /**
   * Starts a run for each due time from `from` to `to`, both included, that has none yet, side by side: the overlap
   * policy neither holds them back nor sees them. Gives the ids of all of them, oldest first. May be repeated.
   */
  async backfill(id: string, from: Date, to: Date): Promise<readonly string[]> {
    const { host } = this.#port
    const { schedule } = await this.#load(id)
    const must = mustFor(id)
    const what = `it cannot be backfilled from ${quote(from)} to ${quote(to)}`
    const usable = from instanceof Date && to instanceof Date && from <= to && to.getTime() <= host.now()
    must(usable, what, 'Give two dates, the earlier one first, none in the future')
    const dues = new Calendar(schedule).list(from.getTime() - 1, to.getTime(), MOST + 1)
    must(
      dues.length <= MOST,
      `${what}, more than ${MOST} due times`,
      'Give a part of that time, then the next',
    )
    const started: ScheduledRun[] = []
    for (const due of dues) {
      const run = runId(id, due)
      if ((await this.#port.status(run)) !== undefined) continue
      await startRun(this.#port, schedule, run)
      started.push({ due: new Date(due), run, at: new Date(host.now()) })
    }
    if (started.length > 0) await this.#change(id, (current) => withRuns(current, started, false))
    return dues.map((due) => runId(id, due))
  }

  /** The next `n` due times, at most 1,000, as if it were not paused. */
  async next(id: string, n: number): Promise<readonly Date[]> {
    const { schedule } = await this.#load(id)
    const countable = Number.isSafeInteger(n) && n >= 1 && n <= MOST
    mustFor(id)(countable, `n is ${quote(n)}`, `Give a number from 1 to ${MOST}`)
    const left = (schedule.settings.times ?? Infinity) - schedule.used
    const dues = new Calendar(schedule).list(this.#port.host.now() - 1, Infinity, Math.min(n, left))
    return dues.map((due) => new Date(due))
  }

  /**
   * Looks at a schedule, at any time: starts what has come due, and what waited for a run that has ended. `due` are the
   * entries of the due list that led here. They are gone afterwards, unless the answer is `leave`: its workflow is not
   * loaded here, so it is another process's.
   */
  fire(id: string, due: readonly { readonly key: string }[]): Promise<Fired> {
    const rows = due.map(({ key }) => ({ collection: 'due', key }) as const)
    return fire(this.#port, id, rows)
  }

  async #change(id: string, change: (schedule: Schedule) => Change): Promise<ScheduleView> {
    for (;;) {
      const document = await this.#load(id)
      const written = await document.commit(await change(document.schedule), this.#port.host.now())
      if (written) return this.#changed(written)
    }
  }

  #changed({ schedule }: ScheduleDocument): ScheduleView {
    this.#port.look()
    return viewOf(schedule)
  }

  async #load(id: string): Promise<ScheduleDocument> {
    const document = await ScheduleDocument.load(this.#port.store, id)
    if (document) return document
    throw this.#unknown(id)
  }

  #unknown(id: string): StepwrightError {
    return new StepwrightError('unknown-schedule', {
      what: `There is no schedule ${quote(id)} in ${this.#port.store.name}`,
      remedy: 'List the schedules there are',
      details: { schedule: id },
    })
  }
}

/** What was due until now under the old settings, and was not decided on, is given up. */
function restarted(schedule: Schedule, settings: ScheduleSettings, now: number): Schedule {
  const { held, counts, ...rest } = schedule
  const skipped = counts.skipped + (held === undefined ? 0 : 1)
  return { ...rest, settings, counts: { ...counts, skipped }, decided: Math.max(schedule.decided, now - 1) }
}

function sameOrThrow(schedule: Schedule, asked: ScheduleSettings): Schedule {
  const there = { ...schedule.settings, paused: asked.paused, note: asked.note }
  const keys = Object.keys({ ...there, ...asked }) as (keyof ScheduleSettings)[]
  const other = keys.filter((key) => !isDeepStrictEqual(there[key], asked[key]))
  if (other.length === 0) return schedule
  throw new StepwrightError('schedule-exists', {
    what: `Schedule ${quote(asked.id)} is there, with another ${other.join(', ')}`,
    remedy: 'Change it with update, or use an id of its own for each schedule',
    details: { schedule: asked.id, differs: other },
  })
}

function viewOf(schedule: Schedule): ScheduleView {
  const { settings, createdAt, held, going, lastRuns, counts, problem } = schedule
  const date = (time: number | undefined): Date | undefined => (time === undefined ? time : new Date(time))
  const moments = { createdAt: new Date(createdAt), nextAt: date(nextDue(schedule)), waiting: date(held) }
  return compact<ScheduleView>({ ...settings, ...moments, running: going, lastRuns, counts, problem })
}

function readView(id: string, value: string): ScheduleView {
  try {
    return viewOf(readSchedule(id, { value }))
  } catch (error) {
    if (!(error instanceof StepwrightError)) throw error
    return {
      ...{ id, workflow: '?', input: undefined, timeZone: 'UTC', overlap: 'skip', catchUp: 0, jitter: 0 },
      ...{ paused: true, createdAt: new Date(0), running: [], lastRuns: [], problem: error.message },
      counts: { started: 0, skipped: 0, missed: 0, buffered: 0, failed: 0 },
    }
  }
}
