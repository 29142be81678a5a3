import { describe, expect, it } from 'vitest'
import { StepwrightError } from 'stepwright'
import { limited, MemoryMeter, type Limit, type Meter } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { ask, scripted, standing } from './scripted.ts'

const clock = (): TestClock => new TestClock()
const prices = { m: { input: 0, output: 10_000 } }
const price = ({ output }: { output: number }): number => output / 100

describe('a budget', () => {
  it('stops within one call of what it allows', async () => {
    const bare = scripted('m', (_, i) => ({ usage: { input: 3, output: 3 + (i % 4) } }))
    const model = limited(bare, { prices, limits: [{ per: 'run', cost: 0.5 }] })
    let spent = 0
    const call = async () =>
      (spent += price((await model.complete(ask('x', 6), { for: { run: 'r' } })).usage))
    await expect(
      (async () => {
        for (;;) await call()
      })(),
    ).rejects.toMatchObject({ code: 'over-budget', details: { unit: 'cost', amount: 0.06, most: 0.5 } })
    expect(spent).toBeLessThanOrEqual(0.5)
    expect(spent + 0.06).toBeGreaterThan(0.5)
    await model.complete(ask('x', 6), { for: { run: 'another' } })
  })

  it('goes on after a restart where the run knows what it has spent', async () => {
    const model = limited(
      scripted('m', () => ({ usage: { input: 0, output: 6 } })),
      {
        prices,
        limits: [{ per: 'run', cost: 0.5, requests: 100 }],
      },
    )
    const call = (cost: number) =>
      model.complete(ask('x', 6), { for: { run: 'r', spent: { calls: 7, tokens: 0, cost } } })
    await call(0.38)
    await call(0.44)
    await expect(call(0.44)).rejects.toThrow('over-budget') // this process knows of 0.5, although the run does not yet
    await expect(call(0.5)).rejects.toThrow('over-budget')
  })

  it('counts what is under way', async () => {
    const time = clock()
    const bare = scripted('m', () => ({ usage: { input: 0, output: 6 } }), { clock: time, ms: 1_000 })
    const model = limited(bare, { clock: time, prices, limits: [{ per: 'run', cost: 0.2 }] })
    const spent = { calls: 0, tokens: 0, cost: 0.05 }
    const calls = [1, 2, 3].map(() => model.complete(ask('x', 6), { for: { run: 'r', spent } }))
    expect(await standing(calls)).toBe('..n')
    await time.advance('2s')
    expect(await standing(calls)).toBe('yyn')
  })
})

describe('a limiter whose meter fails', () => {
  const limits: Limit[] = [{ per: 'model', requests: 2, every: '1m' }]
  const down = new StepwrightError('store-unavailable', { what: 'down', remedy: 'wait' })

  it('fails the call that asked, and serves the next', async () => {
    const time = clock()
    const inner = new MemoryMeter(time)
    let asked = 0
    const meter: Meter = {
      reserve: (reservation) => ((asked += 1) === 1 ? Promise.reject(down) : inner.reserve(reservation)),
      settle: (grant, used) => inner.settle(grant, used),
      keep: (grants) => inner.keep(grants),
    }
    const model = limited(
      scripted('m', () => 'yes'),
      { clock: time, meter, limits },
    )
    const calls = [1, 2, 3].map(() => model.complete(ask('x')))
    expect(await standing(calls)).toBe('nyy')
    await expect(calls[0]).rejects.toBe(down)
  })

  it('loses no answer that has come', async () => {
    const inner = new MemoryMeter()
    const meter: Meter = {
      reserve: (reservation) => inner.reserve(reservation),
      settle: () => Promise.reject(down),
      keep: () => Promise.reject(down),
    }
    const model = limited(
      scripted('m', () => 'yes'),
      { meter, limits },
    )
    expect((await model.complete(ask('x'))).text).toBe('yes')
  })
})

describe('what cannot be counted', () => {
  it('is an error before the call, and after it what was expected', async () => {
    const bare = scripted('m', (_, i) => (i === 1 ? { usage: { input: NaN, output: 1 } } : 'yes'))
    const limits: Limit[] = [{ per: 'model', tokens: 100, every: '1m', over: 'fail' }]
    const odd = limited(bare, { limits, estimate: () => ({ input: NaN, output: 0 }) })
    await expect(odd.complete(ask('x'))).rejects.toThrow('[invalid-options]')
    expect(bare.calls).toHaveLength(0)
    const model = limited(bare, { limits })
    await model.complete(ask('1234', 59))
    await expect(model.complete(ask('1234', 59))).rejects.toThrow('over-budget')
    expect(() => limited(bare, { limits: [{ per: 'run', cost: 1 }] })).toThrow('price')
  })
})
