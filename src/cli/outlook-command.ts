import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { checkId } from '../model/identifier.ts'
import { outlookFrom } from '../outlook/outlook.ts'
import { chartsOf, type Charts } from '../outlook/run-source.ts'
import type { Statistics } from '../outlook/statistics.ts'
import { readStatistics } from '../outlook/statistics-file.ts'
import { stuckAmong, type StuckOptions } from '../outlook/stuck.ts'
import type { RunView } from '../control/run-view.ts'
import { countRecorded, watched } from './counted-runs.ts'
import { EXIT } from './exit-code.ts'
import { outlookLines, stuckLines } from './outlook-text.ts'
import { checkHas } from './resume-command.ts'
import type { StoreChoice } from './shell-line.ts'
import { storeWord } from './shell-line.ts'
import { readStore, type StoreReader } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { familyOf, loadWorkflowFile } from './workflow-file.ts'

/** Options of `stepwright outlook`. */
export interface OutlookWords {
  readonly baseline?: string
}

/** Says whether a run can still finish, what it needs, and what past runs let expect of it. */
export async function outlookCommand(
  id: string,
  path: string | undefined,
  { baseline }: OutlookWords,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', id)
  const { charts, file } = await chartsIn(path)
  return readStore(choice.url, async (reader) => {
    const view = await reader.withAwaits(await reader.runs.view(id))
    if (file) checkHas(file, view)
    const { statistics, interrupt } = await pastOf(view, baseline, charts, reader, terminal)
    if (interrupt) return interrupt.exitCode
    const source = { parts: reader.runs.parts.bind(reader.runs), findAny: finder(reader) }
    const outlook = await outlookFrom(view, source, charts, { statistics })
    if (terminal.json) terminal.printJson(outlook)
    else
      for (const line of outlookLines(outlook, storeWord(choice, reader.store), terminal))
        terminal.print(line)
    return outlook.verdict === 'stuck' ? EXIT.notFinished : EXIT.ok
  })
}

/** Options of `stepwright stuck`. */
export type StuckWords = Pick<StuckOptions, 'after'>

/** Lists runs that are stuck, each with what it needs. */
export async function stuckCommand(
  path: string | undefined,
  words: StuckWords,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const { charts, file } = await chartsIn(path)
  const names = file && new Set(file.workflows.map(({ definition }) => definition.name))
  const { interrupt, ...found } = await readStore(url, (reader) => {
    const { runs } = reader
    const source = {
      ids: () => runs.ids(),
      findAny: finder(reader),
      history: runs.history.bind(runs),
      parts: runs.parts.bind(runs),
    }
    return watched(terminal, (watch) =>
      stuckAmong(source, charts, (name) => names?.has(name) ?? true, { ...words, ...watch }),
    )
  })
  if (interrupt) return interrupt.exitCode
  if (terminal.json) terminal.printJson({ live: found.live, damaged: found.damaged, runs: found.runs })
  else for (const line of stuckLines(found, terminal)) terminal.print(line)
  return found.runs.length > 0 ? EXIT.runFailed : EXIT.ok
}

async function chartsIn(path: string | undefined) {
  if (path === undefined) return { charts: (() => undefined) satisfies Charts, file: undefined }
  const file = await loadWorkflowFile(path)
  const family = familyOf(file, file.workflows)
  return { charts: chartsOf(family.map(({ workflowClass }) => workflowClass)), file }
}

/** What a worker has published says what runs of unknown charts wait for. */
function finder({ runs, withAwaits }: StoreReader) {
  return async (id: string): Promise<RunView | undefined> => {
    const view = await runs.findAny(id)
    return view && withAwaits(view)
  }
}

/** The past runs of its workflow: those of a baseline, or those of the store. */
async function pastOf(
  { workflow }: RunView,
  baseline: string | undefined,
  charts: Charts,
  reader: StoreReader,
  terminal: Terminal,
): Promise<
  Pick<Awaited<ReturnType<typeof countRecorded>>, 'interrupt'> & { readonly statistics: Statistics }
> {
  if (baseline === undefined) {
    const definition = charts(workflow) ?? { name: workflow, states: new Map() }
    return countRecorded(definition, reader, {}, terminal)
  }
  const statistics = await readStatistics(baseline)
  if (statistics.workflow === workflow) return { statistics }
  throw new StepwrightError('invalid-statistics', {
    what: `${quote(baseline)} is a baseline of ${quote(statistics.workflow)}, and the run is one of ${quote(workflow)}`,
    remedy: 'Name the baseline of its workflow, or leave it out',
    details: { file: baseline, workflow },
  })
}
