import { describe, expect, it } from 'vitest'
import type { HistoryEvent, RunHandle, Store } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { BatchWorkflow, Office, State, type D } from '../support/batch.ts'
import { crashAtEachWrite } from '../support/restarting.ts'
import { paid, ShopWorkflow, State as Shop } from '../support/shop.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const ada = { id: 'ada', roles: ['operator'] }

function open(store: Store, office = new Office()) {
  const resources = { office, hands: paid }
  const test = createTestEngine({ workflows: [BatchWorkflow, ShopWorkflow], resources, store })
  const { calls, broken } = office
  return { test, engine: test.engine, calls, broken }
}

/** A run that has failed in its check. */
async function failed(store: Store) {
  const { test, calls, broken, engine } = open(store)
  broken.add('check')
  const run = await engine.start(BatchWorkflow, { items: ['a', 'bb'] }, { id: 'r' })
  expect(await test.finish(run)).toMatchObject({ status: 'failed', state: 'Check', may: ['retry', 'skip'] })
  calls.length = 0
  return { test, run, calls, broken }
}

async function typesOf(run: Pick<RunHandle, 'events'>): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('retry by an operator: $kind', (kind) => {
  it('I4 I5 the failed step again, in the same visit, with its key and its memos; the history says who', async () => {
    const { test, run, calls, broken } = await failed(kind.make(freshName()))
    await run.retry({ as: ada })
    expect(await test.finish(run)).toMatchObject({ status: 'failed', visits: { Check: 1 } })
    broken.clear()
    await run.retry()
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { sum: 3 } })
    expect((await run.view()).failure).toBeUndefined()
    expect(calls).toEqual(['r/Check/1', 'r/Check/1'])
    const by = (await typesOf(run)).filter((event) => event.type === 'retried-by-hand')
    expect(by).toMatchObject([{ state: 'Check', by: ada }, { state: 'Check' }])
    expect(await test.engine.store.list('memo', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('with corrected data it is a new visit and a checkpoint', async () => {
    const { test, run, calls, broken } = await failed(kind.make(freshName()))
    broken.clear()
    await run.retry({ data: { sum: 50 } })
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { sum: 50 } })
    expect(calls).toEqual(['r/Check/2/look', 'r/Check/2'])
    expect((await run.view()).visits).toMatchObject({ Check: 2 })
    const again = (await typesOf(run)).find(({ type }) => type === 'retried-by-hand')
    expect(again).toMatchObject({ data: { sum: 50 } })
    const copy = await run.fork({ from: again?.seq ?? 0, id: 'copy' })
    expect(await test.finish(copy)).toMatchObject({ status: 'completed', data: { sum: 50 } })
    await test.close()
  })

  it.each([[{ sum: 101 }], [{}], [{ sum: 1, more: 2 }], [null], ['text']])(
    'data that does not fit is refused, and the run stays as it was: %j',
    async (data) => {
      const { test, run, calls } = await failed(kind.make(freshName()))
      const before = await run.view()
      await expect(run.retry({ data })).rejects.toMatchObject({ code: 'invalid-data' })
      expect(await test.finish(run)).toEqual(before)
      expect(calls).toEqual([])
      await test.close()
    },
  )

  it('a failed map: its failed items again, the others not', async () => {
    const { test, engine, calls, broken } = open(kind.make(freshName()))
    for (const item of ['b', 'd']) broken.add(item)
    const run = await engine.start(BatchWorkflow, { items: ['a', 'b', 'c', 'd'] }, { id: 'r' })
    expect(await test.finish(run)).toMatchObject({ status: 'failed', state: 'Work' })
    calls.length = 0
    broken.clear()
    await run.retry()
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { sum: 4 } })
    expect(calls.slice(0, 2)).toEqual(['r/Work/1/0000001', 'r/Work/1/0000003'])
    expect(calls).toHaveLength(4)
    await test.close()
  })

  it('a map that failed after all its items were settled', async () => {
    const { test, engine, calls, broken } = open(kind.make(freshName()))
    broken.add('b')
    const run = await engine.start(BatchWorkflow, { items: ['a', 'b'] }, { id: 'r' })
    expect(await test.finish(run)).toMatchObject({
      status: 'failed',
      failure: { message: 'not all items are done' },
    })
    calls.length = 0
    broken.clear()
    await run.retry()
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    expect(calls[0]).toBe('r/Work/1/0000001')
    await test.close()
  })

  it('one that failed since its time was over goes on', async () => {
    const { test, engine } = open(kind.make(freshName()))
    const run = await engine.start(ShopWorkflow, { amount: 1 }, { id: 'r', deadline: '1h' })
    await test.finish(run)
    await test.clock.advance('2h')
    expect(await test.finish(run)).toMatchObject({ status: 'failed', failure: { name: 'TimeoutError' } })
    await run.retry()
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', state: 'review' })
    await run.signal('approve', { by: 'ada' })
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    await test.close()
  })

  it('I1 I4 I5 a crash at each write of it', async () => {
    let life = 0
    await crashAtEachWrite(
      kind,
      {
        workflows: [BatchWorkflow],
        resources: (call) => ({ office: new Office(call) }),
        live: async (test) => {
          life++
          const run = (await test.engine.start(BatchWorkflow, { items: ['a'.repeat(101)] } as never, {
            id: 'r',
          })) as unknown as RunHandle<D>
          const { status } = await test.finish(run)
          if (status === 'failed') await run.retry({ data: { items: ['a', 'b'] } })
          const { data, visits } = await test.finish(run)
          return { data, visits }
        },
      },
      3,
    )
    expect(life).toBeGreaterThan(10)
  })
})

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('skip: $kind', (kind) => {
  it('moves a failed run to a declared target, without the handler', async () => {
    const { test, run, calls } = await failed(kind.make(freshName()))
    await run.skip(State.Gone, { why: 'by hand' }, { reason: 'see ticket 7', as: ada })
    expect(await test.finish(run)).toMatchObject({
      status: 'completed',
      state: 'Gone',
      data: { why: 'by hand' },
    })
    expect(calls).toEqual([])
    const events = await typesOf(run)
    expect(events.at(-3)).toMatchObject({ type: 'log', message: 'skipped by ada: see ticket 7' })
    expect(events.at(-2)).toMatchObject({ type: 'moved', by: 'skip', to: 'Gone' })
    expect(await test.engine.store.list('memo', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('moves a waiting one, whose timer is over then', async () => {
    const { test, engine } = open(kind.make(freshName()))
    const run = await engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    await test.finish(run)
    await run.skip(Shop.Ship, { receipt: 'r', by: 'ada' })
    expect(await test.finish(run)).toMatchObject({ status: 'completed', state: 'done' })
    expect(await engine.store.list('due', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('refuses targets that are not declared, and data that does not fit', async () => {
    const { test, run } = await failed(kind.make(freshName()))
    const before = await run.view()
    await expect(run.skip(State.Work, { items: [] })).rejects.toMatchObject({
      code: 'illegal-move',
      details: { from: 'Check', to: 'Work', targets: ['Done', 'Gone'] },
    })
    await expect(run.skip('nowhere' as never, {} as never)).rejects.toMatchObject({ code: 'illegal-move' })
    await expect(run.skip(State.Done, { sum: 'x' } as never)).rejects.toMatchObject({ code: 'invalid-data' })
    expect(await run.view()).toEqual(before)
    await test.close()
  })
})

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('pause: $kind', (kind) => {
  it('I6 I9 holds timers and signals back until resume, and loses none', async () => {
    const store = kind.make(freshName())
    const { test, engine } = open(store)
    const run = await engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    const late = await engine.start(ShopWorkflow, { amount: 2 }, { id: 'late' })
    for (const each of [run, late]) {
      await test.finish(each)
      await each.pause({ reason: 'audit', as: ada })
    }
    expect(await run.view()).toMatchObject({
      status: 'paused',
      awaits: [],
      may: expect.arrayContaining(['resume']) as string[],
    })
    await run.signal('approve', { by: 'ada' })
    await test.settle()
    await test.clock.advance('49h')
    expect(await late.view()).toMatchObject({ status: 'paused', state: 'review' })
    expect(await store.list('due', { limit: 9 })).toEqual([])
    await run.resume({ as: ada })
    await late.resume()
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { by: 'ada' } })
    expect(await test.finish(late)).toMatchObject({
      state: 'refused',
      data: { reason: 'nobody looked at receipt 2' },
    })
    const said = (await typesOf(run)).filter(({ type }) => /paused/.test(type))
    expect(said).toMatchObject([
      { type: 'paused', reason: 'audit', by: ada },
      { type: 'unpaused', by: ada },
    ])
    await test.close()
  })

  it('a signal that came after the end of the wait does not win at resume', async () => {
    const { test, engine } = open(kind.make(freshName()))
    const run = await engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    await test.finish(run)
    await run.pause()
    await test.clock.advance('49h')
    await run.signal('approve', { by: 'late' })
    await run.resume()
    expect(await test.finish(run)).toMatchObject({ state: 'refused' })
    await test.close()
  })

  it('a run that waits for its next attempt, and one that is cancelled while paused', async () => {
    let calls = 0
    const hands = { charge: () => (++calls, Promise.reject(new Error('busy'))) }
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      resources: { hands },
      store: kind.make(freshName()),
    })
    const run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    await test.settle()
    expect(await run.view()).toMatchObject({ status: 'waiting', timer: { kind: 'retry' } })
    await run.pause()
    await test.clock.advance('1h')
    expect(calls).toBe(1)
    await run.resume()
    await test.settle()
    expect(calls).toBe(2)
    await run.pause()
    await run.cancel({ reason: 'enough' })
    expect(await test.finish(run)).toMatchObject({ status: 'cancelled' })
    expect((await run.view()).paused).toBeUndefined()
    await test.close()
  })
})
