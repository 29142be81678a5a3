import type { Definition, StateDefinition } from '../definition/definition.ts'
import { exitsOf } from '../definition/exit.ts'
import type { Run } from '../model/run.ts'

/** The final states that a run can come to. */
export interface Reach {
  readonly ends: readonly string[]
  /** All ways were gone, with the counts of `maxVisits`; else there were too many, and the chart alone answers. */
  readonly exact: boolean
}

/** Positions that are looked at: a state, and how often each state with a limit was entered. */
const MOST_POSITIONS = 20_000

/**
 * Which final states can be reached on the chart from where a run stands. A state that was entered more often than its
 * `maxVisits` is left by that edge alone, and by no other, so what has been counted already can close ways.
 */
export function reachOf(
  { states }: Pick<Definition, 'states'>,
  { state, visits }: Pick<Run, 'state' | 'visits'>,
): Reach {
  const counted = [...states.values()].filter((each) => limitOf(each) < Infinity).map(({ name }) => name)
  const start = counted.map((name) => (Object.hasOwn(visits, name) ? (visits[name] ?? 0) : 0))
  const ends = new Set<string>()
  const seen = new Set<string>()
  const open: Position[] = [{ state, counts: start }]
  for (let at = open.pop(); at; at = open.pop()) {
    const definition = states.get(at.state)
    if (!definition) continue
    if (definition.kind === 'final') ends.add(at.state)
    for (const to of targetsOf(definition, at.counts[counted.indexOf(at.state)] ?? 0)) {
      const limit = limitOf(states.get(to))
      const counts = at.counts.map((n, i) => (counted[i] === to ? Math.min(n + 1, limit + 1) : n))
      const key = JSON.stringify([to, counts])
      if (seen.has(key)) continue
      if (seen.size >= MOST_POSITIONS) return { ends: anyEnds(states, state), exact: false }
      seen.add(key)
      open.push({ state: to, counts })
    }
  }
  return { ends: [...states.keys()].filter((name) => ends.has(name)), exact: true }
}

interface Position {
  readonly state: string
  readonly counts: readonly number[]
}

function limitOf(state: StateDefinition | undefined): number {
  return state && state.kind !== 'final' ? (state.maxVisits?.times ?? Infinity) : Infinity
}

function targetsOf(state: StateDefinition, entered: number): readonly string[] {
  const tooOften = entered > limitOf(state)
  return exitsOf(state).flatMap(({ by, to }) => ((by === 'visits') === tooOften ? [to] : []))
}

/** The same without counting. */
function anyEnds(states: Definition['states'], from: string): readonly string[] {
  const reached = new Set([from])
  for (const name of reached) {
    const state = states.get(name)
    for (const { to } of state ? exitsOf(state) : []) reached.add(to)
  }
  return [...states.keys()].filter((name) => reached.has(name) && states.get(name)?.kind === 'final')
}
