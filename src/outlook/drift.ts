import { isUntested, pathsNobodyHasSeen, type UnseenPath } from './unseen.ts'
import type { ChartCoverage } from '../testing/coverage/coverage.ts'
import { chanceOfDifference, significant, type Share } from './significance.ts'
import type { Sketch } from './sketch.ts'
import { leftCounts, nameOf, type Departure, type StateStatistics, type Statistics } from './statistics.ts'

/** What runs are compared with, and how strictly. */
export interface DriftOptions {
  /** Runs of another time. */
  readonly baseline?: Statistics
  /** What tests have taken. */
  readonly coverage?: ChartCoverage
  /** The chance of even one false alarm among all comparisons. Default 0.01. */
  readonly level?: number
  /** With fewer departures or visits on either side than that, a state is not compared. Default 20. */
  readonly least?: number
}

/** How runs differ from those of another time, and from what tests have taken. */
export interface Drift {
  readonly workflow: string
  readonly runs: number
  /** How many runs the baseline stands on; 0 without one. */
  readonly baselineRuns: number
  /** Departures that runs took, and neither tests nor the baseline, whichever were given, have seen. */
  readonly departures: readonly UnseenDeparture[]
  /** Stretches of ways that the baseline does not have, each without a shorter one in it that it does not have. */
  readonly paths: readonly UnseenPath[]
  /** Departures whose share of those from their state has changed. */
  readonly shares: readonly ChangedShare[]
  /** States in which runs work or wait longer or shorter. */
  readonly times: readonly ChangedTime[]
  /** How many shares and times were compared, and how many were left out, since there were too few. */
  readonly compared: number
  readonly tooFew: number
}

/** A departure that was not known. */
export interface UnseenDeparture extends Pick<Departure, 'from' | 'to' | 'by' | 'count' | 'examples'> {
  /** Who has not seen it, of those that were asked. */
  readonly unseenBy: readonly ('tests' | 'baseline')[]
}

/** A share that has changed. */
export interface ChangedShare extends Pick<Departure, 'from' | 'to' | 'by' | 'examples'> {
  readonly before: Share
  readonly now: Share
  /** How likely it is that this came by chance, before the correction for many comparisons. */
  readonly chance: number
}

/** A time that has changed. Milliseconds. */
export interface ChangedTime {
  readonly state: string
  readonly kind: 'work' | 'wait'
  readonly before: Times
  readonly now: Times
  readonly chance: number
}

/** How long a state takes: half of its visits no longer than that, and nine of ten. Milliseconds. */
export interface Times {
  readonly visits: number
  readonly median: number
  readonly p90: number
}

const LEVEL = 0.01
const LEAST = 20
/** A share must have changed by so much, from 0 to 1, and a quantile by so much of itself: less is nobody's concern. */
const LEAST_SHARE = 0.02
const LEAST_TIME = 0.2

/**
 * What is new or other in `now`: what tests and a baseline have not seen, shares of departures and times in states that
 * have changed. Shares are compared by Fisher's exact test; times by the share of visits that take longer than the
 * baseline's median, and its 90th percentile. All comparisons together raise a false alarm with a chance of `level` at
 * most (Holm). What changed by less than 2 percentage points, or 20 % of a time, is left out.
 *
 * @example
 * const drift = driftOf(await statisticsOf(engine, Expense), { baseline: await readStatistics('baseline.json') })
 * if (hasDrifted(drift)) console.log(drift.departures, drift.shares)
 */
export function driftOf(
  now: Statistics,
  { baseline, coverage, level = LEVEL, least = LEAST }: DriftOptions,
): Drift {
  const known = new Set(baseline?.departures.map(nameOf))
  const departures = now.departures.flatMap((departure): UnseenDeparture[] => {
    const { from, to, by, count, examples } = departure
    const tests = by === 'end' || by === 'skip' ? undefined : coverage // those are on no chart
    const unseenBy = [
      ...(tests && isUntested(departure, tests) ? (['tests'] as const) : []),
      ...(baseline && !known.has(nameOf(departure)) ? (['baseline'] as const) : []),
    ]
    const asked = (tests ? 1 : 0) + (baseline ? 1 : 0)
    return asked > 0 && unseenBy.length === asked ? [{ from, to, by, count, examples, unseenBy }] : []
  })
  const compared = baseline ? comparisons(baseline, now, least) : []
  const asked = compared.filter((comparison) => comparison.chance !== undefined)
  const counts = significant(
    asked.map(({ chance }) => chance ?? 1),
    level,
  )
  const changed = asked.filter((comparison, i) => counts[i] && comparison.large)
  return {
    workflow: now.workflow,
    runs: now.runs,
    baselineRuns: baseline?.runs ?? 0,
    departures: byCount(departures),
    paths: baseline ? byCount(pathsNobodyHasSeen(now, baseline)) : [],
    shares: changed.flatMap(({ share }) => share ?? []),
    times: onePerTime(changed.flatMap(({ time }) => time ?? [])),
    compared: asked.length,
    tooFew: compared.length - asked.length,
  }
}

/** Whether anything of it is there. */
export function hasDrifted({ departures, paths, shares, times }: Drift): boolean {
  return departures.length + paths.length + shares.length + times.length > 0
}

interface Comparison {
  /** Missing where there are too few. */
  readonly chance?: number
  /** It changed by enough to be told. */
  readonly large?: boolean
  readonly share?: ChangedShare
  readonly time?: ChangedTime
}

function comparisons(before: Statistics, now: Statistics, least: number): readonly Comparison[] {
  return [...shareComparisons(before, now, least), ...timeComparisons(before, now, least)]
}

function shareComparisons(before: Statistics, now: Statistics, least: number): readonly Comparison[] {
  const left = { before: leftCounts(before.departures), now: leftCounts(now.departures) }
  const old = new Map(before.departures.map((departure) => [nameOf(departure), departure]))
  const names = new Set(now.departures.map(nameOf))
  const gone = before.departures.filter((departure) => !names.has(nameOf(departure)))
  const all = [...now.departures, ...gone.map((departure) => ({ ...departure, count: 0, examples: [] }))]
  return all.flatMap((departure): Comparison[] => {
    const { from, to, by, count, examples } = departure
    const was = { count: old.get(nameOf(departure))?.count ?? 0, of: left.before.get(from) ?? 0 }
    const is = { count, of: left.now.get(from) ?? 0 }
    if (was.count === was.of && is.count === is.of) return [] // the only way out, then and now
    if (was.of < least || is.of < least) return [{}]
    const chance = chanceOfDifference(was, is)
    const large = Math.abs(was.count / was.of - is.count / is.of) >= LEAST_SHARE
    return [{ chance, large, share: { from, to, by, before: was, now: is, chance, examples } }]
  })
}

function timeComparisons(before: Statistics, now: Statistics, least: number): readonly Comparison[] {
  return [...now.states].flatMap(([state, is]) => {
    const was = before.states.get(state)
    return was ? (['work', 'wait'] as const).flatMap((kind) => compareTimes(state, kind, was, is, least)) : []
  })
}

function compareTimes(
  state: string,
  kind: 'work' | 'wait',
  was: StateStatistics,
  is: StateStatistics,
  least: number,
): readonly Comparison[] {
  const [a, b] = [was[kind], is[kind]]
  if (a.mean === 0 && b.mean === 0) return []
  if (a.count < least || b.count < least) return [{}, {}]
  return [0.5, 0.9].map((quantile) => {
    const limit = a.quantile(quantile) ?? 0
    const chance = chanceOfDifference(
      { count: a.beyond(limit).count, of: a.count },
      { count: b.beyond(limit).count, of: b.count },
    )
    const large = Math.abs((b.quantile(quantile) ?? 0) - limit) > LEAST_TIME * limit
    return { chance, large, time: { state, kind, before: timesOf(a), now: timesOf(b), chance } }
  })
}

/** The median and the 90th percentile of one time are told once. */
function onePerTime(times: readonly ChangedTime[]): readonly ChangedTime[] {
  const found = new Map<string, ChangedTime>()
  for (const time of times) {
    const key = JSON.stringify([time.kind, time.state])
    const before = found.get(key)
    if (!before || before.chance > time.chance) found.set(key, time)
  }
  return [...found.values()]
}

/** How long visits took, in short. */
export function timesOf(sketch: Sketch): Times {
  const { count: visits } = sketch
  return { visits, median: sketch.quantile(0.5) ?? 0, p90: sketch.quantile(0.9) ?? 0 }
}

function byCount<T extends { readonly count: number }>(found: readonly T[]): readonly T[] {
  return found.toSorted((a, b) => b.count - a.count)
}
