import type { Engine } from '../engine.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { InspectorOptions } from '../inspect/bridge/inspector.ts'
import type { Caller } from '../model/caller.ts'
import type { Duration } from '../model/duration.ts'
import { checkId } from '../model/identifier.ts'
import { isEnded, isParked, STATUSES } from '../model/status.ts'
import type { RunView } from '../control/run-view.ts'
import { Aside } from './aside.ts'
import { withEngine } from './driving.ts'
import { mustBeFile } from './forgotten-file.ts'
import { viewIfReadable } from './readable-view.ts'
import { settleAll, showCommits } from './settling.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { mustExist } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { hasWorkflow, loadWorkflowFile, type WorkflowFile } from './workflow-file.ts'

/** Options of `stepwright resume` with a file. */
export interface ResumeOptions {
  readonly session?: string
  readonly run?: readonly string[]
  /** Goes on driving, also what is started later, until it is interrupted. */
  readonly watch?: boolean
  /** How long a handler may block the event loop before this process is ended. Default: that is only said. */
  readonly killAfter?: Duration
  readonly as?: Caller
  /** Options of the inspector, where it is wanted, and the run that its page is opened on. */
  readonly inspect?: InspectorOptions & { readonly run?: string | undefined }
}

/** Goes on with runs of a file's workflows until each has ended, was parked, or waits for somebody. */
export async function resumeCommand(
  path: string,
  options: ResumeOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const { session, run: named = [], watch = false, inspect, as, killAfter } = options
  if (session !== undefined) checkId('session', session)
  for (const id of named) checkId('run', id)
  if (inspect?.run !== undefined) checkId('run', inspect.run)
  if (session !== undefined && named.length > 0) {
    throw new StepwrightError('invalid-options', {
      what: 'Both --session and --run are given',
      remedy: 'Give one of them',
    })
  }
  await mustBeFile(path, { verb: 'resume' }, choice)
  if (!watch) mustExist(choice.url)
  const file = await loadWorkflowFile(path)
  let store: string | undefined
  const afterInterrupt = (): string[] => [
    'Runs can be resumed:',
    `  ${shellLine('resume', [path], { session, run: named, store })}`,
  ]
  return withEngine(
    {
      ...{ file, store: choice.url, afterInterrupt },
      ...(inspect ? { inspect } : {}),
      ...(killAfter === undefined ? {} : { killAfter }),
    },
    terminal,
    async (engine) => {
      await engine.open().catch((error: unknown) => Promise.reject(aboutPort(error, inspect?.port)))
      store = storeWord(choice, engine.store)
      if (inspect) await sayInspector(engine, inspect.run, terminal)
      const end = showCommits(engine, file, terminal)
      const ids =
        named.length > 0
          ? await Promise.all(named.map((id) => mine(engine, file, id)))
          : session !== undefined
            ? await ofSession(engine, file, session, terminal)
            : await open(engine, file, terminal)
      if (named.length > 0 || session !== undefined)
        for (const id of ids) await takeUp(engine, id, as, terminal)
      if (watch) {
        await new Aside({ engine, file, store, terminal }).begin()
        terminal.note(terminal.onErr('dim', `driving ${names(file)} in ${engine.store.name} until Ctrl-C`))
        return forever()
      }
      const code = await settleAll({ engine, file, ids, store, none: 'Nothing to resume' }, terminal)
      end()
      return code
    },
  )
}

/** Throws `unknown-run` where its page is to be opened on a run that is not there. */
async function sayInspector(engine: Engine, run: string | undefined, terminal: Terminal): Promise<void> {
  if (run !== undefined) await engine.get(run)
  const { inspectUrl = '', inspectPage = '' } = engine
  const page = new URL(inspectPage)
  if (run !== undefined)
    page.hash = [`run=${encodeURIComponent(run)}`, page.hash.slice(1)].filter(Boolean).join('&')
  if (terminal.json) return terminal.printJson({ page: page.href, inspect: inspectUrl })
  terminal.print(`page at ${terminal.onOut('strong', page.href)}`)
  terminal.print(`inspector at ${terminal.onOut('strong', inspectUrl)}`)
}

/** The interrupt ends it. */
function forever(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 2 ** 30))
}

function names({ workflows }: WorkflowFile): string {
  return [...new Set(workflows.map(({ definition }) => definition.name))].join(', ')
}

async function mine(engine: Engine, file: WorkflowFile, id: string): Promise<string> {
  const view = await (await engine.get(id)).view()
  checkHas(file, view)
  return id
}

/** Throws `unknown-workflow` where the file does not have the workflow of a run. */
export function checkHas(file: WorkflowFile, { id, workflow }: Pick<RunView, 'id' | 'workflow'>): void {
  if (hasWorkflow(file, workflow)) return
  throw new StepwrightError('unknown-workflow', {
    what: `Run ${quote(id)} is one of ${quote(workflow)}, which ${file.path} does not export`,
    remedy: 'Name the file that exports that workflow',
    details: { run: id, workflow },
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
  for (const view of views.filter((v) => !hasWorkflow(file, v.workflow)))
    terminal.note(
      `${terminal.onErr('strong', view.id)} is left alone: its workflow ${terminal.onErr('plain', view.workflow)} is not in ${terminal.onErr('plain', file.path)}`,
    )
  return views
    .filter((view) => hasWorkflow(file, view.workflow) && view.status !== 'corrupt')
    .map(({ id }) => id)
}

/**
 * All runs that have not ended. Parked and paused ones are only told of: whoever knows that the cause is mended names
 * them.
 */
async function open(engine: Engine, file: WorkflowFile, terminal: Terminal): Promise<string[]> {
  const found = new Set<string>()
  for (const status of STATUSES.filter((s) => !isEnded(s))) {
    for (const { key } of await engine.store.list('run', {
      tag: `${status}/`,
      limit: Number.MAX_SAFE_INTEGER,
    })) {
      const view = found.has(key) ? undefined : await viewIfReadable(engine, key)
      if (found.has(key) || (view && !hasWorkflow(file, view.workflow))) continue
      if (view && !isParked(view.status) && view.status !== 'paused') found.add(key)
      else terminal.note(`${terminal.onErr('strong', key)} is ${status} and left alone; resume it with --run`)
    }
  }
  return [...found]
}

/**
 * Parked and paused runs that were named are given back; all others the worker finds by itself. One that the loaded code still cannot
 * take up stays parked, and holds up no other.
 */
async function takeUp(engine: Engine, id: string, as: Caller | undefined, terminal: Terminal): Promise<void> {
  const handle = await engine.get(id)
  const { status } = await handle.view()
  if (!isParked(status) && status !== 'paused') return
  try {
    await handle.resume(as ? { as } : {})
  } catch (error) {
    if (!(error instanceof StepwrightError) || error.code !== 'needs-migration') throw error
    terminal.warn(`Run ${quote(id)} stays parked: ${error.message}`)
  }
}

/** A port that is taken, in the words of the command line. */
function aboutPort(error: unknown, port: number | undefined): unknown {
  if (!(error instanceof StepwrightError) || port === undefined || error.details['port'] !== port)
    return error
  return new StepwrightError('invalid-options', {
    what: `The inspector cannot listen on port ${port}: it is taken, or not to be had`,
    remedy: 'Give another one with --port, or leave it out for a free one',
    cause: error,
  })
}
