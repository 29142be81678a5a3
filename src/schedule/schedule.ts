import type { Duration } from '../model/duration.ts'

/** What happens to a due time that comes while a run of the same schedule is still going. */
export const OVERLAPS = [
  'skip', // it is dropped
  'buffer-one', // it starts when that run has ended; one at a time waits, the others are dropped
  'allow', // it starts beside it
  'cancel-other', // that run is cancelled, and it starts when that has ended
  'terminate-other', // the same, at once and without compensations
] as const

/** One of {@link OVERLAPS}. */
export type Overlap = (typeof OVERLAPS)[number]

/** A schedule as it is asked for: which workflow is started, with what, and when. */
export interface ScheduleOptions {
  /** 1 to 160 printable characters. */
  readonly id: string
  /** The name of the workflow. */
  readonly workflow: string
  /** The input of every run. */
  readonly input: unknown
  /** The session of every run. Default: each has its own. */
  readonly session?: string
  /** Lines of 5 fields, or of 6 with seconds first, or of 7 with the year last. Exactly one of `cron`, `every` and `at`. */
  readonly cron?: string | readonly string[]
  /** The time zone of the cron lines, by its IANA name. Default `'UTC'`. */
  readonly timeZone?: string
  /** The time from one start to the next, counted from `from` (which is the first) or from the schedule's creation. */
  readonly every?: Duration
  /** Once. */
  readonly at?: Date
  /** No due time before this. */
  readonly from?: Date
  /** No due time after this. */
  readonly until?: Date
  /** At most so many due times lead to a run. */
  readonly times?: number
  /** Default `'skip'`. */
  readonly overlap?: Overlap
  /** Due times that could not be looked at in time are still started, oldest first, up to this late. Default `'1m'`. */
  readonly catchUp?: Duration
  /** Each start is put off by a part of this, the same one on every machine, never up to the next due time. Default 0. */
  readonly jitter?: Duration
  /** Nothing is due while this is set. Default false. */
  readonly paused?: boolean
  /** For people. */
  readonly note?: string
}

/** {@link ScheduleOptions} that were checked, with defaults filled in; lengths of time in milliseconds. */
export interface ScheduleSettings extends ScheduleOptions {
  readonly cron?: readonly string[]
  readonly timeZone: string
  readonly every?: number
  readonly overlap: Overlap
  readonly catchUp: number
  readonly jitter: number
  readonly paused: boolean
}

/** What became of the due times of a schedule, and what was started by hand. */
export interface ScheduleCounts {
  /** Runs started, by hand too. */
  readonly started: number
  /** Dropped by the overlap policy. At most 1,000 are counted at a time. */
  readonly skipped: number
  /** Dropped for being later than `catchUp`. At most 1,000 are counted at a time. */
  readonly missed: number
  /** Had to wait for another run; they are counted again as started or skipped. */
  readonly buffered: number
  /** Could not be started, for example since the input no longer fits. */
  readonly failed: number
}

/** A run that a schedule started. */
export interface ScheduledRun {
  /** The due time it stands for. */
  readonly due: Date
  readonly run: string
  /** When it was started. */
  readonly at: Date
}

/** A schedule as it is kept. Moments are milliseconds since 1970. */
export interface Schedule {
  readonly settings: ScheduleSettings
  readonly createdAt: number
  /** What becomes of the due times up to this one has been decided. */
  readonly decided: number
  /** Due times that led to a run; `times` limits them. */
  readonly used: number
  /** The due time that waits for another run to end. */
  readonly held?: number
  /** Decided, stored, and not yet known to be done. */
  readonly owed?: { readonly start: readonly number[]; readonly stop: readonly string[] }
  /** The newest runs that are not known to have ended. */
  readonly going: readonly string[]
  /** Newest first. */
  readonly lastRuns: readonly ScheduledRun[]
  readonly counts: ScheduleCounts
  /** Why the newest due time could not be started. */
  readonly problem?: string
  /** Of its entry in the due list. */
  readonly wakeAt?: number
}

/** A schedule as it is shown. */
export interface ScheduleView extends ScheduleSettings {
  readonly createdAt: Date
  /** The next due time; with jitter the run starts a little later. Absent where nothing is due any more, or it is paused. */
  readonly nextAt?: Date
  /** Runs not known to have ended, oldest first; at most the newest 20. */
  readonly running: readonly string[]
  /** The due time that waits for another run to end. */
  readonly waiting?: Date
  /** The newest 10, newest first. */
  readonly lastRuns: readonly ScheduledRun[]
  readonly counts: ScheduleCounts
  /** Why the newest due time could not be started, or why the schedule cannot be read. */
  readonly problem?: string
}

/** The id of the run that stands for a due time, so that it can be started any number of times and be there once. */
export function runId(schedule: string, due: number): string {
  return `${schedule}/${new Date(due).toISOString()}`
}

/** An object without the keys that are undefined. */
export function compact<T extends object>(object: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}
