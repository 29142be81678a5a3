import type { Definition } from '../definition/definition.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { AnyClass } from '../definition/shape.ts'
import type { Engine } from '../engine.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { journeyOf } from '../model/journey.ts'
import { Breath } from './breath.ts'
import { Gathering } from './gathering.ts'
import type { RunView } from '../control/run-view.ts'
import { isEnded } from '../model/status.ts'
import { isDamage, runsOf, type Charts, type RunSource } from './run-source.ts'
import type { Statistics } from './statistics.ts'

/** How runs are counted. */
export interface CountingOptions {
  /** Only runs that were started at that moment or later. Default: all. */
  readonly since?: Date | number
  /** Only runs that were started before that moment. */
  readonly before?: Date | number
  /** The longest stretches of ways that are kept, in states; 3 to 6. Default 4. */
  readonly pathLength?: number
  /** Until when a run that has not ended is counted as standing in its state. Default: now. */
  readonly now?: number
  /** Ends the pass early: what was counted until then is given. */
  readonly signal?: AbortSignal
  /** Called after each run that was looked at. */
  readonly onRun?: (progress: CountingProgress) => void
}

/** How far a pass has come. */
export interface CountingProgress {
  readonly looked: number
  readonly counted: number
}

/** What a pass has counted. */
export interface Counting {
  readonly statistics: Statistics
  /** Runs that were started before `since`, where that is given: what is compared with. */
  readonly earlier: Statistics
  /** Runs that are damaged and not counted. */
  readonly damaged: number
  /** It was ended early: there are more runs. */
  readonly stopped: boolean
}

/** The shortest and the longest of {@link CountingOptions.pathLength}. */
export const PATH_LENGTHS = { least: 3, most: 6 } as const
const PATH_LENGTH = 4

/**
 * The statistics of all runs of a workflow that an engine's store holds, of all its versions, in one pass. One history
 * is held at a time, and nothing is written.
 *
 * @throws StepwrightError `invalid-options` for a path length that is not from 3 to 6.
 * @example
 * const statistics = await statisticsOf(engine, Expense, { since: Date.now() - 7 * 864e5 })
 * console.log(statistics.states.get('review')?.wait.quantile(0.9))
 */
export async function statisticsOf(
  engine: Engine,
  workflow: AnyClass,
  options: CountingOptions = {},
): Promise<Statistics> {
  const counting = await countRuns(runsOf(engine), readDefinition(workflow), options)
  return counting.statistics
}

/** The same from any source of runs, with what was seen on the way. */
export async function countRuns(
  source: Pick<RunSource, 'ids' | 'findAny' | 'history'>,
  { name, states }: Pick<Definition, 'name' | 'states'>,
  { since, before = Infinity, pathLength = PATH_LENGTH, now = Date.now(), ...pass }: CountingOptions = {},
): Promise<Counting> {
  checkLength(pathLength)
  const [gathering, earlier] = [new Gathering(name, pathLength), new Gathering(name, pathLength)]
  const ended = await goOver(source, pass, async ({ id, workflow, createdAt }) => {
    if (workflow !== name || createdAt >= Number(before)) return false
    const into = since === undefined || createdAt >= Number(since) ? gathering : earlier
    into.add(id, journeyOf(await source.history(id, 0), now, restsIn({ states })))
    return true
  })
  return { statistics: gathering.statistics, earlier: earlier.statistics, ...ended }
}

/** What a pass over all runs of several workflows has found. */
export interface Survey extends Omit<Counting, 'statistics' | 'earlier'> {
  readonly statistics: ReadonlyMap<string, Statistics>
  /** The ids of the runs that have not ended, newest first. */
  readonly live: readonly string[]
}

/** The statistics of each workflow that `wanted` takes, and the runs of these that go on. */
export async function survey(
  source: Pick<RunSource, 'ids' | 'findAny' | 'history'>,
  charts: Charts,
  wanted: (workflow: string) => boolean,
  { now = Date.now(), ...pass }: Pick<CountingOptions, 'now' | 'signal' | 'onRun'> = {},
): Promise<Survey> {
  const gatherings = new Map<string, Gathering>()
  const live: string[] = []
  const ended = await goOver(source, pass, async ({ id, workflow, status }) => {
    if (status === 'corrupt') live.push(id)
    if (status === 'corrupt' || !wanted(workflow)) return false
    if (!isEnded(status)) live.push(id)
    const gathering = gatherings.get(workflow) ?? new Gathering(workflow, PATH_LENGTHS.least)
    gatherings.set(workflow, gathering)
    gathering.add(id, journeyOf(await source.history(id, 0), now, restsIn(charts(workflow))))
    return true
  })
  const statistics = new Map([...gatherings].map(([name, gathering]) => [name, gathering.statistics]))
  return { statistics, live, ...ended }
}

/** One run after another, newest first; those that are damaged are counted. */
async function goOver(
  source: Pick<RunSource, 'ids' | 'findAny'>,
  { signal, onRun }: Pick<CountingOptions, 'signal' | 'onRun'>,
  work: (view: RunView) => Promise<boolean>,
): Promise<{ readonly damaged: number; readonly stopped: boolean }> {
  let [looked, counted, damaged] = [0, 0, 0]
  const breath = new Breath()
  for await (const id of source.ids()) {
    await breath.take()
    if (signal?.aborted) return { damaged, stopped: true }
    looked++
    try {
      const view = await source.findAny(id)
      if (view?.status === 'corrupt') damaged++
      if (view && (await work(view))) counted++
    } catch (error) {
      if (!isDamage(error)) throw error
      damaged++
    }
    onRun?.({ looked, counted })
  }
  return { damaged, stopped: false }
}

/** States that have nothing at work as they are entered. */
function restsIn(definition: Pick<Definition, 'states'> | undefined): (state: string) => boolean {
  return (state) => ['wait', 'timer'].includes(definition?.states.get(state)?.kind ?? '')
}

function checkLength(pathLength: number): void {
  const { least, most } = PATH_LENGTHS
  if (Number.isInteger(pathLength) && pathLength >= least && pathLength <= most) return
  throw new StepwrightError('invalid-options', {
    what: `pathLength is ${quote(pathLength)}`,
    remedy: `Give a whole number from ${least} to ${most}`,
    details: { pathLength },
  })
}
