import type { RunView } from '../control/run-view.ts'
import type { Definition } from '../definition/definition.ts'
import type { AnyClass } from '../definition/shape.ts'
import type { Engine } from '../engine.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { isEnded, isParked, type Status } from '../model/status.ts'
import { forecastFrom, type Forecast, type ForecastOptions, type NoForecast } from './forecast.ts'
import { childrenAmong, needsOf, verdictOf, type ChildStanding, type Need, type Verdict } from './need.ts'
import { reachOf } from './reach.ts'
import { chartsOf, runsOf, type Charts, type RunSource } from './run-source.ts'
import type { Sketch } from './sketch.ts'
import type { Statistics } from './statistics.ts'

/** Whether a run can still finish, what it needs, and what past runs let expect of it. */
export interface Outlook {
  readonly run: string
  readonly workflow: string
  readonly version: number
  readonly status: Status
  readonly state: string
  /**
   * Who has to act next. `ended`: nobody; `moves`: the engine or time; `waits`: somebody who sends a signal;
   * `operator`: somebody who operates it; `stuck`: nothing that can come moves it on.
   */
  readonly verdict: Verdict
  /** Why it is stuck, or an operator's. */
  readonly why?: string
  /** The final states it can still come to. Missing where its chart is not known, or does not decide it any more. */
  readonly ends?: readonly string[]
  readonly needs: readonly Need[]
  /** How long it has been in its state. Milliseconds. */
  readonly ms: number
  /** How long past visits of that state took: half of them no longer, 99 of 100 no longer. Milliseconds. */
  readonly usual?: { readonly visits: number; readonly median: number; readonly p99: number }
  /** Missing for a run that has ended or is being undone, and where no statistics were given. */
  readonly forecast?: Forecast | NoForecast
}

/** What an outlook is made from besides the run. */
export interface OutlookOptions extends ForecastOptions {
  /** Of past runs of its workflow. */
  readonly statistics?: Statistics
  /** Absolute, milliseconds. Default: now. */
  readonly now?: number
}

/** Children of children are looked at so deep. */
const DEEPEST = 5

/**
 * The outlook of a run: whether it can still finish by its chart, with what it has counted; which signals, times, child
 * runs or people it needs; and with statistics what is to be expected. `workflow` is its class.
 *
 * @throws StepwrightError `unknown-run`
 * @example
 * const statistics = await statisticsOf(engine, Expense)
 * const { verdict, needs, forecast } = await outlookOf(engine, Expense, 'lunch', { statistics })
 */
export async function outlookOf(
  engine: Engine,
  workflow: AnyClass,
  run: string,
  options: OutlookOptions = {},
): Promise<Outlook> {
  const source = runsOf(engine)
  const view = await source.findAny(run)
  if (view) return outlookFrom(view, source, chartsOf([workflow]), options)
  throw new StepwrightError('unknown-run', {
    what: `There is no run ${quote(run)}`,
    remedy: 'List the runs there are with engine.list() or `stepwright list`',
    details: { run },
  })
}

/** The outlook of a run that was read, from any source. */
export async function outlookFrom(
  view: RunView,
  source: Pick<RunSource, 'findAny' | 'parts'>,
  charts: Charts,
  { statistics, now = Date.now(), ...options }: OutlookOptions = {},
): Promise<Outlook> {
  const { id, workflow, version, status, state } = view
  const definition = charts(workflow)
  const { needs, verdict } = await standingOf(view, source, charts, 0)
  const unfit = misfit(view, definition)
  const ends = definition && unfit === undefined ? endsOf(view, definition) : undefined
  const closed = ends?.length === 0 && !view.undoing && !isEnded(status)
  const why = unfit ?? (closed ? closedWay(view) : whyOf(view, needs))
  const ms = status === 'corrupt' ? 0 : Math.max(0, now - view.since) // of a damaged one nothing is known
  const time = statistics?.states.get(state)?.time
  const goesOn = !isEnded(status) && !view.undoing && !isParked(status)
  return {
    run: id,
    ...{ workflow, version, status, state },
    verdict: closed ? 'stuck' : unfit !== undefined && verdict !== 'ended' ? 'operator' : verdict,
    ...(why === undefined ? {} : { why }),
    ...(ends && !view.undoing ? { ends } : {}),
    needs,
    ms,
    ...(time && time.count > 0 ? { usual: usualOf(time) } : {}),
    ...(statistics && goesOn
      ? { forecast: forecastFrom(statistics, { state, ms, ...leftBy(needs, now) }, definition, options) }
      : {}),
  }
}

async function standingOf(
  view: RunView,
  source: Pick<RunSource, 'findAny' | 'parts'>,
  charts: Charts,
  depth: number,
): Promise<{ readonly needs: readonly Need[]; readonly verdict: Verdict }> {
  const parts = view.status === 'waiting' && depth < DEEPEST ? await source.parts(view.id) : new Map()
  const children: ChildStanding[] = []
  for (const [part, id] of childrenAmong(parts)) {
    const child = await source.findAny(id)
    const none = { needs: [], verdict: 'stuck' } as const
    const standing = child ? await standingOf(child, source, charts, depth + 1) : none
    children.push({ part, id, ...(child ? { view: child } : {}), ...standing })
  }
  const state = charts(view.workflow)?.states.get(view.state)
  const needs = needsOf(view, state, children)
  return { needs, verdict: verdictOf(view, needs, children) }
}

function endsOf(view: RunView, definition: Definition): readonly string[] {
  if (view.status === 'completed') return [view.state]
  return isEnded(view.status) ? [] : reachOf(definition, view).ends
}

/** Why the chart that is known does not fit the run. */
function misfit(view: RunView, definition: Definition | undefined): string | undefined {
  const { state, version, status } = view
  if (!definition || isEnded(status) || definition.states.has(state)) return undefined
  return `version ${definition.version} of ${view.workflow} has no state ${quote(state)}, in which it stands since version ${version}`
}

function closedWay({ state }: RunView): string {
  return `by what it has counted for maxVisits, no way leads from ${quote(state)} to a final state`
}

function whyOf({ status, failure, undoing, paused }: RunView, needs: readonly Need[]): string | undefined {
  if (isParked(status) || status === 'failed') return failure ? `${status}: ${failure.message}` : status
  if (status === 'paused') return `it was paused by a person${paused ? ` while ${paused}` : ''}`
  if (undoing) return `what it did is being undone, since ${UNDOING[undoing.why]}`
  const child = needs.find(
    (need) => need.kind === 'child' && (need.status === 'missing' || isParked(need.status)),
  )
  return child?.kind === 'child' ? `its child run ${quote(child.run)} is ${child.status}` : undefined
}

const UNDOING = {
  failed: 'it failed: it cannot complete any more',
  cancelled: 'it was cancelled: it cannot complete any more',
  transaction: 'a transaction failed: it goes on afterwards',
} as const

function usualOf(time: Sketch): NonNullable<Outlook['usual']> {
  return { visits: time.count, median: time.quantile(0.5) ?? 0, p99: time.quantile(0.99) ?? 0 }
}

/** A timer says when the visit is over, the end of a wait by when. */
function leftBy(
  needs: readonly Need[],
  now: number,
): { readonly left?: { readonly ms: number; readonly exact: boolean } } {
  for (const why of ['timer', 'expires'])
    for (const need of needs)
      if (need.kind === 'time' && need.why === why)
        return { left: { ms: Math.max(0, need.at - now), exact: why === 'timer' } }
  return {}
}
