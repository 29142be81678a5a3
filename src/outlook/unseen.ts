import type { ChartCoverage } from '../testing/coverage/coverage.ts'
import { nameOf, type Departure, type PathCount, type Statistics } from './statistics.ts'

/** A stretch of a way that was not known. */
export type UnseenPath = PathCount

/** Whether tests have never taken it. */
export function isUntested(departure: Departure, { transitions }: ChartCoverage): boolean {
  const name = nameOf(departure)
  return !Object.hasOwn(transitions, name) || transitions[name] === 0
}

/** Stretches that the baseline does not have though it has all that is shorter in them; as long as it keeps them. */
export function pathsNobodyHasSeen(now: Statistics, baseline: Statistics): readonly UnseenPath[] {
  if (baseline.pathsCut) return []
  const pairs = new Set(baseline.departures.map(({ from, to }) => JSON.stringify([from, to])))
  const known = new Set(baseline.paths.map(({ path }) => JSON.stringify(path)))
  const has = (path: readonly string[]): boolean =>
    (path.length === 2 ? pairs : known).has(JSON.stringify(path))
  return now.paths.filter(
    ({ path }) =>
      path.length <= baseline.pathLength && !has(path) && has(path.slice(1)) && has(path.slice(0, -1)),
  )
}
