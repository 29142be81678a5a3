import { StepwrightError } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import { isParked } from '../model/status.ts'
import type { AnyClass } from '../definition/shape.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { Engine } from '../engine.ts'
import { Breath } from './breath.ts'
import { survey, type CountingProgress } from './counting.ts'
import { outlookFrom, type Outlook } from './outlook.ts'
import { chartsOf, runsOf, type Charts, type RunSource } from './run-source.ts'

/** Why a run is named as stuck. */
export type StuckReason =
  /** It was set aside, or nothing that can come moves it on. */
  | 'no-way'
  /** Something of it was due a while ago, and no worker took it up. */
  | 'overdue'
  /** It is in its state longer than 99 of 100 past visits. */
  | 'longer-than-usual'
  /** It waits for a signal that nobody sent in `after`, and too few past visits say what is usual. */
  | 'unanswered'

/** A run that is stuck, and why. */
export interface StuckRun {
  readonly reasons: readonly StuckReason[]
  readonly outlook: Outlook
}

/** What counts as stuck. */
export interface StuckOptions {
  /** How long nobody may answer where nothing is known of past visits. Default 24 hours. */
  readonly after?: Duration
  /** With fewer past visits of a state than that, nothing is said to be usual. Default 20. */
  readonly least?: number
  /** Absolute, milliseconds. Default: now. */
  readonly now?: number
  readonly signal?: AbortSignal
  readonly onRun?: (progress: CountingProgress) => void
}

/** What was found. */
export interface StuckRuns {
  /** Those in their state for the longest time come first. */
  readonly runs: readonly StuckRun[]
  /** Runs that have not ended. */
  readonly live: number
  readonly damaged: number
  readonly stopped: boolean
}

const AFTER: Duration = '24h'
const LEAST = 20
/** Workers look at what is due within moments; after that none is there. */
const GRACE_MS = 60_000

/**
 * The live runs of these workflows that are stuck: set aside or without a way on, overdue, in their state longer than
 * nearly all past runs, or waiting for a signal that nobody sends. Each comes with what it needs.
 *
 * @throws StepwrightError `invalid-options` for an `after` that is no duration.
 * @example
 * for (const { reasons, outlook } of await stuckRuns(engine, [Expense])) console.log(outlook.run, reasons, outlook.needs)
 */
export async function stuckRuns(
  engine: Engine,
  workflows: readonly AnyClass[],
  options: StuckOptions = {},
): Promise<readonly StuckRun[]> {
  const names = new Set(workflows.map((workflow) => readDefinition(workflow).name))
  const found = await stuckAmong(runsOf(engine), chartsOf(workflows), (name) => names.has(name), options)
  return found.runs
}

/** The same from any source of runs, of the workflows that `wanted` takes. */
export async function stuckAmong(
  source: RunSource,
  charts: Charts,
  wanted: (workflow: string) => boolean,
  { after = AFTER, least = LEAST, now = Date.now(), ...pass }: StuckOptions = {},
): Promise<StuckRuns> {
  const afterMs = toMs(after, 'after')
  const { statistics, live, damaged, stopped } = await survey(source, charts, wanted, { now, ...pass })
  const runs: StuckRun[] = []
  const breath = new Breath()
  for (const id of live) {
    await breath.take()
    if (stopped || pass.signal?.aborted) break
    const view = await source.findAny(id)
    if (!view) continue // removed meanwhile
    const known = statistics.get(view.workflow)
    const options = { now, least, ...(known ? { statistics: known } : {}) }
    const outlook = await outlookFrom(view, source, charts, options).catch(ifGone)
    if (!outlook) continue
    const reasons = reasonsOf(outlook, { afterMs, least, now })
    if (reasons.length > 0) runs.push({ reasons, outlook })
  }
  runs.sort((a, b) => b.outlook.ms - a.outlook.ms)
  return { runs, live: live.length, damaged, stopped: stopped || pass.signal?.aborted === true }
}

/** A run may be removed while it is looked at. */
function ifGone(error: unknown): undefined {
  if (!(error instanceof StepwrightError) || error.code !== 'unknown-run') throw error
}

function reasonsOf(
  { status, verdict, needs, ms, usual }: Outlook,
  { afterMs, least, now }: { readonly afterMs: number; readonly least: number; readonly now: number },
): readonly StuckReason[] {
  if (verdict === 'ended' || status === 'paused') return [] // a paused run stands where a person has left it
  if (isParked(status) || verdict === 'stuck' || verdict === 'operator') return ['no-way']
  const known = usual !== undefined && usual.visits >= least
  const overdue =
    needs.some((need) => need.kind === 'time' && need.why !== 'look' && need.at + GRACE_MS < now) ||
    (status === 'pending' && ms > GRACE_MS)
  return [
    ...(overdue ? (['overdue'] as const) : []),
    ...(known && ms > usual.p99 ? (['longer-than-usual'] as const) : []),
    ...(!known && verdict === 'waits' && ms > afterMs ? (['unanswered'] as const) : []),
  ]
}
