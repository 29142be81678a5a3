import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toMs } from '../model/duration.ts'
import { checkId } from '../model/identifier.ts'
import { encode } from '../store/codec.ts'
import { Calendar, readCron } from './calendar.ts'
import { compact, OVERLAPS, type ScheduleOptions, type ScheduleSettings } from './schedule.ts'

/** Leaves room for a due time in the id of a run. */
const LONGEST_ID = 160
/** Below this an ordinary delay would lose due times. */
const SHORTEST_CATCH_UP_MS = 1_000
/** The end of the year 9999: later dates are mistakes, and would not sort in the due list. */
const LAST_DATE = Date.UTC(10_000, 0, 1) - 1

const KINDS = ['cron', 'every', 'at'] as const
const KEYS: readonly string[] = [
  ...KINDS,
  ...['id', 'workflow', 'input', 'session', 'timeZone', 'from', 'until', 'times'],
  ...['overlap', 'catchUp', 'jitter', 'paused', 'note'],
]

/** Checks what does not depend on the time of asking, and fills in defaults. Throws `invalid-schedule`. */
export function settle(options: ScheduleOptions): ScheduleSettings {
  const { id, workflow, input, session, at, from, until, times, timeZone = 'UTC', overlap = 'skip' } = options
  const must = mustFor(id)
  const readable = typeof id === 'string' && !/\p{Cc}/u.test(id) && id.isWellFormed()
  must(
    readable && id !== '' && id.length <= LONGEST_ID,
    'the id cannot be used',
    `Give 1 to ${LONGEST_ID} printable characters`,
  )
  const stray = Object.keys(options).find((key) => !KEYS.includes(key))
  must(stray === undefined, `${quote(stray)} is not an option`, `The options are ${KEYS.join(', ')}`)
  must(typeof workflow === 'string', `workflow is ${quote(workflow)}`, 'Give the name of a workflow')
  if (session !== undefined) checkId('session', session)
  encode(input, 'input')

  const kinds = KINDS.filter((kind) => options[kind] !== undefined)
  const given = kinds.length === 0 ? 'it does not say when' : `${kinds.join(' and ')} are given`
  must(kinds.length === 1, given, 'Give exactly one of cron, every and at')
  must(
    isTimeZone(timeZone),
    `there is no time zone ${quote(timeZone)}`,
    "Give an IANA name such as 'Europe/Berlin'",
  )
  const cron = options.cron === undefined ? undefined : [options.cron].flat()
  must(cron?.length !== 0, 'cron is an empty list', 'Give at least one line')
  for (const line of cron ?? []) checkLine(id, line, timeZone)
  for (const [name, date] of Object.entries({ at, from, until })) {
    const usable =
      date === undefined || (date instanceof Date && date.getTime() >= 0 && date.getTime() <= LAST_DATE)
    must(usable, `${name} is ${quote(date)}`, 'Give a Date between the years 1970 and 9999')
  }

  const of = `of schedule ${quote(id)}`
  const every = options.every === undefined ? undefined : toMs(options.every, `every ${of}`)
  must(every !== 0, `every is ${quote(options.every)}`, 'Give an interval of 1 ms or more')
  const catchUp = toMs(options.catchUp ?? '1m', `catchUp ${of}`)
  must(
    catchUp >= SHORTEST_CATCH_UP_MS,
    `catchUp is ${quote(options.catchUp)}`,
    "Give '1s' or more: some delay is ordinary",
  )
  const countable = times === undefined || (Number.isSafeInteger(times) && times >= 1)
  must(countable, `times is ${quote(times)}`, 'Give a whole number of 1 or more')
  const policies = OVERLAPS.map(quote).join(', ')
  must(OVERLAPS.includes(overlap), `there is no overlap policy ${quote(overlap)}`, `Give one of ${policies}`)
  const jitter = toMs(options.jitter ?? 0, `jitter ${of}`)
  const paused = options.paused ?? false
  return compact<ScheduleSettings>({ ...options, cron, timeZone, every, overlap, catchUp, jitter, paused })
}

/** Refuses what would never be due from now on. Apart from {@link settle}, since a schedule that is there may be over. */
export function checkAhead(settings: ScheduleSettings, now: number): void {
  const { id, cron = [], timeZone, at, from, until } = settings
  const must = mustFor(id)
  const say = (date: Date | undefined): string => date?.toISOString() ?? 'not given'
  const today = say(new Date(now))
  must(!at || at.getTime() >= now, `at is ${say(at)}, which is in the past`, `Give a date after ${today}`)
  for (const line of cron) {
    const fires = readCron(line, timeZone).nextRun(new Date(now - 1)) !== null
    must(
      fires,
      `the cron line ${quote(line)} never fires`,
      'Look for a day that no month has, or a year that is past',
    )
  }
  const due = new Calendar({ settings, createdAt: now }).after(now - 1)
  must(
    due !== undefined,
    `nothing is due after ${today}`,
    `Look at from (${say(from)}) and until (${say(until)})`,
  )
}

/** What throws an `invalid-schedule` where something does not hold. */
export function mustFor(id: unknown): (holds: boolean, what: string, remedy: string) => void {
  return (holds, what, remedy) => {
    if (!holds)
      throw new StepwrightError('invalid-schedule', {
        what: `Schedule ${quote(id)}: ${what}`,
        remedy,
        details: { schedule: id },
      })
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }) !== undefined
  } catch {
    return false
  }
}

function checkLine(id: string, line: unknown, timeZone: string): void {
  let why = ''
  try {
    if (typeof line === 'string' && readCron(line, timeZone).getPattern() !== undefined) return
  } catch (error) {
    why = ` (${String((error as Error).message).replace(/^CronPattern: |\.$/g, '')})`
  }
  const fields = 'minute, hour, day of month, month and day of week'
  mustFor(id)(
    false,
    `the cron line ${quote(line)} cannot be read${why}`,
    `Give ${fields}, such as '30 2 * * MON-FRI', or six fields with seconds first`,
  )
}
