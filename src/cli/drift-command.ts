import { StepwrightError } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import { readCoverage } from '../outlook/coverage-file.ts'
import { driftOf, hasDrifted } from '../outlook/drift.ts'
import { readStatistics, writeStatistics } from '../outlook/statistics-file.ts'
import { countRecorded } from './counted-runs.ts'
import { driftLines } from './drift-text.ts'
import { EXIT } from './exit-code.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, loadWorkflowFile } from './workflow-file.ts'

/** Options of `stepwright drift`. */
export interface DriftWords {
  readonly workflow?: string
  readonly baseline?: string
  readonly coverage?: string
  readonly since?: Duration | Date
  readonly writeBaseline?: string
  readonly level: number
  readonly pathLength: number
}

/** Says how recorded runs differ from a baseline, from earlier runs, and from what tests have taken. */
export async function driftCommand(
  path: string,
  words: DriftWords,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const { workflow, baseline: before, coverage: tested, since, writeBaseline, level, pathLength } = words
  if (before === undefined && tested === undefined && since === undefined && writeBaseline === undefined)
    throw new StepwrightError('invalid-options', {
      what: 'There is nothing to compare the runs with',
      remedy:
        'Write a baseline with --write-baseline FILE and give it with --baseline FILE, or give --coverage FILE, or --since 7d to compare with the runs before',
    })
  const { definition } = chooseWorkflow(await loadWorkflowFile(path), workflow)
  const read = before === undefined ? undefined : await readStatistics(before)
  if (read && read.workflow !== definition.name)
    throw new StepwrightError('invalid-statistics', {
      what: `The baseline is one of ${read.workflow}, not of ${definition.name}`,
      remedy: 'Name the baseline of that workflow',
      details: { file: before, workflow: definition.name },
    })
  const coverage = tested === undefined ? undefined : await readCoverage(tested, definition.name)
  const from = since === undefined ? undefined : momentOf(since)
  const { statistics, earlier, interrupt } = await readStore(url, (reader) =>
    countRecorded(
      definition,
      reader,
      { pathLength, ...(from === undefined ? {} : { since: from }) },
      terminal,
    ),
  )
  if (interrupt) return interrupt.exitCode
  if (!read && from !== undefined && earlier.runs === 0)
    terminal.warn(
      `no run was started before ${new Date(from).toISOString()}, so there is nothing to compare with`,
    )
  const baseline = read ?? (earlier.runs === 0 ? undefined : earlier)
  const drift = driftOf(statistics, {
    level,
    ...(baseline ? { baseline } : {}),
    ...(coverage ? { coverage } : {}),
  })
  if (writeBaseline !== undefined) await writeStatistics(writeBaseline, statistics)
  const written = writeBaseline === undefined ? {} : { written: writeBaseline }
  if (terminal.json) terminal.printJson({ ...drift, drifted: hasDrifted(drift), ...written })
  else {
    for (const line of driftLines(drift, coverage !== undefined, terminal)) terminal.print(line)
    if (writeBaseline !== undefined)
      terminal.note(terminal.onErr('dim', `${statistics.runs} runs are the baseline in ${writeBaseline}`))
  }
  return hasDrifted(drift) ? EXIT.runFailed : EXIT.ok
}

function momentOf(since: Duration | Date): number {
  return since instanceof Date ? since.getTime() : Date.now() - toMs(since, '--since')
}
