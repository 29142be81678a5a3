import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Definition, StateDefinition } from '../../src/definition/definition.ts'
import { reachOf } from '../../src/outlook/reach.ts'
import { TestClock } from '../../src/testing/index.ts'

interface Chart {
  /** By state, where its handler goes. */
  readonly to: readonly (readonly number[])[]
  /** By state, its limit and where it goes then. */
  readonly limits: readonly ({ readonly times: number; readonly to: number } | null)[]
}

const SIZE = 5 // three states, and two final ones
const target = fc.integer({ min: 0, max: SIZE - 1 })
const charts: fc.Arbitrary<Chart> = fc.record({
  to: fc.array(fc.array(target, { minLength: 1, maxLength: 2 }), { minLength: 3, maxLength: 3 }),
  limits: fc.array(fc.option(fc.record({ times: fc.integer({ min: 1, max: 3 }), to: target })), {
    minLength: 3,
    maxLength: 3,
  }),
})

function definitionOf({ to, limits }: Chart): Pick<Definition, 'states'> {
  const states = Array.from({ length: SIZE }, (_, i): readonly [string, object] => {
    const limit = limits[i]
    const maxVisits = limit && { times: limit.times, to: `s${limit.to}`, with: {} }
    const name = `s${i}`
    return [
      name,
      i < 3
        ? { kind: 'step', name, to: to[i]?.map((t) => `s${t}`), catches: [], maxVisits }
        : { kind: 'final', name },
    ]
  })
  return { states: new Map(states as unknown as (readonly [string, StateDefinition])[]) }
}

/** The final states that many random walks come to. */
function walked(
  { to, limits }: Chart,
  from: number,
  visits: readonly number[],
  chance: TestClock,
): ReadonlySet<string> {
  const ends = new Set<string>()
  for (let walk = 0; walk < 300; walk++) {
    const counts = [...visits]
    let at = from
    for (let step = 0; step < 60 && at < 3; step++) {
      const limit = limits[at]
      const ways = to[at] ?? []
      at =
        limit && (counts[at] ?? 0) > limit.times
          ? limit.to
          : (ways[Math.floor(chance.random() * ways.length)] ?? 0)
      counts[at] = (counts[at] ?? 0) + 1
    }
    if (at >= 3) ends.add(`s${at}`)
  }
  return ends
}

test('the ends of random charts with limits of visits are those that random walks come to', () => {
  const chance = new TestClock(0, 5)
  fc.assert(
    fc.property(
      charts,
      fc.integer({ min: 0, max: 2 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 }),
      (chart, from, before) => {
        const counts = before.with(from, Math.max(1, before[from] ?? 0))
        const visits = Object.fromEntries(counts.map((n, i) => [`s${i}`, n]))
        const { ends, exact } = reachOf(definitionOf(chart), { state: `s${from}`, visits })
        expect(exact).toBe(true)
        expect(new Set(ends)).toEqual(walked(chart, from, counts, chance))
      },
    ),
    { numRuns: 400, seed: 3 },
  )
})

test('what was counted can close every way', () => {
  const chart: Chart = { to: [[1, 3], [0], [4]], limits: [{ times: 2, to: 1 }, null, null] }
  const definition = definitionOf(chart)
  expect(reachOf(definition, { state: 's1', visits: { s0: 1, s1: 1 } }).ends).toEqual(['s3'])
  expect(reachOf(definition, { state: 's1', visits: { s0: 2, s1: 2 } }).ends).toEqual([])
})

test('limits that are too high to count through leave it to the chart', () => {
  const chart: Chart = {
    to: [[1], [2], [0, 3]],
    limits: [0, 1, 2].map(() => ({ times: 1e6, to: 4 })),
  }
  expect(reachOf(definitionOf(chart), { state: 's0', visits: { s0: 1 } })).toEqual({
    ends: ['s3', 's4'],
    exact: false,
  })
})
