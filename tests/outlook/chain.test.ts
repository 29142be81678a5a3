import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expectedOf, type Chain, type Chances } from '../../src/outlook/chain.ts'
import { TestClock } from '../../src/testing/index.ts'

/** A random chain: some nodes, two ends, and weights; one in four ways is closed. */
const chains = fc.integer({ min: 1, max: 6 }).chain((size) =>
  fc.array(
    fc.array(
      fc.oneof(
        { weight: 1, arbitrary: fc.constant(0) },
        { weight: 3, arbitrary: fc.integer({ min: 1, max: 9 }) },
      ),
      {
        minLength: size + 2,
        maxLength: size + 2,
      },
    ),
    { minLength: size, maxLength: size },
  ),
)

function chainOf(weights: readonly (readonly number[])[]): Chain {
  const size = weights.length
  const name = (i: number): string => (i < size ? `n${i}` : `end${i - size}`)
  return new Map(
    weights.map((row, i) => {
      const total = row.reduce((a, b) => a + b, 0)
      const chances = row.flatMap((weight, to) => (weight > 0 ? [[name(to), weight / total] as const] : []))
      return [name(i), new Map(total === 0 ? [['end0', 1]] : chances)]
    }),
  )
}

const START: Chances = new Map([['n0', 1]])

test('what is expected of a random chain is what a simulation of it does', () => {
  fc.assert(
    fc.property(chains, fc.integer(), (weights, seed) => {
      const chain = chainOf(weights)
      const { visits, ends, lost } = expectedOf(chain, START)
      expect([...ends.values(), lost].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
      if (lost > 1e-9) return // a walk may not end
      const walked = walk(chain, 2_000, seed)
      for (const [end, chance] of ends) {
        const deviation = Math.sqrt(Math.max(0, chance * (1 - chance)) / 2_000)
        expect(Math.abs((walked.ends.get(end) ?? 0) - chance)).toBeLessThanOrEqual(6 * deviation + 1e-9)
      }
      for (const [node, { mean, deviation }] of walked.visits)
        expect(Math.abs((visits.get(node) ?? 0) - mean)).toBeLessThanOrEqual(6 * deviation + 0.02)
    }),
    { numRuns: 60 },
  )
})

test('loops from which no end can be reached are told as lost, and the rest is still right', () => {
  const chain: Chain = new Map([
    ['a', new Map([['b', 0.25], ['c', 0.25], ['end', 0.5]])],
    ['b', new Map([['b', 1]])],
    ['c', new Map([['a', 1]])],
  ]) // prettier-ignore
  const { ends, lost, visits } = expectedOf(chain, new Map([['a', 1]]))
  expect(lost).toBeCloseTo(1 / 3)
  expect(ends.get('end')).toBeCloseTo(2 / 3)
  expect(visits.get('a')).toBeCloseTo(4 / 3)
})

test('300 states with a loop in each are no trouble', () => {
  const size = 300
  const chain: Chain = new Map(
    Array.from({ length: size }, (_, i) => [
      `n${i}`,
      new Map([
        [`n${Math.max(0, i - 1)}`, 0.5],
        [i === size - 1 ? 'end' : `n${i + 1}`, 0.5],
      ]),
    ]),
  )
  const { ends, visits } = expectedOf(chain, START)
  expect(ends.get('end')).toBeCloseTo(1, 6)
  const steps = [...visits.values()].reduce((a, b) => a + b, 0)
  expect(steps / (size * (size + 1))).toBeCloseTo(1, 6) // the known time of that walk
})

interface Walked {
  readonly ends: ReadonlyMap<string, number>
  readonly visits: ReadonlyMap<string, { readonly mean: number; readonly deviation: number }>
}

function walk(chain: Chain, times: number, seed: number): Walked {
  const chance = new TestClock(0, seed)
  const ends = new Map<string, number>()
  const counts = new Map([...chain.keys()].map((node) => [node, { sum: 0, squares: 0 }]))
  for (let i = 0; i < times; i++) {
    const seen = new Map<string, number>()
    let at = 'n0'
    for (let next = chain.get(at); next; next = chain.get(at)) {
      seen.set(at, (seen.get(at) ?? 0) + 1)
      let left = chance.random()
      for (const [to, share] of next) {
        at = to
        left -= share
        if (left < 0) break
      }
    }
    ends.set(at, (ends.get(at) ?? 0) + 1 / times)
    for (const [node, count] of counts) {
      const n = seen.get(node) ?? 0
      count.sum += n
      count.squares += n * n
    }
  }
  const visits = new Map(
    [...counts].map(([node, { sum, squares }]) => {
      const mean = sum / times
      return [node, { mean, deviation: Math.sqrt(Math.max(0, squares / times - mean ** 2) / times) }]
    }),
  )
  return { ends, visits }
}
