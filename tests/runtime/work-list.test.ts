import { describe, expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { CountingStore } from '../support/counting-store.ts'
import { endItems, items, State, type Hands, type ItemCtx, type ItemsOptions } from '../support/items.ts'
import { until } from '../support/passing.ts'
import { crashAllAlong, crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

/** Links of a small site: where a page leads. */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  home: ['about', 'blog'],
  blog: ['post-1', 'post-2', 'post-3'],
  'post-2': ['comments'],
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('a work list: $kind', (kind) => {
  const end = (hands: Hands, options?: ItemsOptions) => endItems(kind.make(freshName()), hands, options)

  it('grows while it is worked on', async () => {
    const { view, data } = await end({
      source: () => ['home'],
      item: (page: string, { work }) => {
        work.add(LINKS[page] ?? [])
        return page
      },
    })
    expect(view).toMatchObject({ status: 'completed' })
    expect(data.results).toEqual(['home', 'about', 'blog', 'post-1', 'post-2', 'post-3', 'comments'])
  })

  it('says how many items are open, the present one included', async () => {
    const open: number[] = []
    await end(
      {
        source: () => ['a', 'b'],
        item: (item: string, { work }) => {
          if (item === 'a') work.add(['c', 'd'])
          open.push(work.open)
        },
      },
      { concurrency: 1 },
    )
    expect(open).toEqual([2, 3, 2, 1])
  })

  it('what has a higher priority is begun first', async () => {
    const order: unknown[] = []
    await end(
      {
        source: () => ['start', 'later'],
        item: (item: string, { work }) => {
          order.push(item)
          if (item !== 'start') return
          work.add(['low'], { priority: -1 })
          work.add(['high', 'as high'], { priority: 5 })
          work.add(['usual'])
        },
      },
      { concurrency: 1 },
    )
    expect(order).toEqual(['start', 'high', 'as high', 'later', 'usual', 'low'])
  })

  it('can be reprioritized', async () => {
    const order: unknown[] = []
    const { view, data } = await end(
      {
        source: () => [1, 2, 3, 4, 5],
        item: (item: number, { work }) => {
          order.push(item)
          if (item === 1) work.prioritize((other) => other as number)
          if (item === 5) work.prioritize((other, index) => (other === 2 && index === 1 ? 9 : 0))
          return item
        },
      },
      { concurrency: 1 },
    )
    expect(view).toMatchObject({ status: 'completed' })
    expect(order).toEqual([1, 5, 2, 3, 4])
    expect(data.results).toEqual([1, 2, 3, 4, 5])
  })

  it('has a bound: too-many-items', async () => {
    const hands: Hands = {
      source: () => [0],
      item: (item: number, { work }) => {
        work.add([item + 1])
      },
    }
    const { view, data } = await end(hands, { most: 20 })
    expect(view).toMatchObject({ state: State.Caught })
    expect(data.why).toMatch(/^too-many-items: "each" has 21 items, and its bound is 20/)
  })

  it('an attempt that fails adds nothing', async () => {
    const { data } = await end({
      source: () => ['a'],
      item: (item: string, { work, run }) => {
        if (item === 'a') work.add(['b'])
        if (run.attempt === 1) throw new Error('busy')
        return item
      },
    })
    expect(data.results).toEqual(['a', 'b'])
  })

  it('I8 what cannot be added or ordered is an error of the item that asked for it', async () => {
    const hands: Hands = {
      source: () => ['function', 'nan', 'throws', 'fine'],
      item: (item: string, { work }) => {
        if (item === 'function') work.add([() => 1])
        if (item === 'nan') work.prioritize(() => NaN)
        if (item === 'throws')
          work.prioritize(() => {
            throw new TypeError('no order')
          })
        return item
      },
    }
    const { data } = await end(hands, { onError: 'collect', maxAttempts: 1, concurrency: 1 })
    expect(data.results).toMatchObject([
      { ok: false, error: { code: 'not-storable' } },
      { ok: false, error: { message: expect.stringContaining('NaN') } },
      { ok: false, error: { name: 'TypeError' } },
      { ok: true, value: 'fine' },
    ])
  })

  const Crashing = items({ concurrency: 2 })
  const crashing: Scenario<unknown> = {
    workflows: [Crashing],
    resources: (call) => ({
      hands: {
        source: () => ['home'],
        item: async (page: string, { run, work }: ItemCtx) => {
          if (page === 'blog' && run.attempt === 1) throw new Error('busy')
          await call(run.idempotencyKey)
          work.add(LINKS[page] ?? [], { priority: page === 'blog' ? 1 : 0 })
          if (page === 'about') work.prioritize((other) => (other === 'post-3' ? 7 : 0))
          return page
        },
      },
    }),
    live: async (test) => {
      const { status, data } = await test.finish(await test.engine.start(Crashing, { count: 0 }, { id: 'r' }))
      return { status, pages: [...(data as { results: string[] }).results].sort() }
    },
  }

  it('I4 a crash at each write: what an item has added is added once', async () => {
    await crashAtEachWrite(kind, crashing, 2)
  })

  it('I4 crashes all along: nothing is lost, nothing doubled', async () => {
    expect((await crashAllAlong(kind, crashing, 5, 2)).processes).toBeGreaterThan(1)
  })

  it('priorities stand after a restart', async () => {
    const name = freshName()
    const order: unknown[] = []
    const Items = items({ concurrency: 1 })
    const hands = (stops: boolean): Hands => ({
      source: () => [1, 2, 3, 4],
      item: async (item: number, { work, run }) => {
        if (stops && item === 4)
          return new Promise((_, reject) => run.signal.addEventListener('abort', reject))
        order.push(item)
        if (item === 1) {
          work.add([9], { priority: 3 })
          work.prioritize((other) => other as number)
        }
        return item
      },
    })
    const first = createTestEngine({
      workflows: [Items],
      store: kind.make(name),
      resources: { hands: hands(true) },
    })
    const run = await first.engine.start(Items, { count: 0 }, { id: 'r' })
    await until(first, async () => (await run.parts()).size === 5)
    await first.close()
    const second = createTestEngine({
      workflows: [Items],
      store: kind.make(name),
      resources: { hands: hands(false) },
    })
    expect(await second.finish(await second.engine.get('r'))).toMatchObject({
      data: { results: [1, 2, 3, 4, 9] },
    })
    expect(order).toEqual([1, 9, 4, 3, 2])
    await second.close()
  })
})

describe('what a work list costs', () => {
  const cost = async (count: number, item: (n: number, context: ItemCtx) => unknown) => {
    const Items = items()
    const store = new CountingStore()
    const hands: Hands = { source: () => [1], item, reduce: (results) => results.length }
    const test = createTestEngine({ workflows: [Items], store, resources: { hands } })
    const began = performance.now()
    const view = await test.finish(await test.engine.start(Items, { count }, { id: 'r' }))
    expect(view.data).toEqual({ results: count })
    await test.close()
    return { bytes: store.bytesWritten / count, ms: (performance.now() - began) / count }
  }
  /** A binary tree of `count` items: half of them are open before the last is begun. */
  const tree =
    (count: number) =>
    (n: number, { work }: ItemCtx) => {
      work.add([2 * n, 2 * n + 1].filter((child) => child <= count))
    }

  it('I11 what is written for an item that was added does not grow with the list', async () => {
    const few = await cost(500, tree(500))
    const many = await cost(20_000, tree(20_000))
    expect(many.bytes).toBeLessThan(few.bytes + 5)
    expect(many.ms, `${few.ms} ms an item among 500`).toBeLessThan(few.ms * 5 + 0.2)
  })

  it('I11 a new order costs what it changes', async () => {
    const ordering = (n: number, { work }: ItemCtx): void => {
      if (n === 1) work.add(Array.from({ length: 999 }, (_, i) => i + 2))
      work.prioritize((other) => (other === 1_000 ? 1 : 0))
    }
    expect((await cost(1_000, ordering)).bytes).toBeLessThan(500)
  })
})
