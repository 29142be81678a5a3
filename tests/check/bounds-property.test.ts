import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundsOf } from '../../src/check/bounds/bounds.ts'
import { roughWalks, walksOf } from '../../src/check/bounds/walks.ts'
import { Chart } from '../../src/check/chart.ts'
import { brokenChart } from './broken-charts.ts'
import { heaviestWalk, positionsOf } from './counted-walks.ts'

const weights = fc.array(fc.constantFrom(0, 0, 1, 2, 7), { minLength: 7, maxLength: 7 })

test('bounds are what some run comes to, and no run comes to more', () => {
  const seen = { finite: 0, endless: 0, counted: 0, rough: 0, tight: 0 }
  fc.assert(
    fc.property(brokenChart, weights, (definition, weight) => {
      const positions = positionsOf(definition, 2_000)
      fc.pre(positions !== undefined)
      const names = [...definition.states.keys()]
      const weightOf = (name: string): number => weight[names.indexOf(name)] ?? 0
      const chart = new Chart(definition)
      const walks = walksOf(chart)
      const most = heaviestWalk(positions, weightOf)
      const found = walks.worst(weightOf)
      expect(walks.exact).toBe(true)
      expect(found.most).toBe(most)

      const rough = roughWalks(chart).worst(weightOf)
      expect(rough.most).toBeGreaterThanOrEqual(most)
      if (!chart.states.some(({ name }) => chart.timesOf(name) !== undefined)) expect(rough.most).toBe(most)
      if (most === Infinity) expect(found.loop ?? []).toSatisfy(isRound)

      const { run, states } = boundsOf(definition, new Map(), [])
      expect(run.visits?.most).toBe(heaviestWalk(positions, () => 1))
      for (const name of names)
        expect(states.get(name)?.most).toBe(heaviestWalk(positions, (each) => (each === name ? 1 : 0)))

      if (most === Infinity) seen.endless++
      else seen.finite++
      if (positions.length > names.length && most < Infinity && most > 0) seen.counted++
      if (rough.most > most) seen.rough++
      if (rough.most === most && rough.most > 0 && most < Infinity) seen.tight++
    }),
    { numRuns: 1_000 },
  )
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0)
})

function isRound(loop: readonly string[]): boolean {
  return loop.length > 1 && loop[0] === loop.at(-1)
}
