import type { Engine } from '../engine.ts'
import type { ScheduleView } from '../schedule/schedule.ts'
import type { ScheduleBook } from '../schedule/schedule-book.ts'
import type { Store } from '../store/store.ts'
import { shownSchedule, shownView } from './masks.ts'
import { withEngine } from './driving.ts'
import { EXIT } from './exit-code.ts'
import { followToEnd, interrupted, leave } from './following.ts'
import { sayDate, sayDistance } from './moment.ts'
import { changesIn, settingsIn, type ScheduleWords } from './schedule-options.ts'
import { readSchedules } from './schedule-reader.ts'
import { describeSchedule, SCHEDULE_HEADINGS, scheduleRow, sayWhen } from './schedule-text.ts'
import { settleAll, showCommits } from './settling.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { mustExist } from './store-reader.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, loadWorkflowFile, type Workflow } from './workflow-file.ts'

/** Lists schedules in the order of their ids. */
export async function listSchedules({ url }: StoreChoice, terminal: Terminal): Promise<number> {
  const views = await readSchedules(url, terminal, async (book, store) =>
    Promise.all((await book.list()).map((view) => shownSchedule(view, store, terminal))),
  )
  if (terminal.json) terminal.printJson(views)
  else if (views.length === 0) terminal.note('No schedules')
  else for (const line of table(SCHEDULE_HEADINGS, views.map(scheduleRow), terminal)) terminal.print(line)
  return EXIT.ok
}

/** Shows one schedule: its options, what is due, and what it started. */
export async function showSchedule(id: string, { url }: StoreChoice, terminal: Terminal): Promise<number> {
  const view = await readSchedules(url, terminal, async (book, store) =>
    shownSchedule(await book.get(id), store, terminal),
  )
  if (terminal.json) terminal.printJson(view)
  else for (const line of describeSchedule(view, terminal)) terminal.print(line)
  return EXIT.ok
}

/** Stores a schedule of a workflow in a file. */
export async function createSchedule(
  id: string,
  path: string,
  { paused = false, ...words }: ScheduleWords & { readonly paused?: boolean },
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const file = await loadWorkflowFile(path)
  const workflow = chooseWorkflow(file, words.workflow)
  const settings = await settingsIn(id, workflow.definition.name, words, paused)
  return withEngine(
    { file, workflows: [workflow], store: choice.url, only: 'code' },
    terminal,
    async (engine) => {
      say(await shownSchedule(await engine.schedules.create(settings), engine.store, terminal), terminal)
      const store = storeWord(choice, engine.store)
      const line = shellLine('resume', [path], { watch: true, store })
      terminal.note(terminal.onErr('dim', `its runs are started while a worker is there:\n  ${line}`))
      return EXIT.ok
    },
  )
}

/** Changes a schedule. What is checked by the workflow's code needs its file. */
export async function updateSchedule(
  id: string,
  path: string | undefined,
  { unset = [], ...words }: ScheduleWords & { readonly unset?: readonly string[] },
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const changes = await changesIn(words, unset)
  const change = async (book: ScheduleBook, from: Store): Promise<number> => {
    say(await shownSchedule(await book.update(id, changes), from, terminal), terminal)
    return EXIT.ok
  }
  if (path === undefined) return readSchedules(choice.url, terminal, change)
  mustExist(choice.url)
  const file = await loadWorkflowFile(path)
  return withEngine({ file, store: choice.url, only: 'code' }, terminal, (engine) =>
    change(engine.schedules, engine.store),
  )
}

/** Pauses a schedule, or lets it go on. */
export async function holdSchedule(
  id: string,
  hold: 'pause' | 'resume',
  note: string | undefined,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const view = await readSchedules(url, terminal, async (book, store) =>
    shownSchedule(await book[hold](id, note), store, terminal),
  )
  say(view, terminal)
  return EXIT.ok
}

/** Removes a schedule; its runs go on. */
export async function deleteSchedule(id: string, { url }: StoreChoice, terminal: Terminal): Promise<number> {
  await readSchedules(url, terminal, (book) => book.delete(id))
  if (terminal.json) terminal.printJson({ schedule: id, deleted: true })
  else terminal.print(`${terminal.onOut('strong', id)} deleted; its runs go on`)
  return EXIT.ok
}

/** The next due times. */
export async function nextOfSchedule(
  id: string,
  count: number,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const dues = await readSchedules(url, terminal, (book) => book.next(id, count))
  if (terminal.json) terminal.printJson({ schedule: id, next: dues })
  else if (dues.length === 0) terminal.note('Nothing is due any more')
  else
    for (const due of dues)
      terminal.print(
        `${sayDate(due.getTime())}  ${terminal.onOut('dim', sayDistance(due.getTime(), Date.now()))}`,
      )
  return EXIT.ok
}

/** How runs that are started by hand are treated. */
export interface StartingOptions {
  readonly follow: boolean
}

/** Starts a run of a schedule now, and follows it. */
export async function runSchedule(
  id: string,
  path: string,
  { follow }: StartingOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  let run: string | undefined
  let store: string | undefined
  const afterInterrupt = (): string[] => (run === undefined ? [] : interrupted(run, path, choice, store))
  return withSchedule(id, path, { follow, afterInterrupt }, choice, terminal, async (engine, file) => {
    store = storeWord(choice, engine.store)
    run = await engine.schedules.runNow(id)
    const handle = await engine.get(run)
    if (!follow)
      return leave(await shownView(await handle.view(), engine.store, terminal), path, store, terminal)
    return followToEnd({ engine, handle, file, after: 0, store, terminal })
  })
}

/** Starts the runs of due times that have passed, and drives them until each has ended or waits for somebody. */
export async function backfillSchedule(
  id: string,
  path: string,
  { follow, from, to }: StartingOptions & { readonly from: Date; readonly to: Date },
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  let store: string | undefined
  const afterInterrupt = (): string[] => [
    'Runs can be resumed:',
    `  ${shellLine('resume', [path], { store })}`,
  ]
  return withSchedule(id, path, { follow, afterInterrupt }, choice, terminal, async (engine, file) => {
    store = storeWord(choice, engine.store)
    const end = showCommits(engine, file, terminal)
    const runs = await engine.schedules.backfill(id, from, to)
    if (follow) {
      const code = await settleAll({ engine, file, ids: runs, store, none: 'Nothing was due then' }, terminal)
      end()
      return code
    }
    if (terminal.json) terminal.printJson({ schedule: id, runs })
    else if (runs.length === 0) terminal.note('Nothing was due then')
    else for (const run of runs) terminal.print(terminal.onOut('plain', run))
    return EXIT.ok
  })
}

async function withSchedule(
  id: string,
  path: string,
  { follow, afterInterrupt }: StartingOptions & { readonly afterInterrupt: () => readonly string[] },
  choice: StoreChoice,
  terminal: Terminal,
  work: (engine: Engine, file: Awaited<ReturnType<typeof loadWorkflowFile>>) => Promise<number>,
): Promise<number> {
  const { workflow: name } = await readSchedules(choice.url, terminal, (book) => book.get(id))
  const file = await loadWorkflowFile(path)
  const workflow: Workflow = chooseWorkflow(file, name)
  return withEngine(
    {
      ...{ file, workflows: [workflow], store: choice.url, afterInterrupt },
      ...(follow ? {} : { only: 'code' }),
    },
    terminal,
    async (engine) => {
      await engine.open()
      return work(engine, file)
    },
  )
}

function say(view: ScheduleView, terminal: Terminal): void {
  if (terminal.json) {
    terminal.printJson(view)
    return
  }
  const { id, nextAt, paused } = view
  const next = paused
    ? 'paused'
    : nextAt
      ? `next ${sayDate(nextAt.getTime())} (${sayDistance(nextAt.getTime(), Date.now())})`
      : 'nothing is due any more'
  terminal.print(`${terminal.onOut('strong', id)} ${terminal.onOut('plain', `${sayWhen(view)}; ${next}`)}`)
}
