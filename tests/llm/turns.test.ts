import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { RedisMeter } from 'stepwright/llm'
import { hasRedis, startRedis, type RedisServer } from '../support/redis.ts'

const MOST = 64
let count = 0

/** A process that asks for one of the 64 that everybody has in a second. */
class Asker {
  readonly meter: RedisMeter
  readonly #prefix: string
  readonly #flows: number
  granted = 0

  constructor(url: string, prefix: string, flows: number) {
    this.meter = new RedisMeter(url, { prefix })
    this.#prefix = prefix
    this.#flows = flows
  }

  /** Asks until it is refused; gives the milliseconds after which to come again. */
  async burst(): Promise<number> {
    for (;;) {
      const answer = await this.meter.reserve({
        ...{ id: `${this.#prefix}-${(count += 1)}`, flows: this.#flows, group: 'g' },
        claims: [{ kind: 'window', key: 'k', amount: 1, most: MOST, ms: 1_000, waits: true }],
      })
      if (!answer.granted) return answer.retryAfterMs ?? 0
      this.granted += 1
    }
  }
}

describe.skipIf(!hasRedis)('turns of processes over Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'no'])
  })
  afterAll(() => redis.stop())

  /** Two that wait, the first of which has had the whole window before. */
  async function waiting(prefix: string, flows: readonly [number, number]): Promise<readonly [Asker, Asker]> {
    const [quick, slow] = [new Asker(redis.url, prefix, flows[0]), new Asker(redis.url, prefix, flows[1])]
    await quick.burst()
    expect(quick.granted).toBe(MOST)
    quick.granted = 0
    const due = await slow.burst()
    await quick.burst()
    await pause(due)
    return [quick, slow]
  }

  it.each([
    [[1, 1], 32],
    [[3, 1], 48],
  ] as const)(
    'of %o tenants that wait, the one that asks first gets its part and no more',
    async (flows, part) => {
      const [quick, slow] = await waiting(`part${flows[0]}`, flows)
      await quick.burst()
      expect(quick.granted).toBeGreaterThan(0)
      expect(quick.granted).toBeLessThanOrEqual(MOST / 8) // and then yields
      for (let i = 0; i < 100 && quick.granted + slow.granted < MOST; i++) {
        await slow.burst()
        await quick.burst()
      }
      expect(quick.granted + slow.granted).toBe(MOST)
      expect(Math.abs(quick.granted - part)).toBeLessThanOrEqual(MOST / 8)
      await Promise.all([quick.meter.close(), slow.meter.close()])
    },
  )

  it('one that does not come in a moment has lost its turn', async () => {
    const [quick, gone] = await waiting('gone', [1, 1])
    await gone.meter.close()
    const again = await quick.burst() // in a moment, or when the turn of the other is over
    expect(again).toBeGreaterThan(0)
    expect(again).toBeLessThanOrEqual(10)
    await pause(270)
    await quick.burst()
    expect(quick.granted).toBe(MOST)
    await quick.meter.close()
  })
})
