import { describe, expect, it } from 'vitest'
import { createEngine, makeStore } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { Admission } from '../../src/control/admission.ts'
import { checkSize } from '../../src/model/limits.ts'
import { CountingStore } from '../support/counting-store.ts'
import { paid, ShopWorkflow, State, toReview } from '../support/shop.ts'

const large = (size: number): string => 'x'.repeat(size)

describe('limits of size', () => {
  it('a start: refused before any write, with path, size and limit', async () => {
    const store = new CountingStore()
    const test = createTestEngine({ workflows: [ShopWorkflow], store, resources: { hands: paid } })
    await test.settle()
    const writes = store.writes
    await expect(test.engine.start(ShopWorkflow, { amount: 1, note: large(2 ** 23) })).rejects.toMatchObject({
      code: 'too-large',
      details: { path: '.note', limit: 2 ** 23 },
    })
    expect(store.writes).toBe(writes)
    await test.close()
  })

  it('a signal', async () => {
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      resources: { hands: paid },
      limits: { signal: 100 },
    })
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    await expect(run.signal('approve', { by: large(100) })).rejects.toMatchObject({ code: 'too-large' })
    await run.signal('approve', { by: large(50) })
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    await test.close()
  })

  it('what a handler hands over, a memo: the attempt fails and is not tried again', async () => {
    for (const [limits, hands] of [
      [{ value: 1_000 }, () => toReview(large(1_000))],
      [
        { memo: 1_000 },
        async (context: { memo: (key: string, make: () => unknown) => unknown }) => {
          await context.memo('scan', () => large(1_000))
          return toReview('r')
        },
      ],
    ] as const) {
      const test = createTestEngine({
        workflows: [ShopWorkflow],
        resources: { hands: { charge: hands as never } },
        limits,
      })
      const run = await test.engine.start(ShopWorkflow, { amount: 1 })
      const view = await test.finish(run)
      expect(view.state).toBe(State.Refused)
      expect(JSON.stringify(view.data)).toContain('[too-large]')
      await test.close()
    }
  })

  it('an option that is none is refused', () => {
    const options = { workflows: [ShopWorkflow], resources: { hands: paid } } as const
    for (const limits of [{ value: 0 }, { value: '1MB' }, { size: 3 }])
      expect(() => createEngine({ ...options, limits: limits as object })).toThrow(
        expect.objectContaining({ code: 'invalid-options' }),
      )
  })

  it('counts what is met twice once, ends in a circle, and finds what is heavy', () => {
    const shared = large(600)
    const circle: Record<string, unknown> = { shared: { shared } }
    circle['again'] = [circle, circle, circle['shared'], circle['shared']]
    expect(() => checkSize(circle, 1_000, 'It')).not.toThrow()
    const heavy = { a: 1, b: [{ c: new Map([['k', large(2_000)]]) }] }
    expect(() => checkSize(heavy, 1_000, 'It')).toThrow(/most of it is at \.b\[0\]\.c\./)
    expect(() => checkSize(new Uint8Array(1_000), 1_000, 'It')).toThrow(/1336 characters/)
  })
})

describe('admission', () => {
  it('refuses starts that would wait, says for how long, and keeps those it took', async () => {
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      store: makeStore('memory'),
      resources: { hands: paid },
      limits: { starts: 10 },
    })
    const start = (i: number) => test.engine.start(ShopWorkflow, { amount: i }, { id: `r${i}` })
    const asked = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => start(i)))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    for (const one of asked.slice(10))
      expect(one).toMatchObject({
        reason: { code: 'overloaded', details: { retryAfterMs: expect.any(Number) as number } },
      })
    await expect(test.engine.get('r10')).rejects.toMatchObject({ code: 'unknown-run' })
    await start(10)
    expect(await test.engine.list()).toHaveLength(11)
    await test.close()
  })

  it('tells those refused to come one after another, twice as fast as starts are written', async () => {
    let now = 0
    const admission = new Admission(2, { now: () => now })
    const told = async (): Promise<number> => {
      const error = (await admission.admit(() => Promise.reject(new Error())).catch((e: unknown) => e)) as {
        details: { retryAfterMs: number }
      }
      return error.details.retryAfterMs
    }
    for (let round = 0; round < 30; round++) {
      const starting = [1, 2].map(() => Promise.withResolvers<void>())
      const asked = starting.map(({ promise }) => admission.admit(() => promise))
      await told() // full from here
      for (const { resolve } of starting) {
        now += 100
        resolve()
        await Promise.resolve()
      }
      await Promise.all(asked)
      now += 60_000
    }
    const full = Promise.withResolvers<void>()
    const asked = [1, 2].map(() => admission.admit(() => full.promise))
    const times = [await told(), await told(), await told()]
    expect(times).toEqual([50, 100, 150])
    full.resolve()
    await Promise.all(asked)
  })
})
