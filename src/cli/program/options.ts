import { InvalidArgumentError, Option } from 'commander'
import { toMs, type Duration } from '../../model/duration.ts'
import { STATUSES } from '../../model/status.ts'
import { readCaller } from '../caller-argument.ts'

/** Who says so. */
export const asOption = (): Option =>
  new Option('--as <who>', 'who says so: ID, or ID:role,role').argParser(readCaller)

/** Why, for the history. */
export const reasonOption = (): Option => new Option('--reason <text>', 'why, for the history')

/** Which runs, as `list` has them. */
export function filterOptions(only = 'only'): readonly Option[] {
  return [
    new Option('-w, --workflow <name>', `${only} runs of that workflow`),
    new Option('--status <status...>', `${only} runs with one of these`).choices(STATUSES),
    new Option('--state <state>', `${only} runs that stand in that state`),
    new Option('--session <id>', `${only} runs of that session`),
  ]
}

/** Which runs a verb is done with, where none is named. */
export function selectionOptions(): readonly Option[] {
  return [
    ...filterOptions('choose'),
    new Option('--all', 'choose all runs'),
    new Option('--dry-run', 'only show what would be done'),
    new Option('-y, --yes', 'do it with many runs without asking'),
  ]
}

/** The run is left to the workers there are. */
export const noFollowOption = (): Option =>
  new Option('--no-follow', 'leave it to the workers there are, instead of driving it here')

/** A whole number. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER - 1): (text: string) => number {
  return (text) => {
    const n = /^\d+$/.test(text) ? Number(text) : NaN
    if (n >= least && n <= most) return n
    throw new InvalidArgumentError(
      `Give a whole number of ${least} or more${most < 2 ** 31 ? `, up to ${most}` : ''}.`,
    )
  }
}

/** A length of time, such as `90s`. */
export function duration(text: string): Duration {
  try {
    toMs(text as Duration, 'it')
    return text as Duration
  } catch {
    throw new InvalidArgumentError("Give a number with a unit of ms, s, m, h, d, w, such as '90s' or '1.5h'.")
  }
}

/** A moment, in the form of ISO 8601. A time without a zone is one of this place, a date without a time is UTC. */
export function moment(text: string): Date {
  const date = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)
    ? new Date(text)
    : undefined
  if (date && !Number.isNaN(date.getTime())) return date
  throw new InvalidArgumentError('Give a date such as 2026-11-21, 2026-11-21T09:30 or 2026-11-21T09:30:00Z.')
}

/** A length of time from now, or a moment. */
export function durationOrMoment(text: string): Duration | Date {
  return /^\d{4}-/.test(text) ? moment(text) : duration(text)
}

/** An option that may be given several times. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
