/** Every walk of a small chart by trying, with visits counted as a run counts them. It knows nothing of loops and groups. */
import type { Definition, StateDefinition } from '../../src/definition/definition.ts'
import { movesOf } from './exploration.ts'

/** Where a run stands, with all visits that count. */
export interface Position {
  readonly state: string
  /** Indexes of the positions that one move leads to. */
  readonly next: readonly number[]
}

/** All positions of runs, the first where they begin; `undefined`: more than `most`. */
export function positionsOf(definition: Definition, most: number): readonly Position[] | undefined {
  const stateOf = (name: string): StateDefinition => definition.states.get(name) as StateDefinition
  const boundOf = (name: string) => {
    const state = stateOf(name)
    return state.kind === 'final' ? undefined : state.maxVisits
  }
  type Visits = Readonly<Record<string, number>>
  const open: { readonly state: string; readonly visits: Visits }[] = []
  const known = new Map<string, number>()
  const enter = (target: string, visits: Visits): number | undefined => {
    let state = target
    for (let passed = 0; passed <= definition.states.size; passed++) {
      const bound = boundOf(state)
      const count = Object.hasOwn(visits, state) ? (visits[state] ?? 0) : 0
      if (bound && count >= bound.times) {
        state = bound.to
        continue
      }
      const counted = bound ? Object.fromEntries([...Object.entries(visits), [state, count + 1]]) : visits
      const key = JSON.stringify([state, Object.entries(counted).sort()])
      const id = known.get(key) ?? open.push({ state, visits: counted }) - 1
      known.set(key, id)
      return id
    }
    return undefined // nowhere to go
  }
  enter(definition.initial, {})
  const positions: Position[] = []
  for (const { state, visits } of open) {
    if (open.length > most) return undefined
    const next = movesOf(stateOf(state)).flatMap(({ to }) => enter(to, visits) ?? [])
    positions.push({ state, next: [...new Set(next)] })
  }
  return positions
}

/** The heaviest walk, by taking one more step until nothing is won any more; `Infinity` where something always is. */
export function heaviestWalk(positions: readonly Position[], weightOf: (state: string) => number): number {
  let best = positions.map(() => 0)
  for (let steps = 0; steps <= positions.length + 1; steps++) {
    const before = best
    best = positions.map(
      ({ state, next }) => weightOf(state) + Math.max(0, ...next.map((to) => before[to] ?? 0)),
    )
    if (best.every((value, i) => value === before[i])) return best[0] ?? 0
  }
  return Infinity
}
