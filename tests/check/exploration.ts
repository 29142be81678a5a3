/**
 * Every run of a small chart, by trying. A bound of visits is one of whatever size: a state that a run has been in may be
 * entered again or be passed over. It knows nothing of how `check` looks at a chart.
 */
import type { Definition, StateDefinition } from '../../src/definition/definition.ts'
import { edgeFor } from '../../src/runtime/failing.ts'

/** What may be thrown: of each kind that catch edges of random workflows tell apart, as an error and as something else. */
const THROWN: readonly unknown[] = [
  new TypeError('x'),
  new RangeError('x'),
  Object.assign(new Error('x'), { code: 'E_ODD' }),
  Object.assign(new Error('x'), { name: 'JoinError' }),
  new Error('x'),
  { name: 'RangeError' },
  { code: 'E_ODD' },
  { name: 'JoinError' },
  'x',
]

/** One thing that a run may do in a state. */
export interface Move {
  readonly to: string
  readonly by: 'step' | 'signal' | 'expires' | 'catch'
}

/** Where a run stands, and which states with a bound it has been in. */
interface Standing {
  readonly state: string
  readonly been: ReadonlySet<string>
}

interface Way {
  readonly to: Standing
  readonly by: Move['by']
  /** No state with a bound was entered, so that the run can do it as often as it likes. */
  readonly free: boolean
}

export class Exploration {
  readonly #definition: Definition
  readonly #standings = new Map<string, Standing>()
  readonly #ways = new Map<string, readonly Way[]>()

  constructor(definition: Definition) {
    this.#definition = definition
    const first = this.#enter(definition.initial, new Set())
    const open = [first]
    for (const standing of open) {
      if (this.#standings.has(keyOf(standing))) continue
      this.#standings.set(keyOf(standing), standing)
      const ways = movesOf(this.#state(standing.state)).flatMap((move) => this.#follow(standing, move))
      this.#ways.set(keyOf(standing), ways)
      open.push(...ways.map(({ to }) => to))
    }
  }

  /** The states that some run is in. */
  get reached(): ReadonlySet<string> {
    return new Set([...this.#standings.values()].map(({ state }) => state))
  }

  /** The states that a run in this state may come to be in, in one move or more; `only`: by some moves. */
  from(state: string, only: (way: Way) => boolean = () => true): ReadonlySet<string> {
    const open = [...this.#standings.values()].filter((standing) => standing.state === state)
    const seen = new Set<string>()
    const found = new Set<string>()
    for (const standing of open)
      for (const way of this.#ways.get(keyOf(standing)) ?? []) {
        if (!only(way) || seen.has(keyOf(way.to))) continue
        seen.add(keyOf(way.to))
        found.add(way.to.state)
        open.push(way.to)
      }
    return found
  }

  ends(states: Iterable<string>): boolean {
    return [...states].some((name) => this.#state(name).kind === 'final')
  }

  /** The states that a run may be in again and again for ever, by itself. */
  get forever(): ReadonlySet<string> {
    const found = new Set<string>()
    for (const standing of this.#standings.values()) {
      const seen = new Set<string>()
      const open = [standing]
      for (const at of open) {
        const { kind } = this.#state(at.state)
        if (kind === 'wait' || kind === 'timer') continue
        for (const { to, by, free } of this.#ways.get(keyOf(at)) ?? [])
          if (free && (by === 'step' || by === 'catch') && !seen.has(keyOf(to))) {
            seen.add(keyOf(to))
            open.push(to)
          }
      }
      if (seen.has(keyOf(standing))) found.add(standing.state)
    }
    return found
  }

  #state(name: string): StateDefinition {
    return this.#definition.states.get(name) as StateDefinition
  }

  #bound(name: string): string | undefined {
    const state = this.#state(name)
    return state.kind === 'final' ? undefined : state.maxVisits?.to
  }

  #enter(state: string, been: ReadonlySet<string>): Standing {
    return { state, been: this.#bound(state) === undefined ? been : new Set([...been, state]) }
  }

  /** Enters the target, or passes it over, and what it leads to then, and so on. */
  #follow({ been }: Standing, { to, by }: Move): readonly Way[] {
    const ways: Way[] = []
    const passed = new Set<string>()
    for (let at = to; ;) {
      const bound = this.#bound(at)
      ways.push({ to: this.#enter(at, been), by, free: bound === undefined })
      if (bound === undefined || !been.has(at) || passed.has(at)) return ways
      passed.add(at)
      at = bound
    }
  }
}

/** All that a run may do in a state, but for being passed over. */
export function movesOf(state: StateDefinition): readonly Move[] {
  if (state.kind === 'final') return []
  const moves: Move[] = []
  if (state.kind !== 'wait') for (const to of state.to) moves.push({ to, by: 'step' })
  if (state.kind === 'wait' || state.kind === 'child') {
    for (const { to: targets } of state.on.values())
      for (const to of targets) moves.push({ to, by: 'signal' })
    if (state.expires) moves.push({ to: state.expires.to, by: 'expires' })
  }
  for (const thrown of THROWN) {
    const edge = edgeFor(state, thrown)
    if (edge) moves.push({ to: edge.to, by: 'catch' })
  }
  return moves
}

function keyOf({ state, been }: Standing): string {
  return JSON.stringify([state, [...been].sort()])
}
