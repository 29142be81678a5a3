import { sayBoundary, sayVerdict } from '../testing/drill/drill-text.ts'
import type { DrillReport, HandlerVerdict } from '../testing/drill/report.ts'
import type { Trial } from '../testing/drill/trial.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** A line of progress: `7/26 killed after write 4: same outcome; again: charge`. */
export function trialLine(trial: Trial, tried: number, of: number, terminal: Terminal): string {
  const came = trial.unreached
    ? 'the run made fewer writes this time'
    : trial.same
      ? 'same outcome'
      : terminal.onErr('bad', `another outcome at ${trial.differences[0]?.path ?? ''}`)
  const again = trial.repeated.map(({ handler }) => handler).join(', ')
  return `${tried}/${of} killed ${sayBoundary(trial)}: ${came}${again === '' ? '' : terminal.onErr('dim', `; again: ${again}`)}`
}

/** The report as a table of handlers, and what differed. */
export function reportLines(report: DrillReport, terminal: Terminal): readonly string[] {
  const { trials, boundaries, writes, passed, handlers, varies, status, path, workflow } = report
  const different = trials.filter(({ same }) => !same)
  const rows = handlers.map((handler) => [
    oneLine(handler.handler),
    String(handler.repeated),
    String(handler.begun),
    sayVerdict(handler),
    sayCalls(handler),
  ])
  const outcome = passed
    ? terminal.onOut('good', 'the same outcome each time')
    : terminal.onOut('bad', `another outcome ${different.length} times`)
  return [
    ...table(['HANDLER', 'CRASHES AT WORK', 'MOST STARTS', 'VERDICT', 'CALLS REPEATED'], rows, terminal),
    ...different.slice(0, SHOWN).flatMap((trial) => differenceLines(trial, terminal)),
    ...(different.length > SHOWN ? [`and ${different.length - SHOWN} more; --json has them all`] : []),
    ...(varies.length > 0
      ? [`not compared, since it varies without a crash: ${varies.map(oneLine).join(', ')}`]
      : []),
    `${oneLine(workflow)}: ${status} by ${path.map(oneLine).join(' > ')}`,
    `${trials.length} of ${boundaries} boundaries tried (${writes} writes, before and after each): ${outcome}`,
  ]
}

const SHOWN = 5

function differenceLines(trial: Trial, terminal: Terminal): readonly string[] {
  const suspect = trial.suspect ? `, first in ${oneLine(trial.suspect.handler)}` : ''
  return [
    `killed ${sayBoundary(trial)}${suspect}:`,
    ...trial.differences
      .slice(0, SHOWN)
      .flatMap(({ path, was, is }) => [
        terminal.onOut('bad', `  - ${path}: ${oneLine(was)}`),
        terminal.onOut('good', `  + ${path}: ${oneLine(is)}`),
      ]),
  ]
}

/** `ledger.add x2`; with the idempotency key where it was handed on. */
function sayCalls({ calls }: HandlerVerdict): string {
  const by = new Map<string, { times: number; keyed: boolean }>()
  for (const { resource, times, keyed } of calls) {
    const known = by.get(resource)
    by.set(resource, { times: Math.max(times, known?.times ?? 0), keyed: keyed && (known?.keyed ?? true) })
  }
  return [...by]
    .map(([name, { times, keyed }]) => `${oneLine(name)} x${times}${keyed ? ' (with its key)' : ''}`)
    .join(', ')
}
