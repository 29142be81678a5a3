import { components, isCircle, reach, shortest, turned, type Graph } from '../graph.ts'
import type { Leg, Standing } from '../standings.ts'
import type { Monitor } from './monitor.ts'

/** A run that breaks a property. */
export interface Counterexample {
  /** Its states from the initial one on, those that are passed over included. */
  readonly path: readonly string[]
  /** Its transitions. */
  readonly legs: readonly Leg[]
  /** The states it goes round for ever at the end of the path, the first once more at the end. */
  readonly loop?: readonly string[]
}

/** What is taken of loops; see {@link properties}. */
export type Loops = 'end' | 'may-run-forever'

interface Node {
  readonly standing: number
  readonly memory: number
  readonly broken: boolean
}

/** A shortest run that breaks a property; `undefined`: none does. */
export function counterexample(
  standings: readonly Standing[],
  monitor: Monitor,
  loops: Loops,
): Counterexample | undefined {
  const { nodes, graph } = watched(standings, monitor)
  const at = (id: string): Node => nodes[Number(id)] as Node
  const standingsOn = (walk: readonly string[]): readonly number[] => walk.map((id) => at(id).standing)
  const told = (walk: readonly string[], round: readonly string[] = []): Counterexample => ({
    ...tell(standings, standingsOn([...walk, ...round.slice(1)])),
    ...(round.length > 0 ? { loop: tell(standings, standingsOn(round)).path } : {}),
  })
  const broken = shortest('0', (id) => at(id).broken, graph)
  if (broken) return told(broken)

  const ids = [...graph.keys()]
  const isOpen = (id: string): boolean => !monitor.isCalm(at(id).memory)
  const coming = reach(
    ids.filter((id) => !isOpen(id)),
    turned(graph),
  )
  const next = (id: string): readonly string[] => graph.get(id) ?? []
  const lost = shortest(
    '0',
    (id) => monitor.awaits(at(id).memory) && !next(id).some((to) => coming.has(to)),
    graph,
  )
  const waiting: Graph = new Map(ids.map((id) => [id, isOpen(id) ? next(id).filter(isOpen) : []]))
  if (lost) {
    const from = lost.at(-1) ?? ''
    const end = shortest(from, (id) => next(id).length === 0, graph)
    if (end) return told([...lost, ...end.slice(1)])
  }
  if (!lost && loops === 'end') return undefined
  const rounds = new Set(
    components(
      ids.filter((id) => (lost ? !coming.has(id) : isOpen(id))),
      waiting,
    )
      .filter((group) => isCircle(group, waiting))
      .flat(),
  )
  const into = shortest('0', (id) => rounds.has(id), graph)
  if (!into) return undefined
  return told(into, roundFrom(into.at(-1) ?? '', waiting))
}

/** Every standing of a run together with what the monitor remembers then. */
function watched(
  standings: readonly Standing[],
  monitor: Monitor,
): { readonly nodes: readonly Node[]; readonly graph: Graph } {
  const nodes: Node[] = []
  const known = new Map<string, number>()
  const idOf = (standing: number, before: number): string => {
    const memory = monitor.see(before, standings[standing]?.state ?? '')
    const key = `${standing} ${memory}`
    const id =
      known.get(key) ?? nodes.push({ standing, memory: memory ?? 0, broken: memory === undefined }) - 1
    known.set(key, id)
    return String(id)
  }
  idOf(0, monitor.first)
  const graph = new Map<string, readonly string[]>()
  for (const { standing, memory, broken } of nodes) {
    const ways = broken ? [] : (standings[standing]?.ways ?? [])
    graph.set(
      String(graph.size),
      ways.map(({ to }) => idOf(to, memory)),
    )
  }
  return { nodes, graph }
}

function roundFrom(node: string, graph: Graph): readonly string[] {
  const backs = (graph.get(node) ?? []).flatMap((to) => {
    const back = shortest(to, (id) => id === node, graph)
    return back ? [[node, ...back]] : []
  })
  return backs.sort((a, b) => a.length - b.length)[0] ?? [node]
}

function tell(standings: readonly Standing[], walk: readonly number[]): Counterexample {
  const legs = walk.slice(1).flatMap((to, i) => {
    const ways = standings[walk[i] ?? 0]?.ways ?? []
    return ways.find((way) => way.to === to)?.legs ?? []
  })
  return { legs, path: [standings[walk[0] ?? 0]?.state ?? '', ...legs.map(({ exit }) => exit.to)] }
}
