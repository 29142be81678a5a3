import type { Exit } from '../definition/exit.ts'
import type { Chart } from './chart.ts'
import { components, isCircle } from './graph.ts'

/** One transition that a run takes. */
export interface Leg {
  readonly from: string
  readonly exit: Exit
}

/** What a run does between two visits: one transition, and one more for each state that it passes over. */
export interface Way {
  readonly legs: readonly Leg[]
  /** The index of the standing it leads to. */
  readonly to: number
}

/** Where a run stands: in a state, with so many visits used up of the states that count theirs. */
export interface Standing {
  readonly state: string
  readonly ways: readonly Way[]
}

interface Place {
  readonly state: string
  /** Visits of the states of its loop that count theirs. */
  readonly counts: readonly number[]
}

/**
 * Everything a run can do, with the numbers in `maxVisits` as they are: the standings it can come to, the first where it
 * begins. A state whose visits are used up is passed over: that is no visit. Visits are counted in a loop only, since a
 * run that has left it does not come back; so loops that follow one another do not multiply.
 *
 * @returns `undefined` where there are more than `most` of them: bounds of visits in one loop multiply.
 */
export function standingsOf(chart: Chart, most: number): readonly Standing[] | undefined {
  const loops = loopsOf(chart)
  const places: Place[] = []
  const ids = new Map<string, number>()
  const idOf = (place: Place): number => {
    const key = JSON.stringify([place.state, place.counts])
    const known = ids.get(key) ?? places.push(place) - 1
    ids.set(key, known)
    return known
  }
  const { initial } = chart.definition
  idOf(enter(chart, loops, initial, undefined)?.place ?? { state: initial, counts: [] })
  const found: Standing[] = []
  for (const place of places) {
    const ways = new Map<number, Way>() // of several to one standing the first
    for (const exit of chart.exits(place.state)) {
      if (exit.by === 'visits') continue
      const entered = enter(chart, loops, exit.to, place)
      if (!entered) continue
      const to = idOf(entered.place)
      if (!ways.has(to)) ways.set(to, { to, legs: [{ from: place.state, exit }, ...entered.over] })
    }
    found.push({ state: place.state, ways: [...ways.values()] })
    if (places.length > most) return undefined
  }
  return found
}

/**
 * All that a run can do, and more: a state that counts its visits may be passed over from the first return on, and entered for
 * ever. One standing for each state. What no such run does none does; what one does is to be looked at with {@link isWalk}.
 */
export function looseStandingsOf(chart: Chart): readonly Standing[] {
  const names = [...new Set([chart.definition.initial, ...chart.reached])]
  return names.map((state) => ({
    state,
    ways: chart.exits(state).flatMap((exit) =>
      exit.by === 'visits'
        ? []
        : chart.ways(state, exit.to).map((way) => ({
            to: names.indexOf(way.at(-1) ?? ''),
            legs: [{ from: state, exit }, ...way.slice(0, -1).flatMap((from) => passing(chart, from))],
          })),
    ),
  }))
}

/** Whether a run can go these transitions from its beginning, with the numbers in `maxVisits` as they are. */
export function isWalk(chart: Chart, legs: readonly Leg[]): boolean {
  const visits = new Map<string, number>()
  const isLeft = (name: string): boolean => (visits.get(name) ?? 0) >= (chart.timesOf(name) ?? Infinity)
  const visit = (name: string): void => void visits.set(name, (visits.get(name) ?? 0) + 1)
  visit(chart.definition.initial)
  return legs.every(({ exit }, i) => {
    const passed = legs[i + 1]?.exit.by === 'visits'
    if (isLeft(exit.to) !== passed) return false
    if (!passed) visit(exit.to)
    return true
  })
}

function passing(chart: Chart, from: string): readonly Leg[] {
  const exit = chart.exits(from).find(({ by }) => by === 'visits')
  return exit ? [{ from, exit }] : []
}

/** The states with a bound of visits that are in a loop with a state; the same list for all states of the loop. */
type Loops = ReadonlyMap<string, readonly string[]>

function loopsOf(chart: Chart): Loops {
  return new Map(
    components(chart.reached, chart.graph).flatMap((group) => {
      const counted = isCircle(group, chart.graph) ? group.filter((name) => chart.timesOf(name)) : []
      return group.map((name) => [name, counted] as const)
    }),
  )
}

/** Enters a state, or passes it over, and the one that its bound leads to then. `undefined`: all of them are used up. */
function enter(
  chart: Chart,
  loops: Loops,
  target: string,
  from: Place | undefined,
): { readonly place: Place; readonly over: readonly Leg[] } | undefined {
  const over: Leg[] = []
  let counted = from && loops.get(from.state)
  let counts = from?.counts ?? []
  for (let state = target; over.length <= chart.states.length;) {
    const own = loops.get(state) ?? []
    if (own !== counted) counts = own.map(() => 0)
    counted = own
    const i = own.indexOf(state)
    if (i < 0) return { place: { state, counts }, over }
    const visits = counts[i] ?? 0
    if (visits < (chart.timesOf(state) ?? 0))
      return { place: { state, counts: counts.with(i, visits + 1) }, over }
    const edge = chart.exits(state).find(({ by }) => by === 'visits')
    if (!edge) return undefined
    over.push({ from: state, exit: edge })
    state = edge.to
  }
  return undefined
}
