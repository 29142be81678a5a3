import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chanceOfDifference, significant, type Share } from '../../src/outlook/significance.ts'
import { Sketch } from '../../src/outlook/sketch.ts'

const times = fc.array(fc.integer({ min: 0, max: 3e11 }), { minLength: 1, maxLength: 200 })
const sketchOf = (values: readonly number[]): Sketch => {
  const sketch = new Sketch()
  for (const ms of values) sketch.add(ms)
  return sketch
}

describe('a sketch', () => {
  test('its quantiles are within 2.5 % of the exact ones, its mean is exact', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sketch = sketchOf(values)
        const sorted = values.toSorted((a, b) => a - b)
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? NaN
        expect(Math.abs((sketch.quantile(share) ?? NaN) - exact)).toBeLessThanOrEqual(0.025 * exact)
        expect(sketch.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 3)
      }),
    )
  })

  test('two together are the one of all, also through JSON, and it stays small', () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        const both = Sketch.from(JSON.parse(JSON.stringify(sketchOf(a))) as never)
        both.merge(sketchOf(b))
        expect(both.toJSON().buckets).toEqual(sketchOf([...a, ...b]).toJSON().buckets)
        expect(both.count).toBe(a.length + b.length)
        const most = Math.max(...a, ...b)
        expect(both.beyond(most)).toEqual({ count: 0, mean: 0 })
      }),
    )
    const many = sketchOf(Array.from({ length: 20_000 }, (_, i) => 1.0013 ** i))
    expect(many.toJSON().buckets.length).toBeLessThan(560)
  })

  test('an empty one knows nothing', () => {
    expect(new Sketch().quantile(0.5)).toBeUndefined()
    expect(new Sketch().mean).toBe(0)
  })
})

describe('two shares', () => {
  test('the chance is that of exact arithmetic', () => {
    const share = fc
      .integer({ min: 1, max: 80 })
      .chain((of) => fc.record({ count: fc.integer({ min: 0, max: of }), of: fc.constant(of) }))
    fc.assert(
      fc.property(share, share, (a, b) => {
        expect(chanceOfDifference(a, b)).toBeCloseTo(exactly(a, b), 9)
      }),
    )
    expect(chanceOfDifference({ count: 3, of: 4 }, { count: 1, of: 4 })).toBeCloseTo(0.4857142857, 9)
  })

  test('a hundred thousand are compared in no time, and differ where they do', () => {
    const before = { count: 30_000, of: 100_000 }
    expect(chanceOfDifference(before, { count: 30_100, of: 100_000 })).toBeGreaterThan(0.5)
    expect(chanceOfDifference(before, { count: 31_500, of: 100_000 })).toBeLessThan(1e-9)
  })

  test('of 300 baselines compared with runs of the same kind, no more than the level says raise an alarm', () => {
    const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
      numRuns: 300 * 10 * 90,
      seed: 11,
    })
    let at = 0
    const draw = (n: number, share: number): number =>
      Array.from({ length: n }, () => (random[at++] ?? 0) < share).filter(Boolean).length
    let alarms = 0
    for (let i = 0; i < 300; i++) {
      const chances = Array.from({ length: 10 }, (_, k) => {
        const share = 0.05 + k * 0.09
        return chanceOfDifference({ count: draw(50, share), of: 50 }, { count: draw(40, share), of: 40 })
      })
      if (significant(chances, 0.05).some(Boolean)) alarms++
    }
    expect(alarms).toBeLessThan(300 * 0.05 + 12) // three standard deviations above
  })

  test('Holm: the smallest must pass level / n, the next level / (n - 1)', () => {
    expect(significant([0.01, 0.04, 0.03, 0.005], 0.05)).toEqual([true, false, false, true])
    expect(significant([], 0.05)).toEqual([])
  })
})

/** The same in whole numbers. */
function exactly(a: Share, b: Share): number {
  const hits = a.count + b.count
  const ways = (k: number): bigint => choose(a.of, k) * choose(b.of, hits - k)
  const seen = ways(a.count)
  let sum = 0n
  for (let k = 0; k <= hits; k++) if (ways(k) <= seen) sum += ways(k)
  return Number((sum * 10n ** 15n) / choose(a.of + b.of, hits)) / 1e15
}

function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n
  let ways = 1n
  for (let i = 0; i < k; i++) ways = (ways * BigInt(n - i)) / BigInt(i + 1)
  return ways
}
