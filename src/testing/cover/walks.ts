import type { ChartGraph, Place, Way } from './chart-graph.ts'
import type { Transition } from './transition.ts'

/** The transitions of one run, from its beginning. */
export type Walk = readonly Transition[]

/**
 * Few and short walks that take every transition that can be taken, each to the end of a run. A walk goes on to the nearest
 * transition that was not taken yet, first to those that do not end the run. Finding the fewest there could be is a hard
 * problem; every walk takes at least one transition that no walk before it has taken.
 */
export function coveringWalks(graph: ChartGraph): readonly Walk[] {
  const open = new Set(
    [...graph.values()].flatMap(({ ways }) => ways.map(({ transition }) => transition.says)),
  )
  const [start] = graph.values()
  const walks: Walk[] = []
  while (start && open.size > 0) {
    const walk: Way[] = []
    let here = start
    for (;;) {
      const next = nearest(graph, here, ({ transition }) => open.has(transition.says))
      if (!next) break
      for (const way of next) open.delete(way.transition.says)
      walk.push(...next)
      here = graph.get(next.at(-1)?.to ?? '') as Place
    }
    if (walk.length === 0) break
    const end = nearest(graph, here, ({ to }) => graph.get(to)?.ways.length === 0)
    if (here.ways.length > 0 && end) walk.push(...end)
    walks.push(walk.map(({ transition }) => transition))
  }
  return walks
}

/** Walks from the beginning to an end that enter no state twice, shortest first; no more than `limit`. */
export function simpleWalks(graph: ChartGraph, limit: number): readonly Walk[] {
  // level by level, so that the limit cuts off the long ones; xstate/graph would list all before it stops
  const [start] = graph.values()
  const walks: Walk[] = []
  let level: readonly { readonly place: Place; readonly walk: Walk; readonly been: readonly string[] }[] =
    start ? [{ place: start, walk: [], been: [start.state] }] : []
  while (level.length > 0 && walks.length < limit) {
    for (const { place, walk } of level)
      if (place.ways.length === 0 && walk.length > 0 && walks.length < limit) walks.push(walk)
    level = level
      .flatMap(({ place, walk, been }) =>
        place.ways.flatMap(({ transition, to }) =>
          been.includes(transition.to)
            ? []
            : [
                {
                  place: graph.get(to) as Place,
                  walk: [...walk, transition],
                  been: [...been, transition.to],
                },
              ],
        ),
      )
      .slice(0, MOST_BEGUN)
  }
  return walks
}

/** The shortest walk to an end of the run; of several the first. */
export function shortestWalk(graph: ChartGraph): Walk | undefined {
  const [start] = graph.values()
  const ways = start && nearest(graph, start, ({ to }) => graph.get(to)?.ways.length === 0)
  return ways?.map(({ transition }) => transition)
}

/** Walks that are followed at once. */
const MOST_BEGUN = 100_000

/** The shortest way to a transition that is wanted; one that does not end the run before one that does. */
function nearest(graph: ChartGraph, from: Place, wanted: (way: Way) => boolean): readonly Way[] | undefined {
  const before = new Map<string, readonly Way[]>([[from.id, []]])
  let ending: readonly Way[] | undefined
  for (const [id, ways] of before) {
    for (const way of graph.get(id)?.ways ?? []) {
      const walk = [...ways, way]
      const ends = graph.get(way.to)?.ways.length === 0
      if (wanted(way) && !ends) return walk
      if (wanted(way)) ending ??= walk
      if (!before.has(way.to)) before.set(way.to, walk)
    }
  }
  return ending
}
