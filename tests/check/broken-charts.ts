import fc from 'fast-check'
import type { Definition, StateDefinition } from '../../src/definition/definition.ts'
import { exitsOf } from '../../src/definition/exit.ts'
import { randomWorkflow } from '../compile/random-workflows.ts'

/** What is changed of a state of a random workflow, so that charts are broken in every way. */
const change = fc.record({
  /** Where its bound of visits leads: also back, into its own loop, and round in a circle. */
  bound: fc.option(fc.nat(6), { nil: undefined, freq: 2 }),
  /** And after how many visits. */
  times: fc.integer({ min: 1, max: 3 }),
  /** Nothing leads out of it but its edges for errors. */
  dead: fc.constantFrom(false, false, false, true),
  /** Only one target is left, so that more states are not reached. */
  narrow: fc.boolean(),
  /** Errors are not caught. */
  uncaught: fc.boolean(),
})

/** Small charts with every kind of mistake. */
export const brokenChart: fc.Arbitrary<Definition> = fc
  .tuple(randomWorkflow, fc.array(change, { minLength: 7, maxLength: 7 }))
  .map(([{ definition }, changes]) => {
    const names = [...definition.states.keys()]
    const states = [...definition.states.values()].map((state, i): [string, StateDefinition] => {
      const { bound, times = 1, dead, narrow, uncaught } = changes[i] ?? {}
      if (state.kind === 'final') return [state.name, state]
      const to = bound === undefined ? undefined : names[bound % names.length]
      const maxVisits = to === undefined ? undefined : { times, to, with: {} }
      const targets = (all: readonly string[]) => (dead ? [] : narrow ? all.slice(0, 1) : all)
      const catches = uncaught ? [] : state.catches
      const changed = { ...state, maxVisits, catches }
      if ('to' in changed) Object.assign(changed, { to: targets(changed.to) })
      if ('on' in changed && dead) Object.assign(changed, { on: new Map(), expires: undefined })
      return [state.name, changed]
    })
    return { ...definition, states: new Map(states), [fc.toStringMethod]: () => drawing(definition, states) }
  })

/** How fast-check prints a counterexample. */
function drawing({ initial }: Definition, states: readonly (readonly [string, StateDefinition])[]): string {
  const lines = states.map(([name, state]) => {
    const exits = exitsOf(state).map(({ by, to }) => `${by} ${JSON.stringify(to)}`)
    return `${JSON.stringify(name)} (${state.kind}): ${exits.join(', ')}`
  })
  return `from ${JSON.stringify(initial)}\n${lines.join('\n')}\n`
}
