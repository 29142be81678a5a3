import { quote } from '../errors/stepwright-error.ts'
import type { StateDefinition } from './definition.ts'
import { exitsOf } from './exit.ts'
import type { Problem } from './refusal.ts'

/** What is wrong with the chart as a graph: states no path reaches, states with no way to a final state. */
export function pathProblems(states: ReadonlyMap<string, StateDefinition>, initial: string): Problem[] {
  const forward = new Map([...states.values()].map((s) => [s.name, exitsOf(s).map((exit) => exit.to)]))
  const backward = new Map<string, string[]>([...states.keys()].map((name) => [name, []]))
  for (const [from, targets] of forward) for (const to of targets) backward.get(to)?.push(from)

  const turned = new Map(
    [...states.values()].map((s) => [s.name, s.kind !== 'final' && s.maxVisits ? [s.maxVisits.to] : []]),
  )
  const circles = [...states.keys()].filter((name) => reach(turned.get(name) ?? [], turned).has(name))
  const reached = reach([initial], forward)
  const ending = reach(
    [...states.values()].filter((s) => s.kind === 'final').map((s) => s.name),
    backward,
  )
  const say = (s: StateDefinition): string =>
    `${quote(s.name)}${'method' in s && s.method ? ` (${s.method})` : ''}`
  if (circles.length > 0)
    return [
      { text: `maxVisits leads round in a circle: ${circles.map(quote).join(', ')}`, rule: 'visits-circle' },
    ]
  return [...states.values()].flatMap((s): Problem[] =>
    !reached.has(s.name)
      ? [{ text: `${say(s)} cannot be reached from ${quote(initial)}`, rule: 'unreachable', state: s.name }]
      : !ending.has(s.name)
        ? [{ text: `${say(s)} has no way to a final state`, rule: 'no-end', state: s.name }]
        : [],
  )
}

function reach(from: readonly string[], next: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set(from)
  for (const name of seen) for (const to of next.get(name) ?? []) seen.add(to) // a Set visits what is added meanwhile
  return seen
}
