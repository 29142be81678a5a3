import { StepwrightError, quote, whatOf } from '../errors/stepwright-error.ts'
import { checkId } from '../model/identifier.ts'
import type { Status } from '../model/status.ts'
import type { Store } from '../store/store.ts'
import type { RunFilter } from '../control/run-store.ts'
import type { RunView } from '../control/run-view.ts'
import { confirm } from './confirmation.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { noteMisspelt } from './misspelt.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** How runs are chosen for a verb, and how it is done. */
export interface SelectionOptions {
  readonly workflow?: string
  readonly status?: readonly Status[]
  readonly state?: string
  readonly session?: string
  /** Every run, where no filter is given. */
  readonly all?: boolean
  readonly dryRun?: boolean
  /** Do it with many without asking. */
  readonly yes?: boolean
}

/** Runs that are named, or those that fit a filter. */
export interface Selection {
  readonly ids: readonly string[]
  readonly filter: RunFilter | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

/** A verb that is done with one run after another. */
export interface Doing {
  readonly verb: string
  readonly fits: (view: RunView) => boolean
  readonly act: (id: string) => Promise<void>
  readonly store: Store
  readonly runs: {
    view(id: string): Promise<RunView>
    list(filter: RunFilter): Promise<readonly RunView[]>
  }
}

/** What was done with one run, or would be. */
export interface Deed {
  readonly run: string
  readonly workflow: string
  /** Before. */
  readonly status: Status
  readonly state: string
  readonly possible: boolean
  readonly done: boolean
  /** After. */
  readonly now?: Status
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string }
}

/** What was done with all of them. `asked` is false where a person said no. */
export interface Deeds {
  readonly verb: string
  readonly dryRun: boolean
  readonly asked: boolean
  readonly runs: readonly Deed[]
  /** Runs that were chosen by the filter, and that the verb does not fit, by status. */
  readonly others: Readonly<Record<string, number>>
}

/** Rows of a dry run that are shown to people. */
const ROWS = 100

/**
 * Does something with the runs that were named, or that fit a filter. All that are named must exist before anything is
 * done. Trouble with one of several stops no other; with a single one it is thrown.
 */
export async function doWithRuns(
  { ids, filter, dryRun, yes }: Selection,
  doing: Doing,
  terminal: Terminal,
): Promise<Deeds> {
  const { verb, fits, store } = doing
  const chosen = filter
    ? await doing.runs.list({ limit: Number.MAX_SAFE_INTEGER, ...filter })
    : await Promise.all([...new Set(ids)].map((id) => doing.runs.view(id)))
  if (filter && chosen.length === 0)
    await noteMisspelt(filter, { store, list: (all) => doing.runs.list(all) }, terminal)
  const runs = filter ? chosen.filter(fits) : chosen
  const others: Record<string, number> = {}
  if (filter)
    for (const { status } of chosen.filter((view) => !fits(view))) others[status] = (others[status] ?? 0) + 1
  const planned = runs.map((view) => deedOf(view, fits(view)))
  if (dryRun) return { verb, dryRun, asked: true, runs: planned, others }
  if (filter && runs.length > 1 && !yes && !(await agreed(planned, others, verb, terminal)))
    return { verb, dryRun, asked: false, runs: planned, others }
  const deeds: Deed[] = []
  for (const deed of planned) deeds.push(await done(deed, doing, !filter && planned.length === 1))
  return { verb, dryRun, asked: true, runs: deeds, others }
}

async function done(deed: Deed, { act, runs }: Doing, alone: boolean): Promise<Deed> {
  try {
    await act(deed.run)
  } catch (error) {
    if (alone || !(error instanceof StepwrightError) || exitCodeOf(error) !== EXIT.badInput) throw error
    const { code, remedy } = error
    return { ...deed, possible: code !== 'not-possible', error: { code, message: whatOf(error), remedy } }
  }
  return { ...deed, done: true, now: (await runs.view(deed.run)).status }
}

function deedOf({ id, workflow, version, status, state }: RunView, possible: boolean): Deed {
  return { run: id, workflow: `${workflow}@${version}`, status, state, possible, done: false }
}

/** Which runs are chosen. Throws `invalid-options` where they are both named and filtered, or neither. */
export function readSelection(ids: readonly string[], options: SelectionOptions, verb: string): Selection {
  const { dryRun = false, yes = false } = options
  const { workflow, status, state, session, all = false } = options
  for (const id of ids) checkId('run', id)
  if (session !== undefined) checkId('session', session)
  const filter: RunFilter = {
    ...(workflow === undefined ? {} : { workflow }),
    ...(status === undefined ? {} : { status }),
    ...(state === undefined ? {} : { state }),
    ...(session === undefined ? {} : { session }),
  }
  const given = Object.keys(filter).map((name) => `--${name}`)
  const wrong = (what: string, remedy: string): StepwrightError =>
    new StepwrightError('invalid-options', { what, remedy })
  if (ids.length > 0 && (given.length > 0 || all))
    throw wrong(
      `Runs are named, and ${[...given, ...(all ? ['--all'] : [])].join(', ')} is given too`,
      'Name runs, or choose them by a filter',
    )
  if (given.length > 0 && all)
    throw wrong(`--all and ${given.join(', ')} are given`, 'Give --all for every run, or a filter')
  if (ids.length > 0) return { ids, filter: undefined, dryRun, yes }
  if (given.length > 0 || all) return { ids, filter, dryRun, yes }
  throw wrong(
    `It is not said which runs to ${verb}`,
    `Name them, or choose them by --workflow, --status, --state or --session, or give --all`,
  )
}

async function agreed(
  runs: readonly Deed[],
  others: Deeds['others'],
  verb: string,
  terminal: Terminal,
): Promise<boolean> {
  const many = `${runs.length} runs`
  if (!terminal.canAsk) {
    throw new StepwrightError('invalid-options', {
      what: `${many} fit, and nobody can be asked whether to ${verb} them all`,
      remedy: 'Give --yes, or see them first with --dry-run',
      details: { runs: runs.length, others },
    })
  }
  for (const line of planLines(runs, terminal)) terminal.ask(line)
  return confirm(`${verb} these ${many}? [y/N] `)
}

function planLines(runs: readonly Deed[], terminal: Terminal): readonly string[] {
  const rows = runs
    .slice(0, ROWS)
    .map(({ run, workflow, status, state, possible }) =>
      [run, workflow, status, state, possible ? 'yes' : 'no'].map(oneLine),
    )
  const more = runs.length > ROWS ? [`and ${runs.length - ROWS} more`] : []
  return [...table(['RUN', 'WORKFLOW', 'STATUS', 'STATE', 'POSSIBLE'], rows, terminal), ...more]
}

/**
 * Says what was done. `say` gives the line of a run for which it was. The exit code is 2 where something could not be
 * done.
 */
export function reportDeeds(deeds: Deeds, terminal: Terminal, say: (deed: Deed) => string): number {
  const { verb, dryRun, asked, runs, others } = deeds
  const failed = runs.some(({ error }) => error !== undefined)
  const code = failed ? EXIT.badInput : EXIT.ok
  if (terminal.json) {
    const { asked: _asked, ...shown } = deeds
    terminal.printJson(shown)
    return code
  }
  if (!asked) terminal.note('Nothing was done')
  else if (dryRun) for (const line of runs.length > 0 ? planLines(runs, terminal) : []) terminal.print(line)
  else
    for (const deed of runs) {
      const { run, error } = deed
      if (error) terminal.warn(`${error.message}. ${error.remedy}.`)
      else terminal.print(`${terminal.onOut('strong', run)} ${terminal.onOut('plain', say(deed))}`)
    }
  if (runs.length === 0) terminal.note(`No run to ${verb}`)
  const left = Object.entries(others).map(([status, n]) => `${n} ${status}`)
  if (left.length > 0)
    terminal.note(
      terminal.onErr('dim', `others that fit the filter, where it is not possible: ${left.join(', ')}`),
    )
  if (dryRun) terminal.note(terminal.onErr('dim', 'nothing was done: a dry run'))
  return code
}

/** Refuses a run that the verb without the workflow's code cannot be done with. */
export function needsFile({ id, status }: RunView, verb: string, remedy: string): StepwrightError {
  return new StepwrightError('not-possible', {
    what: `Run ${quote(id)} is ${status}, so ${verb} is not possible without its file`,
    remedy,
    details: { run: id, status, verb },
  })
}
