import type { Engine } from '../engine.ts'
import { shownView } from './masks.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Caller } from '../model/caller.ts'
import type { Duration } from '../model/duration.ts'
import { checkId } from '../model/identifier.ts'
import { isParked } from '../model/status.ts'
import type { RunHandle } from '../control/run-handle.ts'
import { withEngine } from './driving.ts'
import { followToEnd, interrupted, lastEvent, leave } from './following.ts'
import { mustBeFile } from './forgotten-file.ts'
import { readJsonArgument } from './json-argument.ts'
import { storeWord, type StoreChoice } from './shell-line.ts'
import { needsSomebody, noteWait, sayStanding } from './standing.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, loadWorkflowFile, type Workflow } from './workflow-file.ts'

/** Options of `stepwright run`. */
export interface RunOptions extends StartOptions {
  readonly input?: string
  readonly workflow?: string
  /** `false`: it is left to the workers there are. */
  readonly follow: boolean
}

interface StartOptions {
  readonly id?: string
  readonly session?: string
  readonly deadline?: Duration | Date
  readonly as?: Caller
}

/** Starts a run and follows it to its end; one that was started before with this id and input goes on. */
export async function runCommand(
  path: string,
  options: RunOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const { id, session, deadline, as, follow } = options
  if (id !== undefined) checkId('run', id)
  if (session !== undefined) checkId('session', session)
  if (!follow && choice.url === 'memory') {
    throw new StepwrightError('invalid-options', {
      what: '--no-follow is given, and no other process could ever drive a run that is kept in memory',
      remedy: 'Name a store with --store sqlite:FILE',
    })
  }
  await mustBeFile(path, { verb: 'run' }, choice)
  const input = await readJsonArgument(options.input, '--input')
  const file = await loadWorkflowFile(path)
  const workflow = chooseWorkflow(file, options.workflow)
  let handle: RunHandle | undefined
  let store: string | undefined
  const afterInterrupt = (): string[] => (handle ? interrupted(handle.id, path, choice, store) : [])
  return withEngine(
    {
      ...{ file, workflows: [workflow], store: choice.url, afterInterrupt },
      ...(follow ? {} : { only: 'code' }),
    },
    terminal,
    async (engine) => {
      await engine.open()
      store = storeWord(choice, engine.store)
      const after = id === undefined ? 0 : await lastEvent(engine.store, id)
      handle = await start(engine, workflow, input, {
        ...(id === undefined ? {} : { id }),
        ...(session === undefined ? {} : { session }),
        ...(deadline === undefined ? {} : { deadline }),
        ...(as ? { as } : {}),
      })
      if (after === 0)
        terminal.note(
          `${terminal.onErr('strong', workflow.definition.name)} run ${terminal.onErr('strong', handle.id)} in ${terminal.onErr('plain', engine.store.name)}`,
        )
      else await goOn(handle, store, terminal)
      if (!follow)
        return leave(await shownView(await handle.view(), engine.store, terminal), path, store, terminal)
      return followToEnd({ engine, handle, file, after, store, terminal })
    },
  )
}

function start(
  engine: Engine,
  { workflowClass }: Workflow,
  input: unknown,
  options: StartOptions,
): Promise<RunHandle> {
  return engine.start(workflowClass, input as never, options) as unknown as Promise<RunHandle>
}

/** Naming a run by its id takes it up again where it was parked or paused; all others the worker finds by itself. */
async function goOn(handle: RunHandle, store: string | undefined, terminal: Terminal): Promise<void> {
  const { id } = handle
  const view = await handle.view()
  if (isParked(view.status) || view.status === 'paused') await handle.resume()
  terminal.note(
    `${terminal.onErr('strong', id)} was started before; it goes on: ${terminal.onErr('plain', sayStanding(view, Date.now()))}`,
  )
  if (view.status === 'waiting' && needsSomebody(view)) noteWait(view, store, terminal, Date.now())
}
