import { describe, expect, it } from 'vitest'
import type { HistoryEvent, RunHandle } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { crashAtEachWrite } from '../support/restarting.ts'
import { paid, ShopWorkflow, State, type D } from '../support/shop.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { State as Trip, TripWorkflow, World } from '../support/trip.ts'
import { makeTwo, One, Two, V2, S2 } from '../support/versions.ts'

async function historyOf(run: Pick<RunHandle, 'events'>): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('forks: $kind', (kind) => {
  async function done() {
    const store = kind.make(freshName())
    const test = createTestEngine({ workflows: [ShopWorkflow], store, resources: { hands: paid } })
    const run = await test.engine.start(ShopWorkflow, { amount: 5 }, { id: 'r', session: 'ada' })
    await test.finish(run)
    await run.signal('approve', { by: 'ada' })
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    return { test, run, engine: test.engine, before: [await run.view(), await historyOf(run)] }
  }

  it('I5 from each checkpoint a new run goes on where the old one stood, and that one stays as it is', async () => {
    const { test, run, before } = await done()
    const standing: unknown[] = []
    for (const event of (await historyOf(run)).filter(({ type }) => type === 'started' || type === 'moved')) {
      const fork = await run
        .fork({ from: event.seq, id: `f${event.seq}`, as: { id: 'eve' } })
        .catch((error: unknown) => error)
      if (fork instanceof Error) {
        standing.push((fork as { code?: unknown }).code)
        continue
      }
      const [started] = await historyOf(fork as RunHandle<D>)
      const { to, data, vars } = started as Extract<HistoryEvent, { type: 'started' }>
      standing.push({ to, data, vars })
      expect(started).toMatchObject({
        type: 'started',
        by: { id: 'eve' },
        forkedFrom: { run: 'r', seq: event.seq },
      })
      expect(await test.finish(fork as RunHandle<D>)).toMatchObject({
        forkedFrom: { run: 'r', seq: event.seq },
        startedBy: { id: 'eve' },
        session: `f${event.seq}`,
      })
    }
    const seen = { seen: ['order'] }
    expect(standing).toEqual([
      { to: 'order', data: { amount: 5, note: '' }, vars: { seen: [] } },
      { to: 'charge', data: { amount: 5 }, vars: seen },
      { to: 'review', data: { receipt: 'receipt 5' }, vars: seen },
      { to: 'ship', data: { receipt: 'receipt 5', by: 'ada' }, vars: seen },
      'unknown-checkpoint',
    ])
    expect([await run.view(), await historyOf(run)]).toEqual(before)
    await test.close()
  })

  it('without a number: from the newest checkpoint that is not final', async () => {
    const { test, run } = await done()
    const fork = await run.fork()
    expect((await historyOf(fork))[0]).toMatchObject({ to: State.Ship })
    expect(await test.finish(fork)).toMatchObject({ status: 'completed' })
    await test.close()
  })

  it('with other data, which must fit; in a session that is named', async () => {
    const { test, run } = await done()
    const { seq } = (await historyOf(run)).find(
      (e) => e.type === 'moved' && e.to === State.Charge,
    ) as HistoryEvent
    const fork = await run.fork({ from: seq, data: { amount: 9 }, session: 'ada', id: 'f' })
    expect(await test.finish(fork)).toMatchObject({ data: { receipt: 'receipt 9' }, session: 'ada' })
    for (const data of [{ amount: 'x' }, {}, null, { amount: 1, more: 1 }])
      await expect(run.fork({ from: seq, data })).rejects.toMatchObject({ code: 'invalid-data' })
    await test.close()
  })

  it.each([[99], [0], [-1], [1.5], ['1' as never], [4]])(
    'refuses %j, which is no checkpoint',
    async (from) => {
      const { test, run, engine, before } = await done()
      const runs = (await engine.list()).length
      await expect(run.fork({ from })).rejects.toMatchObject({
        code: 'unknown-checkpoint',
        details: { run: 'r', checkpoints: [1, 2, 3, 5] },
      })
      expect(await engine.list()).toHaveLength(runs)
      expect([await run.view(), await historyOf(run)]).toEqual(before)
      await test.close()
    },
  )

  it('I6 the same id twice is one fork; for another checkpoint, or a run that is there, it is refused', async () => {
    const { test, run, engine } = await done()
    const twice = await Promise.all([run.fork({ from: 5, id: 'f' }), run.fork({ from: 5, id: 'f' })])
    expect(twice.map(({ id }) => id)).toEqual(['f', 'f'])
    await test.settle()
    expect(await engine.list()).toHaveLength(2)
    const taken = { code: 'run-exists' }
    await expect(run.fork({ from: 3, id: 'f' })).rejects.toMatchObject(taken)
    await expect(run.fork({ from: 1, id: 'r' })).rejects.toMatchObject(taken)
    await engine.start(ShopWorkflow, { amount: 5 }, { id: 's' })
    await expect(run.fork({ from: 1, id: 's' })).rejects.toMatchObject(taken)
    await expect(run.fork({ id: '' })).rejects.toMatchObject({ code: 'invalid-id' })
    await test.close()
  })

  it('of a run that still goes on; what the old one has done is not undone by the new one', async () => {
    const world = new World()
    const test = createTestEngine({
      workflows: [TripWorkflow],
      store: kind.make(freshName()),
      resources: { world },
    })
    const run = await test.engine.start(TripWorkflow, { to: 'Rome' }, { id: 't' })
    await test.finish(run)
    world.take()
    const { seq } = (await historyOf(run)).find(
      (e) => e.type === 'moved' && e.to === Trip.Papers,
    ) as HistoryEvent
    const fork = await run.fork({ from: seq, id: 'f' })
    expect(await test.finish(fork)).toMatchObject({
      status: 'waiting',
      visits: { papers: 1, hotel: 1, confirm: 1 },
    })
    await fork.cancel()
    expect(await test.finish(fork)).toMatchObject({ status: 'cancelled' })
    const names = world.take().map((call) => call.split(' ')[0] ?? '')
    expect(names.slice(3)).toEqual(['hotel', '-told', '-hotel', '-visa', '-cover'])
    expect(await run.view()).toMatchObject({ status: 'waiting', state: Trip.Confirm })
    await test.close()
  })

  it('across versions: by the migration of the checkpoint, or as it is where it fits', async () => {
    const store = kind.make(freshName())
    const resources = { tell: () => undefined }
    const before = createTestEngine({ workflows: [One], store, resources } as never)
    const run = (await before.engine.start(One as never, { text: 'x' } as never, {
      id: 'a',
    })) as unknown as RunHandle
    await before.finish(run)
    await before.settle()
    const open = (two: unknown) => createTestEngine({ workflows: [two], store, resources } as never)
    const test = open(Two)
    const old = (await test.engine.get('a')) as unknown as RunHandle
    const fork = await old.fork({ id: 'f' })
    expect(await test.finish(fork)).toMatchObject({
      version: 2,
      state: S2.Check,
      data: { text: 'x', level: 1 },
    })
    const first = await old.fork({ from: 1, id: 'g' })
    expect(await test.finish(first)).toMatchObject({
      version: 2,
      state: S2.Check,
      data: { text: 'x', level: 2 },
    })
    await expect(old.fork({ data: { text: 'y' } })).rejects.toMatchObject({ code: 'invalid-data' })
    expect((await (await old.fork({ data: { text: 'y', level: 7 } })).view()).data).toEqual({
      text: 'y',
      level: 7,
    })
    expect(await old.view()).toMatchObject({ version: 1, state: 'ask' })
    const wrong = open(makeTwo({ ask: () => V2.go(S2.Check, { text: 'x' } as never) }))
    const there = (await wrong.engine.get('a')) as unknown as RunHandle
    await expect(there.fork()).rejects.toMatchObject({ code: 'invalid-data' })
    await before.close()
  })

  it('I1 I6 a crash at each write of it', async () => {
    await crashAtEachWrite(
      kind,
      {
        workflows: [ShopWorkflow],
        resources: () => ({ hands: paid }),
        live: async (test) => {
          const run = (await test.engine.start(ShopWorkflow, { amount: 5 } as never, {
            id: 'r',
          })) as unknown as RunHandle<D>
          await test.finish(run)
          const fork = await run.fork({ from: 1, id: 'f' })
          await test.finish(fork)
          for (const each of [run, fork]) await each.signal('approve', { by: each.id }, { id: 'yes' })
          return [
            (await test.finish(run)).data,
            (await test.finish(fork)).data,
            (await test.engine.list()).length,
          ]
        },
      },
      0,
    )
  })
})
