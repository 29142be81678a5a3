import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../engine.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { InspectorOptions } from '../inspect/inspector.ts'
import { checkId } from '../model/identifier.ts'
import { isEnded, isParked, STATUSES } from '../model/status.ts'
import type { Committed } from '../runtime/kernel.ts'
import { viewOf, type RunView } from '../runtime/run-view.ts'
import { readInbox } from '../store/inbox.ts'
import { withEngine } from './driving.ts'
import { EXIT, exitCodeFor } from './exit-code.ts'
import { sayHappening } from './happening-text.ts'
import { sayTime } from './moment.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { needsSomebody, sayStanding, standingOf } from './standing.ts'
import { mustExist } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { loadWorkflowFile, type WorkflowFile } from './workflow-file.ts'

/** Options of `stepwright resume`. */
export interface ResumeOptions {
  readonly session?: string
  readonly run?: string
  /** Goes on driving, also what is started later, until it is interrupted. */
  readonly watch?: boolean
  /** Options of the inspector, where it is wanted. */
  readonly inspect?: InspectorOptions
}

/** How often runs that other processes may drive are looked at. */
const LOOK_MS = 100

/** Goes on with runs of a file's workflows until each has ended, was parked, or waits for somebody. */
export async function resumeCommand(
  path: string,
  options: ResumeOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const { session, run, watch = false, inspect } = options
  if (session !== undefined) checkId('session', session)
  if (run !== undefined) checkId('run', run)
  if (session !== undefined && run !== undefined) {
    throw new StepwrightError('invalid-options', {
      what: 'Both --session and --run are given',
      remedy: 'Give one of them',
    })
  }
  if (!watch) mustExist(choice.url)
  const file = await loadWorkflowFile(path)
  let store: string | undefined
  const afterInterrupt = (): string[] => [
    'Runs can be resumed:',
    `  ${shellLine('resume', [path], { session, run, store })}`,
  ]
  return withEngine(
    { file, workflows: file.workflows, store: choice.url, ...(inspect ? { inspect } : {}), afterInterrupt },
    terminal,
    async (engine) => {
      await engine.open()
      store = storeWord(choice, engine.store)
      if (engine.inspectUrl !== undefined) sayInspector(engine.inspectUrl, terminal)
      const end = engine.subscribe((committed) => sayCommit(engine, file, committed, terminal))
      const ids =
        run !== undefined
          ? [await mine(engine, file, run)]
          : session !== undefined
            ? await ofSession(engine, file, session, terminal)
            : await open(engine, file, terminal)
      for (const id of ids) await resume(engine, id, terminal)
      if (watch) {
        terminal.note(terminal.onErr('dim', `driving ${names(file)} in ${engine.store.name} until Ctrl-C`))
        return forever()
      }
      const views = await settle(engine, ids)
      end()
      return report(views, terminal)
    },
  )
}

function sayInspector(url: string, terminal: Terminal): void {
  if (terminal.json) terminal.printJson({ inspect: url })
  else terminal.print(`inspector at ${terminal.onOut('strong', url)}`)
}

/** The interrupt ends it. */
function forever(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 2 ** 30))
}

function names({ workflows }: WorkflowFile): string {
  return workflows.map(({ definition }) => definition.name).join(', ')
}

function has({ workflows }: WorkflowFile, { workflow }: RunView): boolean {
  return workflows.some(({ definition }) => definition.name === workflow)
}

async function mine(engine: Engine, file: WorkflowFile, id: string): Promise<string> {
  const view = await (await engine.get(id)).view()
  if (has(file, view)) return id
  throw new StepwrightError('unknown-workflow', {
    what: `Run ${quote(id)} is one of ${quote(view.workflow)}, which ${file.path} does not export`,
    remedy: 'Name the file that exports that workflow',
    details: { run: id, workflow: view.workflow },
  })
}

async function ofSession(
  engine: Engine,
  file: WorkflowFile,
  session: string,
  terminal: Terminal,
): Promise<string[]> {
  const views = await engine.session(session).runs()
  if (views.length === 0) {
    throw new StepwrightError('unknown-run', {
      what: `No run of session ${quote(session)} is in ${engine.store.name}`,
      remedy: 'See the sessions there are with `stepwright list`',
      details: { session },
    })
  }
  for (const view of views.filter((v) => !has(file, v)))
    terminal.note(
      `${terminal.onErr('strong', view.id)} is left alone: its workflow ${terminal.onErr('plain', view.workflow)} is not in ${terminal.onErr('plain', file.path)}`,
    )
  return views.filter((view) => has(file, view) && view.status !== 'corrupt').map(({ id }) => id)
}

/** All runs that have not ended. Parked ones are only told of: whoever knows that the cause is mended names them. */
async function open(engine: Engine, file: WorkflowFile, terminal: Terminal): Promise<string[]> {
  const found: string[] = []
  for (const status of STATUSES.filter((s) => !isEnded(s))) {
    for (const { key } of await engine.store.list('run', {
      tag: `${status}/`,
      limit: Number.MAX_SAFE_INTEGER,
    })) {
      const view = await viewIfReadable(engine, key)
      if (view && !has(file, view)) continue
      if (view && !isParked(view.status)) found.push(key)
      else terminal.note(`${terminal.onErr('strong', key)} is ${status} and left alone; resume it with --run`)
    }
  }
  return found
}

/** `undefined` for a damaged document. */
async function viewIfReadable(engine: Engine, id: string): Promise<RunView | undefined> {
  try {
    return await (await engine.get(id)).view()
  } catch (error) {
    if (
      error instanceof StepwrightError &&
      (error.code === 'corrupt-document' || error.code === 'store-newer')
    )
      return undefined
    throw error
  }
}

/**
 * Parked runs are given back; all others the worker finds by itself. One that the loaded code still cannot take up
 * stays parked, and holds up no other.
 */
async function resume(engine: Engine, id: string, terminal: Terminal): Promise<void> {
  const view = await (await engine.get(id)).view()
  if (!isParked(view.status)) return
  try {
    await engine.resume(id)
  } catch (error) {
    if (!(error instanceof StepwrightError) || error.code !== 'needs-migration') throw error
    terminal.warn(`Run ${quote(id)} stays parked: ${error.message}`)
  }
}

async function settle(engine: Engine, ids: readonly string[]): Promise<readonly RunView[]> {
  const settled = new Map<string, RunView>()
  for (;;) {
    for (const id of ids) {
      if (settled.has(id)) continue
      const view = await (await engine.get(id)).view()
      if (isEnded(view.status) || (needsSomebody(view) && !(await canGoOn(engine, view))))
        settled.set(id, view)
    }
    if (settled.size === ids.length) return [...settled.values()]
    await sleep(LOOK_MS)
  }
}

/** What it waits for is there already, and the worker is about to find it. */
async function canGoOn(engine: Engine, { id, awaits, timer, status }: RunView): Promise<boolean> {
  if (isParked(status)) return false
  if (timer && timer.at <= Date.now()) return true
  for await (const { name, kind } of readInbox(engine.store, id))
    if (kind !== undefined || awaits.includes(name)) return true
  return false
}

function sayCommit(
  engine: Engine,
  { workflows }: WorkflowFile,
  { run, revision, happenings }: Committed,
  terminal: Terminal,
): void {
  const now = Date.now()
  const lines = happenings.map((happening) => sayHappening(happening, now))
  const workflow = workflows.find(({ definition }) => definition.name === run.workflow)
  const view = viewOf(run, revision, workflow && engine.machine(workflow.workflowClass))
  if (run.status === 'waiting' && run.timer?.kind !== 'retry')
    lines.push({ tone: 'warn', text: sayStanding(view, now) })
  for (const { tone, text } of lines)
    terminal.note(
      `${terminal.onErr('dim', sayTime(now))}  ${terminal.onErr('strong', run.id)}  ${terminal.onErr(tone, text)}`,
    )
}

function report(views: readonly RunView[], terminal: Terminal): number {
  if (terminal.json) terminal.printJson(views.map(standingOf))
  else if (views.length === 0) terminal.note('Nothing to resume')
  else
    for (const view of views)
      terminal.print(
        `${terminal.onOut('strong', view.id)} ${terminal.onOut('plain', sayStanding(view, Date.now()))}`,
      )
  const codes = views.map(({ status }) => exitCodeFor(status))
  return codes.includes(EXIT.runFailed)
    ? EXIT.runFailed
    : codes.includes(EXIT.notFinished)
      ? EXIT.notFinished
      : EXIT.ok
}
