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
  type Source,
} from '../support/items.ts'
import { until } from '../support/passing.ts'
import { crashAllAlong, crashAtEachWrite, type Call, type Scenario } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const turn = () => new Promise(setImmediate)

/** Numbers up to `end`, from where the run has taken them. */
const numbers = (end: number): Source =>
  async function* (taken) {
    for (let i = taken; i < end; i++) {
      await turn()
      yield i
    }
  }

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('map over a stream: $kind', (kind) => {
  const play = (hands: Hands, options?: ItemsOptions) => playItems(kind.make(freshName()), hands, options)
  const end = (hands: Hands, options?: ItemsOptions) => endItems(kind.make(freshName()), hands, options)

  it('each item is worked on, and the results are in the order of the stream', async () => {
    const { view, data } = await end({ source: numbers(30), item: (item: number) => item * 2 })
    expect(view).toMatchObject({ status: 'completed' })
    expect(data.results).toEqual(Array.from({ length: 30 }, (_, i) => i * 2))
  })

  it('nothing is taken before there is room for it', async () => {
    let taken = 0
    let ended = 0
    let most = 0
    await end(
      {
        source: async function* () {
          for (; taken < 40; taken++) {
            most = Math.max(most, taken - ended)
            yield taken
          }
        },
        item: async () => {
          await turn()
          ended += 1
        },
      },
      { concurrency: 4 },
    )
    expect(most).toBeLessThanOrEqual(4)
  })

  it('an empty stream, and one of undefined values', async () => {
    expect((await end({ source: numbers(0), item: (item: number) => item })).data.results).toEqual([])
    const source: Source = async function* (taken) {
      for (let i = taken; i < 3; i++) yield undefined
    }
    expect((await end({ source, item: (item: unknown) => String(item) })).data.results).toEqual(
      Array(3).fill('undefined'),
    )
  })

  it('I8 an item that cannot be stored is an error of its own: collected in its place, or the end of the state', async () => {
    const source: Source = async function* (taken) {
      for (let i = taken; i < 5; i++) yield i === 2 ? () => i : i
    }
    const collected = await end({ source, item: (item: number) => item }, { onError: 'collect' })
    expect(collected.data.results).toMatchObject([
      { ok: true, value: 0 },
      { ok: true },
      { ok: false, error: { code: 'not-storable' } },
      { ok: true },
      { ok: true, value: 4 },
    ])
    const failed = await end({ source, item: (item: number) => item })
    expect(failed.data.why).toMatch(/^not-storable/)
  })

  it('more items than `most` are an error with a code', async () => {
    expect((await end({ source: numbers(11), item: () => 1 }, { most: 10 })).data.why).toMatch(
      /^too-many-items/,
    )
    expect((await end({ source: numbers(10), item: () => 1 }, { most: 10 })).data.results).toHaveLength(10)
  })

  it('a source that has nothing to give does not hold up the end of a state that has failed', async () => {
    let closed = false
    const source: Source = () => ({
      [Symbol.asyncIterator]() {
        let given = 0
        return {
          next: () =>
            given++ === 0
              ? Promise.resolve({ value: 1, done: false as const })
              : new Promise<never>(() => undefined),
          return: () => {
            closed = true
            return new Promise<never>(() => undefined)
          },
        }
      },
    })
    const { view } = await end(
      {
        source,
        item: () => {
          throw new RangeError('no')
        },
      },
      { maxAttempts: 1 },
    )
    expect(view).toMatchObject({ state: State.Caught, data: { why: 'RangeError: no' } })
    expect(closed).toBe(true)
  })

  it('a source that breaks is made again from where it was, by the retry policy of the state', async () => {
    const from: number[] = []
    const done: number[] = []
    const source: Source = async function* (taken) {
      from.push(taken)
      for (let i = taken; i < 10; i++) {
        if (i === 4 && from.length === 1) throw new Error('connection lost')
        yield i
      }
    }
    const { view, data } = await end(
      { source, item: (item: number) => (done.push(item), item) },
      { concurrency: 1 },
    )
    expect(view).toMatchObject({ status: 'completed' })
    expect(data.results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(from).toEqual([0, 4])
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('what was done is undone with the item it was done for', async () => {
    const undone: string[] = []
    const { view } = await end(
      {
        source: numbers(4),
        item: (item: number) => {
          if (item === 3) throw new FatalError('no')
          return `r${item}`
        },
        undo: (result, item) => undone.push(`${String(result)} of ${String(item)}`),
      },
      { concurrency: 1 },
    )
    expect(view).toMatchObject({ status: 'compensated' })
    expect(undone).toEqual(['r2 of 2', 'r1 of 1', 'r0 of 0'])
  })

  it('a failed run that is retried by hand works on the failed items alone, with the items they were', async () => {
    const done: number[] = []
    let broken = true
    const { test, run } = await play(
      {
        source: numbers(6),
        item: (item: number) => {
          if (item === 3 && broken) throw new FatalError('no')
          done.push(item)
          return item
        },
      },
      { plain: true, concurrency: 2 },
    )
    expect(await test.finish(run)).toMatchObject({ status: 'failed' })
    broken = false
    await run.retry()
    expect(await test.finish(run)).toMatchObject({
      status: 'completed',
      data: { results: [0, 1, 2, 3, 4, 5] },
    })
    expect(done.sort()).toEqual([0, 1, 2, 3, 4, 5])
    await test.close()
  })

  it('pausing and closing do not wait for a source that has nothing to give', async () => {
    const name = freshName()
    const Items = items()
    const source: Source = async function* (taken) {
      for (let i = taken; i < 2; i++) yield i
      await new Promise(() => undefined)
    }
    const done: number[] = []
    const hands: Hands = { source, item: (item: number) => done.push(item) }
    const test = createTestEngine({ workflows: [Items], store: kind.make(name), resources: { hands } })
    const run = await test.engine.start(Items, { count: 0 }, { id: 'r' })
    await until(test, () => done.length === 2)
    await run.pause()
    await test.settle()
    expect(await run.view()).toMatchObject({ status: 'paused' })
    await run.resume()
    await until(test, async () => (await run.view()).status === 'running')
    await test.close()
    const second = createTestEngine({
      workflows: [Items],
      store: kind.make(name),
      resources: { hands: { ...hands, source: numbers(4) } },
    })
    expect(await second.finish(await second.engine.get('r'))).toMatchObject({ status: 'completed' })
    expect(done).toEqual([0, 1, 2, 3])
    await second.close()
  })

  const Crashing = items({ concurrency: 3 })
  const scenario = (source: Source, item: (call: Call) => Hands['item']): Scenario<unknown> => ({
    workflows: [Crashing],
    resources: (call) => ({ hands: { source, item: item(call) } }),
    live: async (test) => {
      const { status, data } = await test.finish(await test.engine.start(Crashing, { count: 0 }, { id: 'r' }))
      return { status, data }
    },
  })
  const crashing = scenario(numbers(8), (call) => async (item: number, { run }: ItemCtx) => {
    if (item === 3 && run.attempt === 1) throw new Error('busy')
    await call(run.idempotencyKey)
    return item * 2
  })

  it('I4 a crash at each write repeats at most the items in flight, and loses none', async () => {
    await crashAtEachWrite(kind, crashing, 3)
  })

  it('I4 crashes all along: none is lost, none is doubled', async () => {
    expect((await crashAllAlong(kind, crashing, 5, 3)).processes).toBeGreaterThan(2)
  })

  it('I4 a stream whose items add others: none is lost over crashes, none is doubled', async () => {
    const adding = scenario(numbers(5), (call) => async (item: number, { run, work }: ItemCtx) => {
      await call(run.idempotencyKey)
      if (item < 5) work.add([item + 100])
      return `${item}`
    })
    const sorted: Scenario<unknown> = {
      ...adding,
      live: async (test) => {
        const { data } = (await adding.live(test)) as { data: { results: string[] } }
        return [...data.results].sort()
      },
    }
    await crashAtEachWrite(kind, { ...sorted }, 10, ({ value }) =>
      expect(value).toEqual(['0', '1', '100', '101', '102', '103', '104', '2', '3', '4']),
    )
  })
})

it('I11 what is written for an item of a stream does not grow with their number', async () => {
  const cost = async (count: number) => {
    const Items = items()
    const store = new CountingStore()
    const source: Source = async function* (taken) {
      for (let i = taken; i < count; i++) yield `item ${String(i).padStart(6, '0')}`
    }
    const hands: Hands = { source, item: (item: string) => item, reduce: (results) => results.length }
    const test = createTestEngine({ workflows: [Items], store, resources: { hands } })
    const view = await test.finish(await test.engine.start(Items, { count }, { id: 'r' }))
    expect(view.data).toEqual({ results: count })
    await test.close()
    return { bytes: store.bytesWritten / count, largest: Math.max(...store.sizes) }
  }
  const few = await cost(100)
  const many = await cost(10_000)
  expect(many.bytes).toBeLessThan(few.bytes + 1)
  expect(many.largest).toBeLessThan(10_000)
})
