import type { Definition, StateDefinition } from '../definition/definition.ts'
import { exitsOf, type Exit } from '../definition/exit.ts'
import { coverOf } from './cover.ts'
import { components, isCircle, reach, shortest, turned, type Graph } from './graph.ts'

/**
 * A definition as a graph, with the exits that can happen. Two of those that are declared may not: an edge for errors
 * that an earlier edge takes, and a bound of visits on a state that nothing enters twice. Beyond that each exit is one
 * that a run may take: what handlers choose is not known here.
 */
export class Chart {
  readonly definition: Definition
  readonly states: readonly StateDefinition[]
  /** Where each state leads by exits that can happen. */
  readonly graph: Graph
  /** The states that some path leads to. */
  readonly reached: ReadonlySet<string>
  /** The states from which a final one can be reached. */
  readonly ending: ReadonlySet<string>
  readonly #exits: ReadonlyMap<string, readonly Exit[]>
  /** By state those that a run can come back from, as one list. */
  readonly #circle: ReadonlyMap<string, readonly string[]>

  constructor(definition: Definition) {
    this.definition = definition
    this.states = [...definition.states.values()]
    const declared = new Map(this.states.map((state) => [state.name, possibleExits(state)]))
    const counting = boundsThatCount(definition, declared)
    this.#exits = new Map(
      [...declared].map(([name, exits]) => [
        name,
        exits.filter(({ by }) => by !== 'visits' || counting.has(name)),
      ]),
    )
    this.graph = graphOf(this.#exits)
    this.reached = reach([definition.initial], this.graph)
    this.#circle = new Map(
      components(this.reached, this.graph).flatMap((group) => group.map((name) => [name, group] as const)),
    )
    this.ending = reach(
      this.states.filter(({ kind }) => kind === 'final').map(({ name }) => name),
      turned(this.graph),
    )
  }

  /** The exits of a state that can happen. */
  exits(name: string): readonly Exit[] {
    return this.#exits.get(name) ?? []
  }

  /** The states where some exits lead, by state. */
  only(take: (exit: Exit, state: StateDefinition) => boolean): Graph {
    return new Map(
      this.states.map((state) => [
        state.name,
        this.exits(state.name)
          .filter((exit) => take(exit, state))
          .map(({ to }) => to),
      ]),
    )
  }

  /** Where a state's bound of visits leads. */
  boundOf(name: string): string | undefined {
    const state = this.definition.states.get(name)
    return state === undefined || state.kind === 'final' ? undefined : state.maxVisits?.to
  }

  /** How many visits a state's bound allows. */
  timesOf(name: string): number | undefined {
    const state = this.definition.states.get(name)
    return state === undefined || state.kind === 'final' ? undefined : state.maxVisits?.times
  }

  /**
   * What may come of a move: its target is entered, or passed over for the one that its bound leads to, where the run may
   * have been in it before; and so on. Each way ends with the state that is entered.
   */
  ways(from: string, to: string): readonly (readonly string[])[] {
    const ways: string[][] = [[to]]
    for (let at = to, next = this.boundOf(at); next !== undefined; at = next, next = this.boundOf(at)) {
      const way = ways.at(-1) ?? []
      if (this.#circle.get(at) !== this.#circle.get(from) || way.includes(next)) return ways
      ways.push([...way, next])
    }
    return ways
  }

  /** A shortest path of a run to a state; empty where none leads there. */
  pathTo(name: string): readonly string[] {
    return shortest(this.definition.initial, (at) => at === name, this.graph) ?? []
  }

  /** A shortest path to a state, and from there on to one that `isGoal`, taking at least one exit. */
  pathThrough(
    name: string,
    isGoal: (name: string) => boolean,
    first: readonly string[],
    graph: Graph = this.graph,
  ): readonly string[] | undefined {
    const START = '\0start' // stands for the state after it was left: it may also be the goal
    const beyond = shortest(START, (at) => at !== START && isGoal(at), new Map([...graph, [START, first]]))
    return beyond && [...this.pathTo(name), ...beyond.slice(1)]
  }
}

/** Without edges for errors that earlier ones take. */
function possibleExits(state: StateDefinition): readonly Exit[] {
  if (state.kind === 'final') return []
  const catches = state.catches.filter((edge, i) => coverOf(edge, state.catches.slice(0, i)) === undefined)
  return exitsOf({ ...state, catches })
}

function graphOf(exits: ReadonlyMap<string, readonly Exit[]>): Graph {
  return new Map([...exits].map(([name, own]) => [name, [...new Set(own.map(({ to }) => to))]]))
}

/** The states that can be entered again, so that their bound of visits counts. Bounds that count may close other loops. */
function boundsThatCount(
  { initial }: Definition,
  exits: ReadonlyMap<string, readonly Exit[]>,
): ReadonlySet<string> {
  const counting = new Set<string>()
  const bounded = [...exits].filter(([, own]) => own.some(({ by }) => by === 'visits')).map(([name]) => name)
  for (let before = -1; before !== counting.size;) {
    before = counting.size
    const graph = graphOf(
      new Map(
        [...exits].map(([name, own]) => [
          name,
          own.filter(({ by }) => by !== 'visits' || counting.has(name)),
        ]),
      ),
    )
    const reached = reach([initial], graph)
    const again = new Set(
      components(reached, graph)
        .filter((group) => isCircle(group, graph))
        .flat(),
    )
    for (const name of bounded) if (again.has(name)) counting.add(name)
  }
  return counting
}
