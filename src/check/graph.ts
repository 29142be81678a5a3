/** Where each node leads. A node that is missing leads nowhere. */
export type Graph = ReadonlyMap<string, readonly string[]>

/** All nodes that can be reached, those that one begins at included. */
export function reach(from: Iterable<string>, graph: Graph): ReadonlySet<string> {
  const seen = new Set(from)
  for (const name of seen) for (const to of graph.get(name) ?? []) seen.add(to) // a Set visits what is added meanwhile
  return seen
}

/** A shortest path, both ends included; `undefined` where there is none. From a node to itself it is that node alone. */
export function shortest(
  from: string,
  isGoal: (name: string) => boolean,
  graph: Graph,
): readonly string[] | undefined {
  const before = new Map<string, string | undefined>([[from, undefined]])
  for (const [name] of before) {
    if (isGoal(name)) {
      const path = [name]
      for (let at = before.get(name); at !== undefined; at = before.get(at)) path.unshift(at)
      return path
    }
    for (const to of graph.get(name) ?? []) if (!before.has(to)) before.set(to, name)
  }
  return undefined
}

/** The graph with its edges turned round. */
export function turned(graph: Graph): Graph {
  const back = new Map<string, string[]>()
  for (const [from, targets] of graph)
    for (const to of targets) {
      const known = back.get(to)
      if (known) known.push(from)
      else back.set(to, [from])
    }
  return back
}

/** Whether one comes back to a node. */
export function isCircle(component: readonly string[], graph: Graph): boolean {
  const [only = ''] = component
  return component.length > 1 || (graph.get(only) ?? []).includes(only)
}

/** The nodes in groups of those that can all reach each other, by Tarjan. Each group in the order of `names`. */
export function components(names: Iterable<string>, graph: Graph): readonly (readonly string[])[] {
  const order = [...names]
  const known = new Set(order)
  const numbers = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const open = new Set<string>()
  const found: string[][] = []
  const begin = (name: string): Iterator<string> => {
    numbers.set(name, numbers.size)
    lowest.set(name, numbers.size - 1)
    stack.push(name)
    open.add(name)
    return (graph.get(name) ?? []).values()
  }
  const lower = (name: string, to: number): void =>
    void lowest.set(name, Math.min(lowest.get(name) ?? to, to))
  for (const root of order) {
    if (numbers.has(root)) continue
    // a list instead of recursion: a chart may be deeper than the stack of calls
    const walk = [{ name: root, rest: begin(root) }]
    for (let at = walk.at(-1); at; at = walk.at(-1)) {
      const { value: to, done } = at.rest.next()
      if (!done) {
        if (!known.has(to)) continue
        const number = numbers.get(to)
        if (number === undefined) walk.push({ name: to, rest: begin(to) })
        else if (open.has(to)) lower(at.name, number)
        continue
      }
      walk.pop()
      const low = lowest.get(at.name) ?? 0
      const parent = walk.at(-1)
      if (parent) lower(parent.name, low)
      if (low !== numbers.get(at.name)) continue
      const group = stack.splice(stack.lastIndexOf(at.name))
      for (const name of group) open.delete(name)
      found.push(group)
    }
  }
  const places = new Map(order.map((name, i) => [name, i]))
  const place = (name = ''): number => places.get(name) ?? 0
  return found
    .map((group) => group.sort((a, b) => place(a) - place(b)))
    .sort(([a], [b]) => place(a) - place(b))
}
