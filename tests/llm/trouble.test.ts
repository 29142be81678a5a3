import { afterEach, describe, expect, it, vi } from 'vitest'
import { limited, MemoryMeter, RedisMeter, type Limit } from 'stepwright/llm'
import { hasRedis, startRedis } from '../support/redis.ts'
import { ask, scripted } from './scripted.ts'

afterEach(() => vi.useRealTimers())

describe('a clock that is set', () => {
  it.each([-3_600_000, 3_600_000])(
    '%i ms off in the middle changes nothing for those who wait',
    async (by) => {
      const limits: Limit[] = [{ per: 'model', requests: 2, every: '300ms' }]
      const model = limited(
        scripted('m', () => 'yes'),
        { limits, meter: new MemoryMeter() },
      )
      const began = performance.now()
      const calls = [1, 2, 3, 4].map(() => model.complete(ask('x')))
      await Promise.all(calls.slice(0, 2))
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + by })
      await Promise.all(calls)
      expect(performance.now() - began).toBeGreaterThan(299)
      expect(performance.now() - began).toBeLessThan(2_000)
    },
  )
})

describe.skipIf(!hasRedis)('a Redis in trouble', () => {
  it('fails calls while it is gone, loses no answer, and serves as soon as it is back', async () => {
    const redis = await startRedis()
    const meter = new RedisMeter(redis.url, { timeoutMs: 500 })
    const limits: Limit[] = [{ per: 'model', requests: 3, every: '1h', over: 'fail' }]
    const bare = scripted('m', () => 'yes')
    const model = limited(bare, { limits, meter })
    expect((await model.complete(ask('x'))).text).toBe('yes')
    const slow = limited(
      { ...bare, complete: async (request, how) => (await redis.kill(), bare.complete(request, how)) },
      { limits, meter, name: 'slow' },
    )
    expect((await slow.complete(ask('x'))).text).toBe('yes')
    await expect(model.complete(ask('x'))).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(bare.calls).toHaveLength(2)
    await redis.start()
    await vi.waitFor(() => model.complete(ask('x')), { timeout: 5_000, interval: 50 })
    // what was counted before is counted still
    await model.complete(ask('x'))
    await expect(model.complete(ask('x'))).rejects.toMatchObject({ code: 'over-budget' })
    await meter.close()
    await redis.stop()
  })

  it('that is not there at first is asked again with the next call', async () => {
    const redis = await startRedis(['--appendonly', 'no'])
    await redis.kill()
    const meter = new RedisMeter(redis.url, { timeoutMs: 500 })
    const model = limited(
      scripted('m', () => 'yes'),
      { limits: [{ per: 'model', concurrency: 1 }], meter },
    )
    await expect(model.complete(ask('x'))).rejects.toMatchObject({ code: 'store-unavailable' })
    await redis.start()
    expect((await model.complete(ask('x'))).text).toBe('yes')
    await meter.close()
    await redis.stop()
  })
})
