import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { MemoryMeter, RedisMeter, type Claim, type Grant, type Meter, type Refusal } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { hasRedis, startRedis, type RedisServer } from '../support/redis.ts'
import { mostIn, type Used } from './windows.ts'

let redis: RedisServer | undefined
beforeAll(async () => {
  if (hasRedis) redis = await startRedis(['--appendonly', 'no'])
})
afterAll(() => redis?.stop())

let count = 0
const window = (key: string, amount: number, most: number, ms = 1_000): Claim => {
  return { kind: 'window', key, amount, most, ms }
}
const ever = (key: string, amount: number, most: number, known?: number): Claim => {
  return { kind: 'ever', key, amount, most, ms: 0, ...(known === undefined ? {} : { known }) }
}
const seat = (key: string, most: number, ms = 1_000): Claim => ({ kind: 'seat', key, amount: 1, most, ms })
const reserve = (meter: Meter, ...claims: readonly Claim[]): Promise<Grant | Refusal> =>
  meter.reserve({ id: String((count += 1)), claims, flows: 1, group: 'g' })
async function granted(meter: Meter, ...claims: readonly Claim[]): Promise<Grant> {
  const answer = await reserve(meter, ...claims)
  if (!answer.granted) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer
}

interface Kind {
  readonly kind: string
  readonly make: () => {
    readonly meter: Meter
    readonly pass: (ms: number) => Promise<unknown>
    readonly end: () => Promise<void>
  }
}
const kinds: readonly Kind[] = [
  {
    kind: 'memory',
    make: () => {
      const clock = new TestClock()
      return { meter: new MemoryMeter(clock), pass: (ms) => clock.advance(ms), end: async () => undefined }
    },
  },
  ...(hasRedis
    ? [
        {
          kind: 'redis',
          make: () => {
            const meter = new RedisMeter(redis?.url ?? '', { prefix: `t${(count += 1)}` })
            return { meter, pass: (ms: number) => pause(ms), end: () => meter.close() }
          },
        },
      ]
    : []),
]

describe.each(kinds)('a meter: $kind', ({ make }) => {
  it('grants all claims of a reservation, or none', async () => {
    const { meter, end } = make()
    await granted(meter, window('a', 1, 5), window('b', 3, 5), seat('c', 2))
    expect(await reserve(meter, window('a', 1, 5), seat('c', 2), window('b', 3, 5))).toMatchObject({
      key: 'b',
    })
    for (let i = 0; i < 4; i++) await granted(meter, window('a', 1, 5))
    expect(await reserve(meter, window('a', 1, 5))).toMatchObject({ granted: false, key: 'a' })
    await granted(meter, seat('c', 2))
    expect(await reserve(meter, seat('c', 2))).toMatchObject({ granted: false, key: 'c' })
    await end()
  })

  it('says when there will be room in a window, and then there is', async () => {
    const { meter, pass, end } = make()
    await granted(meter, window('w', 4, 5, 300))
    const refused = await reserve(meter, window('w', 2, 5, 300))
    if (refused.granted) throw new Error('granted')
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    expect(refused.retryAfterMs).toBeLessThanOrEqual(302)
    await granted(meter, window('w', 1, 5, 300))
    await pass((refused.retryAfterMs ?? 0) + 1)
    await granted(meter, window('w', 2, 5, 300))
    await end()
  })

  it('counts what was used in place of what was reserved', async () => {
    const { meter, end } = make()
    const grant = await granted(meter, window('w', 80, 100), ever('e', 80, 100))
    await meter.settle(grant, [10, 30])
    await granted(meter, window('w', 90, 100), ever('e', 70, 100))
    expect(await reserve(meter, window('w', 1, 100))).toMatchObject({ granted: false })
    expect(await reserve(meter, ever('e', 1, 100))).toMatchObject({ granted: false, retryAfterMs: undefined })
    await end()
  })

  it('frees the seat of one that is silent, and keeps that of one that is not', async () => {
    const { meter, pass, end } = make()
    const kept = await granted(meter, seat('s', 2, 400))
    await granted(meter, seat('s', 2, 400))
    expect(await reserve(meter, seat('s', 2, 400))).toMatchObject({ granted: false })
    await pass(250)
    await meter.keep([kept])
    await pass(250)
    await granted(meter, seat('s', 2, 400))
    expect(await reserve(meter, seat('s', 2, 400))).toMatchObject({ granted: false })
    await meter.settle(kept, [1])
    await granted(meter, seat('s', 2, 400))
    await end()
  })

  it('goes by what is known to have been spent, where that is more', async () => {
    const { meter, end } = make()
    await granted(meter, ever('run', 10, 100, 70))
    expect(await reserve(meter, ever('run', 25, 100, 70))).toMatchObject({ granted: false })
    const grant = await granted(meter, ever('run', 20, 100, 70))
    await meter.settle(grant, [0])
    await granted(meter, ever('run', 20, 100, 70))
    expect(await reserve(meter, ever('run', 1, 100, 95))).toMatchObject({ granted: false })
    await end()
  })

  it('never grants what does not fit into the window alone', async () => {
    const { meter, end } = make()
    expect(await reserve(meter, window('w', 6, 5))).toMatchObject({ granted: false, retryAfterMs: undefined })
    await end()
  })
})

describe('the window of a meter', () => {
  it('never holds more than it may, wherever it is laid, and never less than it could', async () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 400 }),
      amount: fc.integer({ min: 1, max: 10 }),
      used: fc.integer({ min: 0, max: 10 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.constantFrom(700, 25_000), async (steps, ms) => {
        const clock = new TestClock()
        const meter = new MemoryMeter(clock)
        const used: Used[] = []
        const width = Math.max(1, Math.floor(ms / 10_000))
        for (const { wait, amount, used: actual } of steps) {
          clock.jump(clock.now() + wait * width)
          const at = clock.now()
          const inside = used.filter((one) => one.at >= at - ms).reduce((sum, one) => sum + one.amount, 0)
          const late = used
            .filter((one) => one.at >= at - ms - width)
            .reduce((sum, one) => sum + one.amount, 0)
          const answer = await reserve(meter, window('w', amount, 20, ms))
          if (answer.granted) {
            expect(inside + amount).toBeLessThanOrEqual(20)
            const spent = Math.min(actual, amount)
            await meter.settle(answer, [spent])
            used.push({ at, amount: spent })
          } else {
            expect(late + amount).toBeGreaterThan(20)
            clock.jump(at + (answer.retryAfterMs ?? 0))
            const again = await granted(meter, window('w', amount, 20, ms))
            used.push({ at: again.at, amount })
          }
        }
        expect(mostIn(ms, used)).toBeLessThanOrEqual(20)
      }),
      { numRuns: 300 },
    )
  })
})
