import type { Engine } from '../engine.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import { checkId } from '../model/identifier.ts'
import { isParked } from '../model/status.ts'
import type { RunHandle } from '../runtime/run-handle.ts'
import type { RunView } from '../runtime/run-view.ts'
import { readStored } from '../store/run-document.ts'
import { withEngine } from './driving.ts'
import { exitCodeFor } from './exit-code.ts'
import { sayFailure, sayHappening } from './happening-text.ts'
import { readJsonArgument } from './json-argument.ts'
import { sayTime } from './moment.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { needsSomebody, noteWait, sayStanding, standingOf } from './standing.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, loadWorkflowFile, type Workflow } from './workflow-file.ts'

/** Options of `stepwright run`. */
export interface RunOptions {
  readonly input?: string
  readonly workflow?: string
  readonly id?: string
  readonly session?: string
}

/** Starts a run and follows it to its end; one that was started before with this id and input goes on. */
export async function runCommand(
  path: string,
  options: RunOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  if (options.id !== undefined) checkId('run', options.id)
  if (options.session !== undefined) checkId('session', options.session)
  const input = await readJsonArgument(options.input, '--input')
  const file = await loadWorkflowFile(path)
  const workflow = chooseWorkflow(file, options.workflow)
  let handle: RunHandle | undefined
  let store: string | undefined
  const afterInterrupt = (): string[] => {
    if (!handle) return []
    if (choice.url === 'memory')
      return [
        `Run ${handle.id} was kept in memory only and is gone; with --store sqlite:FILE it could be resumed`,
      ]
    return [`Run ${handle.id} can be resumed:`, `  ${shellLine('resume', [path], { run: handle.id, store })}`]
  }
  return withEngine(
    { file, workflows: [workflow], store: choice.url, afterInterrupt },
    terminal,
    async (engine) => {
      store = storeWord(choice, engine.store)
      const { id, session } = options
      const before = id === undefined ? 0 : await lastEvent(engine, id)
      handle = await start(engine, workflow, input, {
        ...(id === undefined ? {} : { id }),
        ...(session === undefined ? {} : { session }),
      })
      if (before === 0)
        terminal.note(
          `${terminal.onErr('strong', workflow.definition.name)} run ${terminal.onErr('strong', handle.id)} in ${terminal.onErr('plain', engine.store.name)}`,
        )
      else await goOn(engine, handle, store, terminal)
      await follow(engine, handle, workflow, before, store, terminal)
      return finish(await handle.view(), store, terminal)
    },
  )
}

function start(
  engine: Engine,
  { workflowClass }: Workflow,
  input: unknown,
  options: { readonly id?: string; readonly session?: string },
): Promise<RunHandle> {
  return engine.start(workflowClass, input as never, options) as unknown as Promise<RunHandle>
}

/** How many events the run with that id has; 0 where there is none yet. */
async function lastEvent(engine: Engine, id: string): Promise<number> {
  await engine.open()
  const [row] = await engine.store.get('run', [id])
  return row ? readStored(id, row).history.seq : 0
}

async function goOn(
  engine: Engine,
  handle: RunHandle,
  store: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const { id } = handle
  const view = await handle.view()
  if (isParked(view.status)) await engine.resume(id) // all others the worker finds by itself
  terminal.note(
    `${terminal.onErr('strong', id)} was started before; it goes on: ${terminal.onErr('plain', sayStanding(view, Date.now()))}`,
  )
  if (needsSomebody(view) && !isParked(view.status)) noteWait(view, store, terminal, Date.now())
}

/** Shows each event as it comes, until the run has ended, was parked, or waits for what can never come. */
async function follow(
  engine: Engine,
  handle: RunHandle,
  { definition }: Workflow,
  after: number,
  store: string | undefined,
  terminal: Terminal,
): Promise<void> {
  for await (const event of handle.events({ after })) {
    const { tone, text } = sayHappening(event, Date.now())
    terminal.note(`${terminal.onErr('dim', sayTime(event.at))}  ${terminal.onErr(tone, text)}`)
    const entered = enteredBy(event)
    if (entered === undefined || definition.states.get(entered)?.kind !== 'wait') continue
    const view = await handle.view()
    if (view.state !== entered || !needsSomebody(view)) continue
    noteWait(view, store, terminal, Date.now())
    if (!engine.store.shared && !view.timer) return // no other process can reach it
  }
}

function enteredBy(event: HistoryEvent): string | undefined {
  return event.type === 'moved' || event.type === 'started' ? event.to : undefined
}

function finish(view: RunView, store: string | undefined, terminal: Terminal): number {
  const { id, status, state, data, failure } = view
  if (terminal.json) terminal.printJson(standingOf(view))
  else if (status === 'completed')
    terminal.print(`${terminal.onOut('strong', state)} ${terminal.value(data, true)}`)
  else if (status === 'failed') {
    const why = failure ? `: ${sayFailure(failure)}` : ''
    terminal.fail(
      new StepwrightError('run-failed', {
        what: `Run ${quote(id)} failed in ${quote(state)}${why}`,
        remedy: `See its history: ${shellLine('show', [id], { store })}`,
      }),
    )
  } else
    terminal.note(
      `Run ${terminal.onErr('strong', id)} ${terminal.onErr('plain', sayStanding(view, Date.now()))}`,
    )
  return exitCodeFor(status)
}
