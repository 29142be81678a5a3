import { components, isCircle, shortest, type Graph } from '../graph.ts'

/** The heaviest that a walk of any length can come to. */
export interface Heaviest {
  /** The sum of the weights of its nodes, each as often as it comes there. `Infinity`: there is no heaviest one. */
  readonly most: number
  /** Such a walk as far as it adds something; where there is none, the way into what makes it endless. */
  readonly walk: readonly string[]
  /** The round that can be gone again and again; its first node is the last of the walk. */
  readonly round?: readonly string[]
}

/** A graph with its circles found, to look for heaviest walks from one node by several weights. */
export class Condensed {
  readonly #from: string
  readonly #graph: Graph
  /** What cannot be left once it is left: a node, or those of a circle. Each after all that it leads to. */
  readonly #groups: readonly (readonly string[])[]
  readonly #groupOf: ReadonlyMap<string, readonly string[]>
  /** The groups that a group leads to. */
  readonly #next: ReadonlyMap<readonly string[], readonly (readonly string[])[]>

  constructor(from: string, graph: Graph) {
    this.#from = from
    this.#graph = graph
    const nodes = new Set([from])
    for (const node of nodes) for (const to of graph.get(node) ?? []) nodes.add(to)
    const groups = components(nodes, graph)
    this.#groupOf = new Map(groups.flatMap((group) => group.map((node) => [node, group] as const)))
    this.#next = new Map(groups.map((group) => [group, this.#beyond(group)]))
    this.#groups = this.#lastFirst()
  }

  /** `weightOf`: of each node, 0 or more. */
  heaviest(weightOf: (node: string) => number): Heaviest {
    const weight = new Map<readonly string[], number>()
    const total = new Map<readonly string[], number>()
    for (const group of this.#groups) {
      const own = this.#weigh(group, weightOf)
      weight.set(group, own)
      total.set(group, own + Math.max(0, ...this.#nextOf(group).map((next) => total.get(next) ?? 0)))
    }
    const first = this.#group(this.#from)
    const most = total.get(first) ?? 0
    const walk = [this.#from]
    for (let group = first; ;) {
      if (most === Infinity && weight.get(group) === Infinity) return this.#endless(walk, group, weightOf)
      const best = this.#nextOf(group).reduce<readonly string[] | undefined>(
        (a, b) => ((total.get(b) ?? 0) > ((a && total.get(a)) ?? 0) ? b : a),
        undefined,
      )
      if (!best) return { most, walk }
      const way = this.#way(walk.at(-1) ?? '', (node) => this.#group(node) === best)
      walk.push(...way.slice(1))
      group = best
    }
  }

  #weigh(group: readonly string[], weightOf: (node: string) => number): number {
    if (!isCircle(group, this.#graph)) return weightOf(group[0] ?? '')
    return group.some((node) => weightOf(node) > 0) ? Infinity : 0
  }

  /** Into the group, to what weighs something in it, and round from there if it is not endless by itself. */
  #endless(walk: readonly string[], group: readonly string[], weightOf: (node: string) => number): Heaviest {
    const within = (goal: (node: string) => boolean) =>
      this.#way(walk.at(-1) ?? '', (node) => this.#group(node) === group && goal(node))
    const alone = within((node) => weightOf(node) === Infinity)
    if (alone.length > 0) return { most: Infinity, walk: [...walk, ...alone.slice(1)] }
    const there = within((node) => weightOf(node) > 0)
    const node = there.at(-1) ?? ''
    const backs = (this.#graph.get(node) ?? [])
      .filter((to) => this.#group(to) === group)
      .map((to) => shortest(to, (at) => at === node, this.#graph) ?? [])
      .sort((a, b) => a.length - b.length)
    return { most: Infinity, walk: [...walk, ...there.slice(1)], round: [node, ...(backs[0] ?? [])] }
  }

  /** A shortest way through the group of a node: to a node of it, or out of it. */
  #way(from: string, goal: (node: string) => boolean): readonly string[] {
    const group = this.#group(from)
    const inside = new Map(
      group.map((node) => {
        const next = this.#graph.get(node) ?? []
        return [node, next.filter((to) => goal(to) || this.#group(to) === group)]
      }),
    )
    return shortest(from, goal, inside) ?? []
  }

  #group(node: string): readonly string[] {
    return this.#groupOf.get(node) ?? []
  }

  #beyond(group: readonly string[]): readonly (readonly string[])[] {
    const next = group.flatMap((node) => (this.#graph.get(node) ?? []).map((to) => this.#group(to)))
    return [...new Set(next)].filter((to) => to !== group)
  }

  #nextOf(group: readonly string[]): readonly (readonly string[])[] {
    return this.#next.get(group) ?? []
  }

  #lastFirst(): readonly (readonly string[])[] {
    const done = new Set<readonly string[]>()
    const begun = new Set([this.#group(this.#from)])
    // a list instead of recursion: a chart may be deeper than the stack of calls
    const open = [...begun].map((group) => ({ group, rest: this.#nextOf(group).values() }))
    for (let at = open.at(-1); at; at = open.at(-1)) {
      const { value: to } = at.rest.next() as IteratorResult<readonly string[], undefined>
      if (to === undefined) {
        done.add(at.group)
        open.pop()
      } else if (!begun.has(to)) {
        begun.add(to)
        open.push({ group: to, rest: this.#nextOf(to).values() })
      }
    }
    return [...done]
  }
}
