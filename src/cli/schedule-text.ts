import { formatMs } from '../model/duration.ts'
import type { ScheduleView } from '../schedule/schedule.ts'
import { sayDate, sayDistance } from './moment.ts'
import { clean, oneLine, type Terminal } from './terminal.ts'

/** When a schedule is due, in a few words. */
export function sayWhen({ cron, timeZone, every, at }: ScheduleView): string {
  if (at) return `at ${sayDate(at.getTime())}`
  if (every !== undefined) return `every ${sayLength(every)}`
  return cron ? `${cron.join(' | ')} ${timeZone}` : '?'
}

/** A schedule as a row of a list. */
export function scheduleRow(view: ScheduleView): string[] {
  const { id, workflow, running, counts, problem } = view
  const cells = [id, workflow, sayWhen(view), sayNext(view), String(running.length), String(counts.started)]
  return [...cells, problem ?? ''].map(oneLine)
}

/** Of {@link scheduleRow}. */
export const SCHEDULE_HEADINGS = ['SCHEDULE', 'WORKFLOW', 'WHEN', 'NEXT', 'GOING', 'STARTED', 'PROBLEM']

function sayNext({ nextAt, paused }: ScheduleView): string {
  if (paused) return 'paused'
  return nextAt ? sayDistance(nextAt.getTime(), Date.now()) : 'over'
}

/** A schedule for people. */
export function describeSchedule(view: ScheduleView, terminal: Terminal): string[] {
  const { id, workflow, session, from, until, times, overlap, catchUp, jitter, note } = view
  const { input, paused, createdAt, nextAt, waiting, running, lastRuns, counts, problem } = view
  const lines: (readonly [name: string, value: string])[] = [
    ['workflow', clean(workflow)],
    ['when', clean(sayWhen(view))],
  ]
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) lines.push([name, value])
  }
  add('from', from && sayDate(from.getTime()))
  add('until', until && sayDate(until.getTime()))
  add('times', times === undefined ? undefined : String(times))
  add('next', nextAt && timed(nextAt))
  add('overlap', overlap)
  add('catch-up', sayLength(catchUp))
  add('jitter', jitter === 0 ? undefined : sayLength(jitter))
  add('session', session === undefined ? undefined : clean(session))
  add('input', terminal.value(input))
  add('note', note === undefined ? undefined : clean(note))
  add('created', timed(createdAt))
  const { started, skipped, missed, buffered, failed } = counts
  add(
    'counts',
    `${started} started, ${skipped} skipped, ${missed} missed, ${buffered} had to wait, ${failed} failed`,
  )
  add('going', running.length > 0 ? clean(running.join('; ')) : undefined)
  add('waiting', waiting && timed(waiting))
  add('problem', problem === undefined ? undefined : terminal.onOut('bad', problem))
  const state = paused ? 'paused' : nextAt ? 'active' : 'over'
  return [
    `${terminal.onOut('strong', id)}  ${terminal.onOut(state === 'active' ? 'good' : 'warn', state)}`,
    ...lines.map(
      ([name, value]) =>
        `  ${terminal.onOut('dim', name.padEnd(9))}  ${value.replaceAll('\n', `\n${' '.repeat(13)}`)}`,
    ),
    ...(lastRuns.length > 0 ? ['newest runs'] : []),
    ...lastRuns.map(({ due, run }) => `  ${sayDate(due.getTime())}  ${terminal.onOut('plain', run)}`),
  ]
}

/** A length of time that a person has chosen: `90m` stays round. */
function sayLength(ms: number): string {
  return formatMs(ms)
    .replace(/ 0[a-z]+$/, '')
    .replace('.0s', 's')
}

function timed(at: Date): string {
  return `${sayDate(at.getTime())} (${sayDistance(at.getTime(), Date.now())})`
}
