import { compile } from '../compile/machine.ts'
import { Executor, type ExecutionOptions } from '../deploy/execution.ts'
import type { Rehearsal } from '../deploy/rehearsal.ts'
import { rehearseRuns } from '../deploy/rehearsing.ts'
import { toMs, type Duration } from '../model/duration.ts'
import { systemHost } from '../model/host.ts'
import type { RunStore } from '../control/run-store.ts'
import type { Kernel } from '../runtime/kernel.ts'
import { configure } from '../control/opening.ts'
import { EXIT } from './exit-code.ts'
import { watchInterrupts, type Interrupt } from './interrupt.ts'
import { modelResources } from './model-resources.ts'
import { Progress } from './progress.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'
import { chooseWorkflow, familyOf, loadWorkflowFile, type WorkflowFile } from './workflow-file.ts'

/** Options of `stepwright rehearse`. */
export interface RehearseOptions {
  readonly workflow?: string
  readonly runs?: readonly string[]
  readonly sample?: number
  readonly since?: Duration | Date
  /** Run the handlers too. */
  readonly execute?: boolean
  readonly effects?: 'none' | 'idempotent'
}

/** Runs that part at the same point in the same way. */
interface Group {
  readonly workflow: string
  readonly state: string
  readonly what: string
  /** What of it differs, without values. */
  readonly at?: string
  /** As it is with the first example. */
  readonly expected: string
  readonly came: string
  runs: number
  /** The first few. */
  readonly examples: string[]
}

const EXAMPLES = 3
/** Texts in the table are no longer; all of them stand in the JSON. */
const LONGEST = 70

/** Takes recorded runs through the code of a file, and says where they would go another way. Writes nothing. */
export async function rehearseCommand(
  path: string,
  options: RehearseOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const file = await loadWorkflowFile(path)
  if (options.workflow !== undefined) chooseWorkflow(file, options.workflow) // before anything is read
  const interrupts = watchInterrupts()
  const stop = new AbortController()
  let interrupt: Interrupt | undefined
  void interrupts.first.then((first) => {
    interrupt = first
    stop.abort()
  })
  try {
    const executor = options.execute ? await executorFor(file, options, stop.signal, terminal) : undefined
    return await readStore(choice.url, async ({ runs, kernel }) => {
      await load(file, kernel)
      const report = await rehearse(runs, kernel, options, executor, stop.signal, terminal)
      tell(report, terminal)
      if (interrupt) return interrupt.exitCode
      return report.counts.differs > 0
        ? EXIT.runFailed
        : report.counts.unknown > 0
          ? EXIT.notFinished
          : EXIT.ok
    })
  } finally {
    interrupts.end()
  }
}

async function executorFor(
  file: WorkflowFile,
  { effects }: RehearseOptions,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<Executor> {
  const { models, others } = await modelResources(file, terminal, 'no handler is given any')
  const options: ExecutionOptions = {
    models: Object.fromEntries(models),
    others,
    signal,
    ...(effects ? { effects } : {}),
  }
  return new Executor(options)
}

/** The workflows of the file, with their configuration, as an engine would have them. */
async function load(file: WorkflowFile, { library }: Kernel): Promise<void> {
  for (const { definition } of familyOf(file, file.workflows)) {
    const instance = Object.freeze(new definition.workflowClass())
    library.add({ machine: compile(definition), instance, config: undefined })
  }
  await configure(library, { ...(await file.provide('config')) })
}

interface NotRun {
  readonly workflow: string
  readonly state: string
  readonly why: string
  /** In how many runs. */
  runs: number
}

interface Report {
  readonly counts: Readonly<Record<Rehearsal['fate'], number>>
  readonly executed: number
  readonly groups: readonly Group[]
  /** Handlers that were to run and did not. */
  readonly notRun: readonly NotRun[]
  readonly runs: readonly Rehearsal[]
}

async function rehearse(
  runs: RunStore,
  kernel: Kernel,
  { workflow, runs: ids, sample, since }: RehearseOptions,
  executor: Executor | undefined,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<Report> {
  const filter = {
    ...(ids ? { runs: ids } : {}),
    ...(workflow === undefined ? {} : { workflow }),
    ...(sample === undefined ? {} : { sample }),
    ...(since === undefined
      ? {}
      : { since: since instanceof Date ? since.getTime() : systemHost.now() - toMs(since, 'since') }),
  }
  const counts = { same: 0, differs: 0, unknown: 0 }
  const groups = new Map<string, Group>()
  const notRun = new Map<string, NotRun>()
  const all: Rehearsal[] = []
  const progress = new Progress(terminal, 'runs rehearsed')
  let executed = 0
  for await (const rehearsal of rehearseRuns(runs, kernel, filter, executor)) {
    if (signal.aborted) break
    counts[rehearsal.fate]++
    executed += rehearsal.executed
    progress.tell(counts.same + counts.differs + counts.unknown)
    all.push(rehearsal)
    noteNotRun(rehearsal, notRun)
    if (rehearsal.fate !== 'same') group(rehearsal, groups)
  }
  const byRuns = [...groups.values()].sort((a, b) => b.runs - a.runs)
  return { counts, executed, groups: byRuns, notRun: [...notRun.values()], runs: all }
}

function noteNotRun({ workflow, notRun }: Rehearsal, found: Map<string, NotRun>): void {
  for (const [state, why] of Object.entries(notRun)) {
    const key = JSON.stringify([workflow, state, why])
    const note = found.get(key) ?? { workflow, state, why, runs: 0 }
    found.set(key, note)
    note.runs++
  }
}

/** Values are not part of what makes runs alike: they are of each run its own. */
function group({ run, workflow, difference, reason = '' }: Rehearsal, groups: Map<string, Group>): void {
  const { state, what, at, expected, came } = difference ?? {
    ...{ state: '', what: 'not rehearsed', at: undefined, expected: '', came: reason },
  }
  const key = JSON.stringify([workflow, state, what, ...(at === undefined ? [expected, came] : ['', at])])
  const found = groups.get(key) ?? {
    ...{ workflow, state, what, expected, came, runs: 0, examples: [] },
    ...(at ? { at } : {}),
  }
  groups.set(key, found)
  found.runs++
  if (found.examples.length < EXAMPLES) found.examples.push(run)
}

function tell({ counts, executed, groups, notRun, runs }: Report, terminal: Terminal): void {
  if (terminal.json) return terminal.printJson({ ...counts, executed, groups, notRun, runs })
  if (groups.length > 0) {
    const rows = groups.map(({ runs: n, workflow, state, what, at, expected, came, examples }) => [
      String(n),
      ...[workflow, state, at ? `${what}: ${at}` : what, expected, came].map((text) => short(oneLine(text))),
      oneLine(examples.join(', ') + (n > examples.length ? ', ...' : '')),
    ])
    const heads = ['RUNS', 'WORKFLOW', 'STATE', 'WHAT', 'EXPECTED', 'CAME', 'EXAMPLES']
    for (const line of table(heads, rows, terminal)) terminal.print(line)
  }
  const said = [
    `${counts.same} go the same way`,
    `${counts.differs} another`,
    `${counts.unknown} could not be rehearsed`,
    ...(executed > 0 ? [`${executed} handlers were run`] : []),
  ]
  terminal.note(said.join(', '))
  if (notRun.length === 0) return
  const names = notRun.map(({ state, why }) => `${state} (${why}${REMEDIES[why] ?? ''})`)
  terminal.note(terminal.onErr('warn', oneLine(`not run: ${[...new Set(names)].join(', ')}`)))
}

/** What would make such handlers run. */
const REMEDIES: Readonly<Record<string, string>> = { 'effect idempotent': ': --effects idempotent' }

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text
}
