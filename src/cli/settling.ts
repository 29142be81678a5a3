import { shownView } from './masks.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../engine.ts'
import { quote } from '../errors/stepwright-error.ts'
import { isEnded, isParked } from '../model/status.ts'
import type { Committed } from '../runtime/kernel.ts'
import { viewOf, type RunView } from '../control/run-view.ts'
import { readInbox } from '../store/inbox.ts'
import { Aside } from './aside.ts'
import { exitCodeForAll } from './exit-code.ts'
import { sayHappening } from './happening-text.ts'
import { sayTime } from './moment.ts'
import { viewIfReadable } from './readable-view.ts'
import { needsSomebody, sayStanding, standingOf } from './standing.ts'
import type { Terminal } from './terminal.ts'
import { machineFor, type WorkflowFile } from './workflow-file.ts'

/** How often runs that other processes may drive are looked at. */
const LOOK_MS = 100

/** Runs that wait for a time that are told of one by one. */
const SLEEPERS = 10

/** Shows what every run of an engine goes through. Returns what ends that. */
export function showCommits(engine: Engine, file: WorkflowFile, terminal: Terminal): () => void {
  return engine.subscribe((committed) => sayCommit(engine, file, committed, terminal))
}

/** Runs that are driven until each stands still. */
export interface Settling {
  readonly engine: Engine
  readonly file: WorkflowFile
  readonly ids: readonly string[]
  /** The `--store` of hints. */
  readonly store: string | undefined
  /** Said where there are no runs at all. */
  readonly none?: string
}

/** Waits until each of the runs has ended, was set aside, or waits for somebody; then says where they stand. */
export async function settleAll(settling: Settling, terminal: Terminal): Promise<number> {
  const { engine, file, ids, store, none = '' } = settling
  const aside = new Aside({ engine, file, store, terminal, runs: ids })
  await aside.begin()
  await noteSleepers(engine, file, ids, terminal)
  const settled = await settle(settling)
  await aside.look()
  aside.end()
  const views = await Promise.all(settled.map((view) => shownView(view, engine.store, terminal)))
  for (const view of views)
    if (!isEnded(view.status) && !knows(engine, file, view)) noteUnknown(view, file, terminal)
  if (terminal.json) terminal.printJson(views.map(standingOf))
  else if (views.length === 0) terminal.note(none)
  else
    for (const view of views)
      terminal.print(
        `${terminal.onOut('strong', view.id)} ${terminal.onOut('plain', sayStanding(view, Date.now()))}`,
      )
  return exitCodeForAll(views.map(({ status }) => status))
}

/** Runs that time will move told nothing when they came to wait before: says until when. */
async function noteSleepers(
  engine: Engine,
  file: WorkflowFile,
  ids: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const sleepers: RunView[] = []
  for (const id of ids) {
    const view = await viewIfReadable(engine, id)
    if (view?.status === 'waiting' && view.timer && (await goesOn(engine, file, view))) sleepers.push(view)
  }
  for (const view of sleepers.slice(0, SLEEPERS))
    terminal.note(
      `${terminal.onErr('strong', view.id)} ${terminal.onErr('plain', sayStanding(view, Date.now()))}`,
    )
  const more = sleepers.length - SLEEPERS
  if (more > 0) terminal.note(terminal.onErr('dim', `and ${more} more that wait for a time`))
}

/** One after another: while one goes on, however many others there are, that one alone is looked at. */
async function settle({ engine, file, ids }: Settling): Promise<readonly RunView[]> {
  const settled: RunView[] = []
  for (const id of new Set(ids)) settled.push(await settleOne(engine, file, id)) // a run that moves while runs are listed by status is found twice
  return settled
}

async function settleOne(engine: Engine, file: WorkflowFile, id: string): Promise<RunView> {
  for (;;) {
    const view = await (await engine.get(id)).view()
    if (isEnded(view.status) || !(await goesOn(engine, file, view))) return view
    await sleep(LOOK_MS)
  }
}

/** A run that has not ended goes on without anybody: its worker has something to do, or time will bring it. */
async function goesOn(engine: Engine, file: WorkflowFile, view: RunView): Promise<boolean> {
  const { id, status, awaits, timer } = view
  const asleep = isParked(status) || status === 'paused'
  if (!asleep && status !== 'waiting') return true
  for await (const { name, kind } of readInbox(engine.store, id))
    if (asleep ? kind !== undefined && kind !== 'child' : kind !== undefined || awaits.includes(name))
      return true // it is there already, and the worker is about to find it
  if (asleep) return false
  if (timer && timer.at <= Date.now()) return true
  const { waits, goOn } = await lookAtChildren(engine, file, id)
  return goOn || (!waits && !needsSomebody(view) && knows(engine, file, view))
}

/** Whether the file has the state that a run stands in; what it does not have it cannot wake. */
function knows(engine: Engine, file: WorkflowFile, { workflow, state }: RunView): boolean {
  return machineFor(engine, file, workflow)?.definition.states.has(state) ?? true
}

function noteUnknown({ id, workflow, state }: RunView, { path }: WorkflowFile, terminal: Terminal): void {
  terminal.warn(
    `${id} stands in ${quote(state)}, which ${workflow} in ${path} does not have: it is moved by @migrate, or parked, when it is next taken up`,
  )
}

/** Whether it waits for child runs, and whether one of those has ended or goes on by itself. */
async function lookAtChildren(
  engine: Engine,
  file: WorkflowFile,
  id: string,
): Promise<{ waits: boolean; goOn: boolean }> {
  const parts = [...(await (await engine.get(id)).parts()).values()]
  const children = parts.flatMap(({ status, child }) => (status === 'child' && child ? [child] : []))
  for (const child of children) {
    const view = await viewIfReadable(engine, child)
    if (view && (isEnded(view.status) || (await goesOn(engine, file, view))))
      return { waits: true, goOn: true }
  }
  return { waits: children.length > 0, goOn: false }
}

function sayCommit(
  engine: Engine,
  file: WorkflowFile,
  { run, revision, happenings }: Committed,
  terminal: Terminal,
): void {
  const now = Date.now()
  const lines = happenings.map((happening) => sayHappening(happening, now))
  const view = viewOf(run, revision, machineFor(engine, file, run.workflow))
  if (run.status === 'waiting' && run.timer?.kind !== 'retry')
    lines.push({ tone: 'warn', text: sayStanding(view, now) })
  for (const { tone, text } of lines)
    terminal.note(
      `${terminal.onErr('dim', sayTime(now))}  ${terminal.onErr('strong', run.id)}  ${terminal.onErr(tone, text)}`,
    )
}
