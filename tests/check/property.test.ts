import fc from 'fast-check'
import { expect, test } from 'vitest'
import { check, type Finding, type RuleCode } from '../../src/check/index.ts'
import type { Definition, StateDefinition } from '../../src/definition/definition.ts'
import { exitsOf } from '../../src/definition/exit.ts'
import { randomWorkflow } from '../compile/random-workflows.ts'
import { Exploration } from './exploration.ts'

/** What is changed of a state of a random workflow, so that charts are broken in every way. */
const change = fc.record({
  /** Where its bound of visits leads: also back, into its own loop, and round in a circle. */
  bound: fc.option(fc.nat(6), { nil: undefined, freq: 2 }),
  /** Nothing leads out of it but its edges for errors. */
  dead: fc.constantFrom(false, false, false, true),
  /** Only one target is left, so that more states are not reached. */
  narrow: fc.boolean(),
  /** Errors are not caught. */
  uncaught: fc.boolean(),
})

const brokenChart: fc.Arbitrary<Definition> = fc
  .tuple(randomWorkflow, fc.array(change, { minLength: 7, maxLength: 7 }))
  .map(([{ definition }, changes]) => {
    const names = [...definition.states.keys()]
    const states = [...definition.states.values()].map((state, i): [string, StateDefinition] => {
      const { bound, dead, narrow, uncaught } = changes[i] ?? {}
      if (state.kind === 'final') return [state.name, state]
      const to = bound === undefined ? undefined : names[bound % names.length]
      const maxVisits = to === undefined ? undefined : { times: 1, to, with: {} }
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

function stateOf({ states }: Definition, name: string): StateDefinition {
  return states.get(name) as StateDefinition
}

/** The states that findings of some rules are about. */
function about(findings: readonly Finding[], ...rules: readonly RuleCode[]): readonly string[] {
  return [
    ...new Set(findings.filter(({ rule }) => rules.includes(rule)).flatMap(({ states }) => states)),
  ].sort()
}

test('what is called unreachable, stuck or unbounded is so in every run there can be, and nothing else is', () => {
  const seen = { unreachable: 0, stuck: 0, endless: 0, unbounded: 0, idle: 0 }
  fc.assert(
    fc.property(brokenChart, (definition) => {
      const findings = check(definition)
      const runs = new Exploration(definition)
      const names = [...definition.states.keys()]
      const working = names.filter((name) => definition.states.get(name)?.kind !== 'final')

      for (const { path } of findings)
        for (const [i, to] of path.slice(1).entries())
          expect(exitsOf(stateOf(definition, path[i] ?? '')).map((exit) => exit.to)).toContain(to)

      const unreachable = names.filter((name) => !runs.reached.has(name)).sort()
      expect(about(findings, 'unreachable')).toEqual(unreachable)

      const stuck = working.filter((name) => runs.reached.has(name) && !runs.ends(runs.from(name)))
      const bottom = stuck.filter((name) => [...runs.from(name)].every((to) => runs.from(to).has(name)))
      const dead = new Set(about(findings, 'dead-end'))
      expect(
        [...new Set([...about(findings, 'no-end'), ...bottom.filter((name) => dead.has(name))])].sort(),
      ).toEqual(bottom.toSorted())

      const calm = (name: string) => runs.from(name, ({ by }) => by !== 'catch')
      const endless = about(findings, 'endless-loop')
      for (const name of endless) {
        expect(runs.ends(calm(name))).toBe(false)
        expect(calm(name).has(name)).toBe(true)
      }
      if (working.every((name) => exitsOf(stateOf(definition, name)).every(({ by }) => by !== 'visits')))
        expect(endless).toEqual(
          working
            .filter((name) => runs.reached.has(name) && !stuck.includes(name) && !runs.ends(calm(name)))
            .filter((name) => calm(name).has(name) && [...calm(name)].every((to) => calm(to).has(name)))
            .sort(),
        )

      const unbounded = about(findings, 'unbounded-loop')
      const worse = new Set([...stuck, ...endless])
      for (const name of unbounded) expect(runs.forever).toContain(name)
      const untold = [...runs.forever].filter((name) => !unbounded.includes(name))
      expect(untold.filter((name) => !worse.has(name))).toEqual([])

      const idle = about(findings, 'idle-bound')
      expect(idle).toEqual(
        working
          .filter((name) => exitsOf(stateOf(definition, name)).some(({ by }) => by === 'visits'))
          .filter((name) => runs.reached.has(name))
          .filter((name) => !runs.from(name).has(name))
          .sort(),
      )
      seen.unreachable += unreachable.length
      seen.stuck += bottom.length
      seen.endless += endless.length
      seen.unbounded += unbounded.length
      seen.idle += idle.length
    }),
    { numRuns: 1_000 },
  )
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0)
})
