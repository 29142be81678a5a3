import fc from 'fast-check'
import { expect, test } from 'vitest'
import { check, type Finding, type RuleCode } from '../../src/check/index.ts'
import type { Definition, StateDefinition } from '../../src/definition/definition.ts'
import { exitsOf } from '../../src/definition/exit.ts'
import { brokenChart } from './broken-charts.ts'
import { Exploration } from './exploration.ts'

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
