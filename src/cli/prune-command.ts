import { StepwrightError } from '../errors/stepwright-error.ts'
import { prune, type PruneOptions } from '../control/pruning.ts'
import { EXIT } from './exit-code.ts'
import { sayDate } from './moment.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** Rows that are shown to people. */
const SHOWN = 100

/** Removes runs that have ended, or only says which. */
export async function pruneCommand(
  options: PruneOptions,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  if (options.after === undefined && options.keep === undefined)
    throw new StepwrightError('invalid-options', {
      what: 'It is not said which runs to remove',
      remedy: 'Give --older-than, --keep, or both',
    })
  const report = await readStore(url, ({ runs, kernel }) => prune(options, { runs, kernel }))
  const { dryRun, runs, rows } = report
  if (terminal.json) {
    terminal.printJson(report)
    return EXIT.ok
  }
  const lines = runs
    .slice(0, SHOWN)
    .map(({ id, workflow, status, endedAt }) => [id, workflow, status, sayDate(endedAt)].map(oneLine))
  if (runs.length > 0)
    for (const line of table(['RUN', 'WORKFLOW', 'STATUS', 'ENDED'], lines, terminal)) terminal.print(line)
  if (runs.length > SHOWN) terminal.print(`and ${runs.length - SHOWN} more`)
  terminal.note(
    dryRun
      ? `${runs.length} runs would be removed; nothing was done: a dry run`
      : `${runs.length} runs removed, and ${rows} other rows that nothing needed`,
  )
  return EXIT.ok
}
