/**
 * What a schedule does when it is looked at: decide on the due times that have come, then do what was decided.
 *
 * I3 What becomes of a due time is committed before anything is started or stopped, so of many processes one decides.
 * I6 The id of a run is made of schedule and due time: whoever finds a decision that was not carried out does so again,
 *    and the run is there once.
 * I9 Nothing starts before its due time, and each due time is decided on once, also when it passed while nothing ran.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { isEnded, isParked, type Status } from '../model/status.ts'
import { duePut } from '../store/due-list.ts'
import type { Delete } from '../store/store.ts'
import { Calendar } from './calendar.ts'
import { choose } from './overlap.ts'
import { compact, runId, type Schedule, type ScheduledRun } from './schedule.ts'
import { ScheduleDocument } from './schedule-document.ts'
import type { SchedulePort } from './schedule-port.ts'

/** Due times decided on at once where each of them starts a run. */
const STARTS = 100
/** Due times that are counted at once where at most two of them lead to a run. */
const COUNTED = 1_000
/** Runs that are remembered as going. */
const GOING = 20
/** Runs that are shown. */
const SHOWN = 10
/** Until a look that failed is repeated. */
const RETRY_MS = 1_000
/** Until a schedule that cannot be read is tried again: somebody may have restored it. */
const DAMAGED_MS = 3_600_000

/** `leave`: the schedule is another process's, since its workflow is not loaded here. */
export type Fired = 'done' | 'leave'

/** Looks at a schedule. `due`: the entries that led here; they are gone afterwards, unless the answer is `leave`. */
export async function fire(port: SchedulePort, id: string, due: readonly Delete[]): Promise<Fired> {
  try {
    return await look(port, id, due)
  } catch (error) {
    const code = error instanceof StepwrightError ? error.code : undefined
    if (code === 'store-newer') return 'leave' // to a process that knows it
    const damaged = code === 'corrupt-document'
    const again = duePut(port.host.now() + (damaged ? DAMAGED_MS : RETRY_MS), id, 'schedule')
    await port.store.write({ put: [again], delete: due }).catch(() => undefined) // a store that is away keeps `due`
    if (!damaged) throw error
    port.warn((error as StepwrightError).message)
    return 'done'
  }
}

async function look(port: SchedulePort, id: string, due: readonly Delete[]): Promise<Fired> {
  const { store, host } = port
  let rows = due
  let document: ScheduleDocument | undefined
  for (;;) {
    document ??= await ScheduleDocument.load(store, id)
    if (!document) {
      const check = [{ collection: 'schedule', key: id, revision: 0 }] as const
      if (rows.length === 0 || (await store.write({ delete: rows, check }))) return 'done'
      continue
    }
    const { schedule } = document
    if (!port.knows(schedule.settings.workflow)) return 'leave'
    const next = schedule.owed ? await perform(port, schedule) : await decide(port, schedule)
    if (next) {
      document = await document.commit(next, host.now(), rows)
      if (document) rows = []
      // with a due time that waits, once more: the run may have ended, and said so, before `rows` were removed
      if (!document || next.owed || next.held !== undefined) continue
      if ((document.schedule.wakeAt ?? Infinity) <= host.now()) port.look() // more than is done at once
      return 'done'
    }
    if (rows.length === 0) return 'done'
    if (await document.tidy(rows)) rows = []
    else document = undefined
  }
}

/** Decides on the due times that have come. `undefined`: there is nothing to change. */
async function decide(port: SchedulePort, schedule: Schedule): Promise<Schedule | undefined> {
  const { settings, counts, used, held, wakeAt = Infinity } = schedule
  const now = port.host.now()
  const statuses = await Promise.all(schedule.going.map((run) => port.status(run)))
  const going = schedule.going.filter((_, i) => isGoing(statuses[i]))
  const left = (settings.times ?? Infinity) - used
  const { missed, dues } = settings.paused || left <= 0 ? { missed: [], dues: [] } : pending(schedule, now)
  const choice = choose(settings.overlap, going.length > 0, held, dues, left)
  const { start } = choice
  const idle = missed.length + dues.length + start.length === 0 && choice.held === held && wakeAt > now
  if (idle && going.length === schedule.going.length) return undefined
  return compact<Schedule>({
    ...schedule,
    going,
    decided: dues.at(-1) ?? missed.at(-1) ?? schedule.decided,
    used: used + start.length,
    held: choice.held,
    owed: start.length > 0 || choice.stop ? { start, stop: choice.stop ? going : [] } : undefined,
    counts: {
      ...counts,
      missed: counts.missed + missed.length,
      skipped: counts.skipped + choice.skipped,
      buffered: counts.buffered + (choice.held === undefined || choice.held === held ? 0 : 1),
    },
  })
}

/** A run that was set aside does not keep a schedule from going on: it could stay so for ever. */
function isGoing(status: Status | undefined): boolean {
  return status !== undefined && !isEnded(status) && !isParked(status)
}

/** The due times whose start has come: those too late for it, and the others. The newest is always among them. */
function pending(schedule: Schedule, now: number): { missed: readonly number[]; dues: readonly number[] } {
  const { decided, settings } = schedule
  const calendar = new Calendar(schedule)
  const some = (after: number, to: number | undefined): readonly number[] => {
    if (to === undefined) return []
    const dues = calendar.list(after, to, COUNTED)
    return dues.at(-1) === to ? dues : [...dues.slice(0, -1), to]
  }
  const late = calendar.ripe(decided, now - settings.catchUp - 1)
  const since = late ?? decided
  const newest = calendar.ripe(since, now)
  const each = settings.overlap === 'allow' // then those that are left are looked at next, at once
  const dues = each ? calendar.list(since, newest ?? since, STARTS) : some(since, newest)
  return { missed: some(decided, late), dues }
}

/** Does what was decided; any number of processes may do it at once. */
async function perform(port: SchedulePort, schedule: Schedule): Promise<Schedule> {
  const { settings, owed = { start: [], stop: [] } } = schedule
  const { id } = settings
  const reason = `schedule ${quote(id)} starts its next run`
  for (const run of owed.stop) {
    const hard = settings.overlap === 'terminate-other'
    const failure = await refused(hard ? port.terminate(run, reason) : port.cancel(run, reason))
    if (failure && failure.code !== 'run-ended' && failure.code !== 'unknown-run') port.warn(failure.message)
  }
  const started: ScheduledRun[] = []
  let problem = owed.start.length > 0 ? undefined : schedule.problem
  for (const time of owed.start) {
    const run = runId(id, time)
    const failure = await refused(startRun(port, schedule, run))
    if (failure) port.warn(`Schedule ${quote(id)} could not start ${quote(run)}: ${failure.message}`)
    if (failure) problem = failure.message
    else started.push({ due: new Date(time), run, at: new Date(port.host.now()) })
  }
  const failed = schedule.counts.failed + owed.start.length - started.length
  const next = withRuns({ ...schedule, counts: { ...schedule.counts, failed } }, started, true)
  return compact<Schedule>({ ...next, problem, owed: undefined })
}

/** Starts a run of a schedule. That it is there already, even with another input from before an update, is as good. */
export async function startRun(port: SchedulePort, { settings }: Schedule, run: string): Promise<void> {
  const { id: schedule, workflow, input, session } = settings
  const own = session === undefined ? {} : { session }
  try {
    await port.start(workflow, input, { id: run, schedule, ...own })
  } catch (error) {
    if (!(error instanceof StepwrightError) || error.code !== 'run-exists') throw error
  }
}

/** A schedule with runs that it has started. `watched`: its overlap policy looks at them. */
export function withRuns(schedule: Schedule, runs: readonly ScheduledRun[], watched: boolean): Schedule {
  const { counts, going, lastRuns } = schedule
  const ids = watched ? runs.map(({ run }) => run) : []
  return {
    ...schedule,
    counts: { ...counts, started: counts.started + runs.length },
    going: [...going, ...ids].slice(-GOING),
    lastRuns: [...runs.toReversed(), ...lastRuns].slice(0, SHOWN),
  }
}

/** The error for which something cannot be done; one that may pass, such as a store that is away, is thrown. */
async function refused(done: Promise<void>): Promise<StepwrightError | undefined> {
  try {
    await done
    return undefined
  } catch (error) {
    if (!(error instanceof StepwrightError) || /^(store-|engine-closed|fenced)/.test(error.code)) throw error
    return error
  }
}
