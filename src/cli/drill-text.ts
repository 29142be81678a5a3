import { SHOWN, sayBoundary, sayUntried, sayVerdict } from '../testing/drill/drill-text.ts'
import { groupDifferences, sayTrials, type GroupedDifference } from '../testing/drill/grouped.ts'
import type { DrillReport, HandlerVerdict } from '../testing/drill/report.ts'
import type { Trial } from '../testing/drill/trial.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** A line of progress: `7/26 killed after write 4: same outcome; again: charge`. */
export function trialLine(trial: Trial, tried: number, of: number, terminal: Terminal): string {
  const came = !trial.same
    ? terminal.onErr('bad', `another outcome at ${trial.differences[0]?.path ?? ''}`)
    : trial.unreached
      ? 'the run made fewer writes this time'
      : 'same outcome'
  const again = trial.repeated.map(({ handler }) => handler).join(', ')
  return `${tried}/${of} killed ${sayBoundary(trial)}: ${came}${again === '' ? '' : terminal.onErr('dim', `; again: ${again}`)}`
}

/** The report as a table of handlers, and what differed. */
export function reportLines(report: DrillReport, terminal: Terminal): readonly string[] {
  const { trials, boundaries, writes, passed, handlers, varies, status, path, workflow } = report
  const groups = groupDifferences(trials)
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
    ...groups.slice(0, SHOWN).flatMap((group) => differenceLines(group, terminal)),
    ...(groups.length > SHOWN ? [`and ${groups.length - SHOWN} other differences; --json has them all`] : []),
    ...sayUntried(report).map(oneLine),
    ...(varies.length > 0
      ? [`not compared, since it varies without a crash: ${varies.map(oneLine).join(', ')}`]
      : []),
    `${oneLine(workflow)}: ${status} by ${path.map(oneLine).join(' > ')}`,
    `${trials.length} of ${boundaries} boundaries tried (${writes} writes, before and after each): ${outcome}`,
  ]
}

/** A difference, in how many trials it was seen, and where the process was killed in the first of them. */
function differenceLines(group: GroupedDifference, terminal: Terminal): readonly string[] {
  const { path, was, is, trials } = group
  const [first] = trials
  const where = first ? `, first killed ${oneLine(sayBoundary(first))}` : ''
  const suspect = first?.suspect ? `, by ${oneLine(first.suspect.handler)}` : ''
  return [
    `${sayTrials(group)}${where}${suspect}:`,
    terminal.onOut('bad', `  - ${oneLine(path)}: ${oneLine(was)}`),
    terminal.onOut('good', `  + ${oneLine(path)}: ${oneLine(is)}`),
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
