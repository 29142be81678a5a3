import type { Caller } from '../model/caller.ts'
import type { RunView } from '../control/run-view.ts'
import { withEngine } from './driving.ts'
import { EXIT } from './exit-code.ts'
import { mustBeFile } from './forgotten-file.ts'
import { readJsonArgument } from './json-argument.ts'
import { moveRun, workflowsOf } from './moving.ts'
import { checkHas } from './resume-command.ts'
import { doWithRuns, readSelection, reportDeeds, type SelectionOptions } from './selection.ts'
import { settleAll, showCommits } from './settling.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { mustExist } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { loadWorkflowFile } from './workflow-file.ts'

/** Options of `stepwright retry`. */
export interface RetryOptions extends SelectionOptions {
  readonly data?: string
  readonly follow: boolean
  readonly as?: Caller
}

/** Tries the failed step of a run again, with other data where it is given, and follows it; or of many runs. */
export async function retryCommand(
  ids: readonly string[],
  path: string,
  options: RetryOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const { data: given, follow, as, dryRun = false } = options
  const said = as ? { as } : {}
  await mustBeFile(path, { verb: 'retry', words: ids }, choice)
  const [run] = ids
  if (run !== undefined && ids.length === 1 && !dryRun && !isFiltered(options)) {
    const data = given === undefined ? undefined : await readJsonArgument(given, '--data')
    return moveRun({ run, path, follow }, choice, terminal, async (handle) => {
      await handle.retry({ ...said, ...(data === undefined ? {} : { data }) })
      return handle
    })
  }
  if (given !== undefined) {
    throw new StepwrightError('invalid-options', {
      what: '--data is given for more than one run',
      remedy: 'Name one run, or leave --data out',
    })
  }
  return retryMany(ids, path, options, choice, terminal)
}

async function retryMany(
  ids: readonly string[],
  path: string,
  options: RetryOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const { follow, as, dryRun = false } = options
  const file = await loadWorkflowFile(path)
  const selection = readSelection(ids, options, 'retry')
  mustExist(choice.url)
  const names = file.workflows.map(({ definition }) => definition.name)
  const drives = follow && !dryRun
  let store: string | undefined
  return withEngine(
    {
      file,
      workflows: workflowsOf(file, options.workflow === undefined ? names : [options.workflow]),
      store: choice.url,
      ...(drives ? {} : { only: 'code' }),
      afterInterrupt: () => ['Runs can be resumed:', `  ${shellLine('resume', [path], { store })}`],
    },
    terminal,
    async (engine) => {
      await engine.open()
      store = storeWord(choice, engine.store)
      const end = showCommits(engine, file, terminal)
      const doing = {
        verb: 'retry',
        store: engine.store,
        fits: ({ may, workflow }: RunView) => may.includes('retry') && names.includes(workflow),
        act: async (id: string) => {
          const handle = await engine.get(id)
          checkHas(file, await handle.view())
          await handle.retry(as ? { as } : {})
        },
        runs: {
          view: async (id: string) => (await engine.get(id)).view(),
          list: (filter: object) => engine.list(filter),
        },
      }
      const deeds = await doWithRuns(selection, doing, terminal)
      const begun = deeds.runs.filter(({ done }) => done)
      if (!drives || begun.length === 0)
        return reportDeeds(deeds, terminal, ({ state }) => `is tried again in ${state}`)
      for (const { error } of deeds.runs) if (error) terminal.warn(`${error.message}. ${error.remedy}.`)
      const ids = begun.map(({ run }) => run)
      const code = await settleAll({ engine, file, ids, store }, terminal)
      end()
      return begun.length < deeds.runs.length ? EXIT.badInput : code
    },
  )
}

function isFiltered({ workflow, status, state, session, all }: SelectionOptions): boolean {
  return [workflow, status, state, session, all].some((option) => option !== undefined)
}
