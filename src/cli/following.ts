import type { Engine } from '../engine.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { isEnded } from '../model/status.ts'
import type { Committed } from '../runtime/kernel.ts'
import type { RunHandle } from '../control/run-handle.ts'
import { viewOf, type RunView } from '../control/run-view.ts'
import { systemHost } from '../model/host.ts'
import { Documents } from '../store/documents.ts'
import { sealOf } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { Aside } from './aside.ts'
import { exitCodeFor } from './exit-code.ts'
import { sayFailure, sayHappening } from './happening-text.ts'
import { shownView } from './masks.ts'
import { sayTime } from './moment.ts'
import { shellLine, type StoreChoice } from './shell-line.ts'
import { needsSomebody, noteWait, sayStanding, standingOf } from './standing.ts'
import type { Terminal } from './terminal.ts'
import { machineFor, type WorkflowFile } from './workflow-file.ts'

/** A run that is followed, and what hints about it need. */
export interface Followed {
  readonly engine: Engine
  readonly handle: RunHandle
  readonly file: WorkflowFile
  /** Events up to that number are not shown. */
  readonly after: number
  /** The `--store` of hints. */
  readonly store: string | undefined
  readonly terminal: Terminal
}

/** Waits of child runs that are told of; a map may have thousands. */
const CHILDREN_TOLD = 10

/** How many events a run has; 0 where there is none. */
export async function lastEvent(store: Store, id: string): Promise<number> {
  const stored = await new Documents(store, systemHost.newId, sealOf()).find(id)
  return stored?.history.seq ?? 0
}

/**
 * Shows each event as it comes, until the run has ended, was parked, or waits for what can never come; then says where
 * it stands and gives the exit code.
 */
export async function followToEnd(followed: Followed): Promise<number> {
  const { engine, handle, file, after, store, terminal } = followed
  const end = engine.subscribe(childWatch(followed))
  const aside = new Aside({ engine, file, store, terminal, runs: [handle.id], childrenOnly: true })
  await aside.begin()
  try {
    for await (const event of handle.events({ after })) {
      const { tone, text } = sayHappening(event, event.at)
      terminal.note(`${terminal.onErr('dim', sayTime(event.at))}  ${terminal.onErr(tone, text)}`)
      if (event.type === 'paused')
        noteLines(['it goes on with:', shellLine('resume', [file.path], { run: handle.id, store })], terminal)
      if (!MAY_WAIT.includes(event.type)) continue
      const view = await handle.view()
      if (view.status !== 'waiting' || !needsSomebody(view)) continue
      noteWait(view, store, terminal, Date.now())
      if (!engine.store.shared && !view.timer) break // no other process can reach it
    }
  } finally {
    end()
    aside.end()
  }
  const view = await handle.view()
  return finish(await shownView(view, engine.store, terminal), store, terminal)
}

/** After these a run may wait for somebody. */
const MAY_WAIT: readonly string[] = [
  'started',
  'moved',
  'voted',
  'signal-refused',
  'child-started',
  'unpaused',
  'unparked',
]

/** What is said of a run whose following was interrupted. */
export function interrupted(
  id: string,
  path: string,
  { url }: StoreChoice,
  store: string | undefined,
): string[] {
  if (url === 'memory')
    return [`Run ${id} was kept in memory only and is gone; with --store sqlite:FILE it could be resumed`]
  return [`Run ${id} can be resumed:`, `  ${shellLine('resume', [path], { run: id, store })}`]
}

/** Says where a run stands that is left to the workers there are. */
export function leave(view: RunView, file: string, store: string | undefined, terminal: Terminal): number {
  if (terminal.json) terminal.printJson(standingOf(view))
  else
    terminal.print(
      `${terminal.onOut('strong', view.id)} ${terminal.onOut('plain', sayStanding(view, Date.now()))}`,
    )
  if (!isEnded(view.status))
    noteLines(
      [
        'it is left to the workers there are; to drive it here:',
        shellLine('resume', [file], { run: view.id, store }),
      ],
      terminal,
    )
  return isEnded(view.status) ? exitCodeFor(view.status) : 0
}

function noteLines([head = '', ...lines]: readonly string[], terminal: Terminal): void {
  terminal.note(terminal.onErr('dim', head))
  for (const line of lines) terminal.note(terminal.onErr('dim', `  ${line}`))
}

/** Says where a run that is followed waits for one of its child runs, and that one for somebody. */
function childWatch({ engine, handle, file, store, terminal }: Followed): (committed: Committed) => void {
  const family = new Set([handle.id])
  let told = 0
  return ({ run, revision }) => {
    if (run.parent === undefined || !family.has(run.parent.run)) return
    family.add(run.id)
    if (told >= CHILDREN_TOLD) return
    const view = viewOf(run, revision, machineFor(engine, file, run.workflow))
    if (view.status !== 'waiting' || !needsSomebody(view)) return
    told += 1
    noteWait(view, store, terminal, Date.now(), `${run.id} `)
  }
}

function finish(view: RunView, store: string | undefined, terminal: Terminal): number {
  const { id, status, state, data, failure } = view
  if (terminal.json) terminal.printJson(standingOf(view))
  else if (status === 'completed')
    terminal.print(`${terminal.onOut('strong', state)} ${terminal.value(data, true)}`)
  else if (isEnded(status)) {
    const why = failure ? `: ${sayFailure(failure)}` : ''
    terminal.fail(
      new StepwrightError('run-failed', {
        what: `Run ${quote(id)} ${status === 'failed' ? 'failed' : `is ${status}`} in ${quote(state)}${why}`,
        remedy: `See its history: ${shellLine('show', [id], { store })}`,
      }),
    )
  } else
    terminal.note(
      `Run ${terminal.onErr('strong', id)} ${terminal.onErr('plain', sayStanding(view, Date.now()))}`,
    )
  return exitCodeFor(status)
}
