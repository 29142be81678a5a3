import { describe, expect, it } from 'vitest'
import { FatalError } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { CountingStore } from '../support/counting-store.ts'
import {
  endItems,
  items,
  playItems,
  State,
  type Hands,
  type ItemCtx,
  type ItemsOptions,
} from '../support/items.ts'
import { crashAllAlong, crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const double = (item: number) => item * 2

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('map: $kind', (kind) => {
  const play = (count: number, hands: Hands, options?: ItemsOptions) =>
    playItems(kind.make(freshName()), hands, { ...options, count })
  const end = (count: number, hands: Hands, options?: ItemsOptions) =>
    endItems(kind.make(freshName()), hands, { ...options, count })

  it('the method is called with each item, and the reducer with the results in the order of the items', async () => {
    const keys: string[] = []
    const { view, data } = await end(20, {
      item: async (item: number, { run }) => {
        keys.push(run.idempotencyKey)
        for (let i = item; i < 20; i++) await new Promise(setImmediate)
        return double(item)
      },
    })
    expect(view).toMatchObject({ status: 'completed', state: State.Done })
    expect(data.results).toEqual(Array.from({ length: 20 }, (_, i) => i * 2))
    expect(keys[0]).toBe('r/each/1/0000000')
    expect(new Set(keys).size).toBe(20)
  })

  it('no more items are worked on at once than `concurrency`', async () => {
    let busy = 0
    let most = 0
    await end(
      50,
      {
        item: async () => {
          most = Math.max(most, ++busy)
          await new Promise(setImmediate)
          busy -= 1
        },
      },
      { concurrency: 5 },
    )
    expect(most).toBe(5)
  })

  it('over nothing the reducer is called with nothing', async () => {
    for (const onError of ['fail', 'collect', { threshold: 0 }, { threshold: '0%' }] as const)
      expect((await end(0, { item: double }, { onError })).data).toEqual({ results: [] })
  })

  it('1,000 documents of which 3 fail: collected, each in its place', async () => {
    const { data } = await end(
      1_000,
      {
        item: (item: number) => {
          if ([7, 500, 999].includes(item)) throw new FatalError(`document ${item} cannot be read`)
          return `summary ${item}`
        },
      },
      { onError: 'collect' },
    )
    expect(data.results).toHaveLength(1_000)
    const failed = data.results.flatMap((one, i) => ((one as { ok: boolean }).ok ? [] : [i]))
    expect(failed).toEqual([7, 500, 999])
    expect(data.results[500]).toMatchObject({ ok: false, error: { message: 'document 500 cannot be read' } })
    expect(data.results[501]).toEqual({ ok: true, value: 'summary 501' })
  })

  it('fail: the first that fails for good ends the state, by the edge for its class', async () => {
    let begun = 0
    const { view } = await end(
      500,
      {
        item: (item: number) => {
          begun += 1
          if (item === 20) throw new RangeError('too far')
        },
      },
      { maxAttempts: 1 },
    )
    expect(view).toMatchObject({ state: State.Caught, data: { why: 'RangeError: too far' } })
    expect(begun).toBeLessThan(100)
  })

  it('a threshold of items, and of percent', async () => {
    const hands: Hands = {
      item: (item: number) => {
        if (item % 10 === 0) throw new FatalError('no')
        return item
      },
    }
    const failed = (data: { results: readonly unknown[] }) =>
      data.results.filter((one) => !(one as { ok: boolean }).ok)
    expect(failed((await end(100, hands, { onError: { threshold: 10 } })).data)).toHaveLength(10)
    expect((await end(100, hands, { onError: { threshold: 9 } })).data.why).toMatch(
      /^JoinError: 10 of 100 items of "each" failed, more than the 9 that may/,
    )
    expect(failed((await end(100, hands, { onError: { threshold: '10%' } })).data)).toHaveLength(10)
    expect((await end(100, hands, { onError: { threshold: '9.9%' } })).data.why).toMatch(/^JoinError/)
  })

  it('I9 an item that is tried again waits as a durable timer; the others do not wait for it', async () => {
    const order: string[] = []
    const { test, run } = await play(
      5,
      {
        item: (item: number, { run }) => {
          order.push(`${item}.${run.attempt}`)
          if (item === 1 && run.attempt < 3) throw new Error('busy')
          return item
        },
      },
      { concurrency: 1 },
    )
    await test.settle()
    expect(order).toEqual(['0.1', '1.1', '2.1', '3.1', '4.1'])
    expect(await run.view()).toMatchObject({ status: 'waiting', timer: { kind: 'parts' } })
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { results: [0, 1, 2, 3, 4] } })
    expect(order.slice(5)).toEqual(['1.2', '1.3'])
    await test.close()
  })

  it('I8 a result that cannot be stored is an error of its item', async () => {
    const hands: Hands = { item: (item: number) => (item === 1 ? () => item : item) }
    expect((await end(3, hands, { onError: 'collect' })).data.results).toMatchObject([
      { ok: true },
      { ok: false, error: { code: 'not-storable' } },
      { ok: true },
    ])
    expect((await end(3, hands)).data.why).toMatch(/^not-storable/)
  })

  it('more items than `most` are an error with a code', async () => {
    expect((await end(11, { item: double }, { most: 10 })).data.why).toMatch(
      /^too-many-items: "each" has 11 items/,
    )
    expect((await end(10, { item: double }, { most: 10 })).data.results).toHaveLength(10)
  })

  it('what was done is undone item by item, the last that ended first', async () => {
    const undone: string[] = []
    const { view } = await end(
      4,
      {
        item: (item: number) => {
          if (item === 3) throw new FatalError('no')
          return `r${item}`
        },
        undo: (result, item) => undone.push(`${String(result)} of ${String(item)}`),
      },
      { concurrency: 1 },
    )
    expect(view).toMatchObject({ status: 'compensated', failure: { message: 'no' } })
    expect(undone).toEqual(['r2 of 2', 'r1 of 1', 'r0 of 0'])
  })

  it('a reducer that fails is tried again without the items', async () => {
    let calls = 0
    const { test, run } = await play(3, {
      item: () => (calls += 1),
      reduce: (_, { run }) => {
        if (run.attempt < 3) throw new Error('busy')
      },
    })
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    expect(calls).toBe(3)
    await test.close()
  })

  const Crashing = items({ concurrency: 4 })
  const crashing: Scenario<unknown> = {
    workflows: [Crashing],
    resources: (call) => ({
      hands: {
        item: async (item: number, { run, memo }: ItemCtx) => {
          if (item === 3) await memo('paid', () => call(`paid ${run.idempotencyKey}`))
          if (item === 5 && run.attempt === 1) throw new Error('busy')
          await call(run.idempotencyKey)
          return item * 2
        },
      },
    }),
    live: async (test) => {
      const { status, data } = await test.finish(
        await test.engine.start(Crashing, { count: 12 }, { id: 'r' }),
      )
      return { status, data }
    },
  }

  it('I4 a crash at each write repeats at most the items in flight', async () => {
    await crashAtEachWrite(kind, crashing, 4)
  })

  it('I4 crashes all along: each item that was saved stays saved', async () => {
    const { processes } = await crashAllAlong(kind, crashing, 5, 4)
    expect(processes).toBeGreaterThan(2)
  })
})

describe('what a map costs', () => {
  const cost = async (count: number) => {
    const Items = items()
    const store = new CountingStore()
    const hands: Hands = {
      item: (item: number) => `result ${String(item).padStart(6, '0')}`,
      reduce: (results) => results.length,
    }
    const test = createTestEngine({ workflows: [Items], store, resources: { hands } })
    const began = performance.now()
    const run = await test.engine.start(Items, { count }, { id: 'r' })
    const view = await test.finish(run)
    expect(view.data).toEqual({ results: count })
    await test.close()
    return {
      bytes: store.bytesWritten / count,
      largest: Math.max(...store.sizes),
      ms: (performance.now() - began) / count,
    }
  }

  it('I11 what is written for an item does not grow with their number, from 10 to 100,000', async () => {
    const hundred = await cost(100)
    const many = await cost(10_000)
    const most = await cost(100_000)
    expect(many.bytes).toBeLessThan(hundred.bytes + 1)
    expect(most.bytes).toBeLessThan(many.bytes + 1)
    expect(most.largest).toBeLessThan(10_000)
    expect(most.ms, `${many.ms} ms an item among 10,000`).toBeLessThan(many.ms * 5 + 0.1)
  })
})
