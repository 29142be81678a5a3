import type { StateDefinition } from '../../definition/definition.ts'
import type { Exit } from '../../definition/exit.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { Chart } from '../chart.ts'
import { components, isCircle, reach, shortest, turned, type Graph } from '../graph.ts'
import { anchorOf, sayAll, sayPath, type Rule } from './rule.ts'

export const endlessLoop: Rule = {
  code: 'endless-loop',
  why: 'A run goes round until something breaks, so its only success is a failure.',
  find(chart) {
    const { states, reached, ending } = chart
    const rounds = roundsOf(
      chart,
      ({ by }) => by !== 'catch',
      () => true,
    )
    const calm = rounds.graph
    const finals = states.filter(({ kind }) => kind === 'final').map(({ name }) => name)
    const succeeding = reach(finals, turned(calm))
    const caught = states
      .filter(({ name }) => reached.has(name) && ending.has(name) && !succeeding.has(name))
      .map(({ name }) => name)
    return components(caught, calm)
      .filter(
        (group) => isCircle(group, calm) && [...reach(group, calm)].every((name) => group.includes(name)),
      )
      .map((group) => ({
        at: anchorOf(chart.definition.states.get(group[0] ?? '')),
        path: roundOf(chart, group, rounds).path,
        states: group,
        message: `Only a catch edge leads out of the loop of ${sayAll(group)}`,
        remedy: 'Add a move that ends the loop, or a maxVisits that does',
      }))
  },
}

export const unboundedLoop: Rule = {
  code: 'unbounded-loop',
  why: 'Where a handler, or a model that it asks, decides wrongly again and again, the run goes round for ever, at your cost.',
  find(chart) {
    if (chart.definition.deadlineMs !== undefined) return []
    // a state that counts its visits is not entered for ever
    const rounds = roundsOf(chart, isOwnMove, (name) => chart.boundOf(name) === undefined)
    const { graph } = rounds
    const worse = new Set(endlessLoop.find(chart, undefined).flatMap(({ states }) => states))
    return components(chart.reached, graph)
      .filter((group) => isCircle(group, graph))
      .filter((group) => group.some((name) => chart.ending.has(name) && !worse.has(name)))
      .map((group) => {
        const { round, path } = roundOf(chart, group, rounds)
        return {
          at: anchorOf(chart.definition.states.get(group[0] ?? '')),
          path,
          states: group,
          message: `No maxVisits bounds the loop ${sayPath(round)}`,
          remedy:
            'Give one of its states maxVisits: { times, to, with } that leads out of the loop, or the workflow a deadline',
        }
      })
  },
}

/** What is left of a chart, with the states that are passed over between two of it. */
interface Rounds {
  readonly graph: Graph
  readonly over: (from: string, to: string) => readonly string[]
}

/** The moves of a run that `take` allows, into states that it may `enter`. */
function roundsOf(
  chart: Chart,
  take: (exit: Exit, state: StateDefinition) => boolean,
  enter: (name: string) => boolean,
): Rounds {
  const moves = chart.only((exit, state) => exit.by !== 'visits' && take(exit, state))
  const ways = new Map(
    [...moves].map(([name, targets]) => {
      const found = targets.flatMap((to) => chart.ways(name, to)).filter((way) => enter(way.at(-1) ?? ''))
      return [name, enter(name) ? found.sort((a, b) => a.length - b.length) : []] as const
    }),
  )
  const between = (from: string, to: string) => ways.get(from)?.find((way) => way.at(-1) === to)
  return {
    graph: new Map([...ways].map(([name, found]) => [name, found.map((way) => way.at(-1) ?? '')])),
    over: (from, to) => between(from, to)?.slice(0, -1) ?? [],
  }
}

/** Whether a run makes this move by itself: a handler does, or an edge for its error, and not where it waits. */
function isOwnMove({ by }: Exit, { kind }: StateDefinition): boolean {
  return (by === 'step' || by === 'catch') && kind !== 'wait' && kind !== 'timer'
}

export const idleBound: Rule = {
  code: 'idle-bound',
  why: 'Where it leads is on the chart, and no run goes there by it.',
  find: (chart) =>
    chart.states.flatMap((state) => {
      const bound = state.kind === 'final' ? undefined : state.maxVisits
      if (!bound || !chart.reached.has(state.name)) return []
      if (chart.exits(state.name).some(({ by }) => by === 'visits')) return []
      return [
        {
          states: [state.name],
          edge: { by: 'visits', to: bound.to },
          at: anchorOf(state),
          path: chart.pathTo(state.name),
          message: `maxVisits of ${quote(state.name)} never counts, since no run enters it twice`,
          remedy: 'Remove it, or add the move that it was meant to bound',
        },
      ]
    }),
}

/** How a run goes round a loop once, and how it gets there and does so. */
function roundOf(
  chart: Chart,
  group: readonly string[],
  { graph, over }: Rounds,
): { readonly round: readonly string[]; readonly path: readonly string[] } {
  const [first = ''] = group
  const next = (graph.get(first) ?? []).filter((to) => group.includes(to))
  const back = next.map((to) => shortest(to, (at) => at === first, graph) ?? [])
  const way = back.filter((path) => path.length > 0).sort((a, b) => a.length - b.length)[0] ?? []
  const round = [first, ...way].flatMap((name, i, all) => [
    ...(i === 0 ? [] : over(all[i - 1] ?? '', name)),
    name,
  ])
  return { round, path: [...chart.pathTo(first), ...round.slice(1)] }
}
