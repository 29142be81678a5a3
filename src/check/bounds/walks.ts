import type { Chart } from '../chart.ts'
import { components, isCircle, type Graph } from '../graph.ts'
import { standingsOf, type Standing } from '../standings.ts'
import { Condensed, type Heaviest } from './heaviest.ts'

/** The walk of a run that comes to the most. */
export interface Worst {
  readonly most: number
  /** Its states; of an endless one those until it can be repeated. Empty where only an upper bound is known. */
  readonly path: readonly string[]
  /** The states that it can go round, the first once more at the end. */
  readonly loop?: readonly string[]
}

/** All walks of runs through a chart. */
export interface Walks {
  readonly exact: boolean
  /** `weightOf`: what one visit of a state weighs, 0 or more. */
  worst(weightOf: (state: string) => number): Worst
}

/** More standings than that take seconds to go through. */
const MOST = 20_000

/** Looks at every standing of a run where there are not too many, else at the chart alone. */
export function walksOf(chart: Chart): Walks {
  const standings = standingsOf(chart, MOST)
  return standings ? exactWalks(standings) : roughWalks(chart)
}

function exactWalks(standings: readonly Standing[]): Walks {
  const graph = new Map(
    standings.map(({ ways }, i) => [String(i), ways.map(({ to }) => String(to))] as const),
  )
  const condensed = new Condensed('0', graph)
  const stateAt = (node: string): string => standings[Number(node)]?.state ?? ''
  const statesOf = (walk: readonly string[]): readonly string[] =>
    walk.flatMap((node, i) => {
      if (i === 0) return [stateAt(node)]
      const way = standings[Number(walk[i - 1])]?.ways.find(({ to }) => String(to) === node)
      return [...(way?.legs.slice(1).map(({ from }) => from) ?? []), stateAt(node)]
    })
  return {
    exact: true,
    worst(weightOf) {
      const { most, walk, round } = condensed.heaviest((node) => weightOf(stateAt(node)))
      return { most, path: statesOf(walk), ...(round ? { loop: statesOf(round) } : {}) }
    },
  }
}

/**
 * An upper bound: in a loop each state that counts its visits is visited as often as it may be; between two such visits a run
 * takes the heaviest way through the others, as if every one of them led there.
 */
export function roughWalks(chart: Chart): Walks {
  const free = freeGraph(chart)
  const groups = components(chart.reached, chart.graph)
  const groupOf = new Map(groups.flatMap((group) => group.map((name) => [name, group[0] ?? ''] as const)))
  const beyond: Graph = new Map(
    groups.map((group) => {
      const next = group.flatMap((name) => (chart.graph.get(name) ?? []).map((to) => groupOf.get(to) ?? ''))
      return [group[0] ?? '', [...new Set(next)].filter((to) => to !== group[0])]
    }),
  )
  const condensed = new Condensed(groupOf.get(chart.definition.initial) ?? '', beyond)
  const members = new Map(groups.map((group) => [group[0] ?? '', group]))
  const weigh = (
    group: readonly string[],
    weightOf: (state: string) => number,
  ): Pick<Heaviest, 'most' | 'round'> => {
    const [first = ''] = group
    if (!isCircle(group, chart.graph)) return { most: weightOf(first) }
    const counted = group.filter((name) => chart.timesOf(name) !== undefined)
    const START = '\0start' // leads to every state that does not count its visits
    const others = group.filter((name) => !counted.includes(name))
    const inside: Graph = new Map([
      [START, others],
      ...others.map((name) => [name, (free.get(name) ?? []).filter((to) => others.includes(to))] as const),
    ])
    const stretch = new Condensed(START, inside).heaviest((name) => (name === START ? 0 : weightOf(name)))
    const visits = counted.map((name) => chart.timesOf(name) ?? 0)
    const stretches = 1 + visits.reduce((a, b) => a + b, 0)
    const own = counted.reduce((total, name, i) => total + weightOf(name) * (visits[i] ?? 0), 0)
    return {
      most: own + (stretch.most === 0 ? 0 : stretch.most * stretches),
      ...(stretch.round ? { round: stretch.round } : {}),
    }
  }
  return {
    exact: false,
    worst(weightOf) {
      const weights = new Map([...members].map(([first, group]) => [first, weigh(group, weightOf)]))
      const { most, walk } = condensed.heaviest((first) => weights.get(first)?.most ?? 0)
      if (most < Infinity) return { most, path: [] }
      const last = walk.at(-1) ?? ''
      const round = weights.get(last)?.round
      if (round) return { most, path: chart.pathTo(round[0] ?? ''), loop: round }
      const heavy = members.get(last)?.find((name) => weightOf(name) === Infinity) ?? last
      return { most, path: chart.pathTo(heavy) }
    },
  }
}

/** Moves between states that do not count their visits, over those that do where they are passed over. */
function freeGraph(chart: Chart): Graph {
  const moves = chart.only(({ by }) => by !== 'visits')
  const isFree = (name: string): boolean => chart.timesOf(name) === undefined
  return new Map(
    [...moves].map(([name, targets]) => {
      const ends = targets.flatMap((to) => chart.ways(name, to)).map((way) => way.at(-1) ?? '')
      return [name, [...new Set(ends)].filter(isFree)]
    }),
  )
}
