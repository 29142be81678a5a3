import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choose } from '../../src/schedule/overlap.ts'
import { OVERLAPS } from '../../src/schedule/schedule.ts'

describe('the overlap policy', () => {
  it.each([
    // policy, busy, held, dues: start, held, stop, skipped
    ['skip', false, undefined, [1, 2, 3], [1], undefined, false, 2],
    ['skip', true, undefined, [1, 2, 3], [], undefined, false, 3],
    ['buffer-one', false, undefined, [1, 2, 3], [1], 2, false, 1],
    ['buffer-one', true, undefined, [1, 2, 3], [], 1, false, 2],
    ['buffer-one', true, 1, [2, 3], [], 1, false, 2],
    ['buffer-one', false, 1, [2, 3], [1], 2, false, 1],
    ['allow', true, undefined, [1, 2, 3], [1, 2, 3], undefined, false, 0],
    ['cancel-other', false, 1, [2, 3], [3], undefined, false, 2],
    ['cancel-other', true, undefined, [1, 2, 3], [], 3, true, 2],
    ['terminate-other', true, 3, [4], [], 4, true, 1],
    ['terminate-other', true, 4, [], [], 4, false, 0], // it was asked to end before
  ] as const)('%s, busy %j, held %j, due %j', (overlap, busy, held, dues, start, next, stop, skipped) => {
    const choice = choose(overlap, busy, held, dues, Infinity)
    expect(choice).toEqual({ start, stop, skipped, ...(next === undefined ? {} : { held: next }) })
  })

  it('I9 each due time becomes one thing, and no more start than may', () => {
    const dues = fc.nat(5).map((n) => Array.from({ length: n }, (_, i) => i + 1))
    const held = fc.option(fc.constant(0), { nil: undefined })
    fc.assert(
      fc.property(
        fc.constantFrom(...OVERLAPS),
        fc.boolean(),
        held,
        dues,
        fc.nat(6),
        (overlap, busy, held, dues, left) => {
          const choice = choose(overlap, busy, held, dues, left)
          const kept = choice.held === undefined ? 0 : 1
          expect(choice.start.length + choice.skipped + kept).toBe(dues.length + (held === undefined ? 0 : 1))
          expect(choice.start.length + kept).toBeLessThanOrEqual(left)
          if (overlap !== 'allow') expect(choice.start.length).toBeLessThanOrEqual(busy ? 0 : 1)
        },
      ),
    )
  })
})
