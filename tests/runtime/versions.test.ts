import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { states, type HistoryEvent, type Input, type RunHandle, type ShapeOf, type Store } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import type { AnyClass } from '../../src/definition/shape.ts'
import { crashAtEachWrite } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { makeTwo, One, S2, Three, Two, V2 } from '../support/versions.ts'

interface World {
  readonly calls: string[]
  readonly tell?: (what: string) => unknown
  readonly clock: TestClock
}

function open(store: Store, workflows: readonly AnyClass[], { calls, clock, tell }: World) {
  const resources = { tell: tell ?? ((what: string) => void calls.push(what)) }
  const test = createTestEngine({ workflows, store, clock, resources } as never)
  const events = async (id: string): Promise<readonly HistoryEvent[]> => {
    const all: HistoryEvent[] = []
    for await (const event of (await test.engine.get(id)).events({ follow: false })) all.push(event)
    return all
  }
  const send = (id: string, name: string, who = 'ada') =>
    test.engine.signal(id, name, {}, { as: { id: who } })
  const finish = async (id: string) => test.finish(await test.engine.get(id))
  return { test, engine: test.engine, events, send, finish }
}

const newWorld = (): World => ({ calls: [], clock: new TestClock() })

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('versions: $kind', (kind) => {
  /** Runs of the first version that wait; the engine is closed. */
  async function asked(ids: readonly string[], world = newWorld()) {
    const name = freshName()
    const { test, engine } = open(kind.make(name), [One], world)
    for (const id of ids) await test.finish(await engine.start(One, { text: id } as never, { id }))
    await test.close()
    world.calls.length = 0
    return { world, store: () => kind.make(name) }
  }

  it('several side by side: each run goes on with its own; new ones begin with the class they are started with', async () => {
    const { world, store } = await asked(['a'])
    const { test, engine, send, finish } = open(store(), [One, Two, Three], world)
    await test.finish(await engine.start(Two, { text: 'b' } as never, { id: 'b' }))
    await test.finish(await engine.start(Three, { text: 'c' } as never, { id: 'c' }))
    await send('a', 'yes', 'ada')
    for (const id of ['a', 'b', 'c']) await send(id, 'yes', 'bob')
    expect(await finish('a')).toMatchObject({ status: 'completed', version: 1, data: { text: 'a' } })
    expect(await finish('b')).toMatchObject({ status: 'completed', version: 2, data: { text: 'b 2 2' } })
    expect(await finish('c')).toMatchObject({ status: 'completed', version: 3, data: { text: 'c 3 3 by 3' } })
    expect((await engine.migrate({ dryRun: true })).length).toBe(0)
    await test.close()
  })

  it('maps state, data and vars, when somebody says so or when the run moves on by itself', async () => {
    const { world, store } = await asked(['a', 'b'])
    const { test, engine, events, send, finish } = open(store(), [Two], world)
    const to = { version: 2, state: 'check' }
    const report = { workflow: 'doc', version: 1, status: 'waiting', state: 'ask', fate: 'maps', to }
    const expected = [
      { id: 'b', ...report },
      { id: 'a', ...report },
    ]
    expect(await engine.migrate({ dryRun: true })).toEqual(expected)
    expect((await (await engine.get('a')).view()).version).toBe(1)
    await send('a', 'yes')
    expect(await finish('a')).toMatchObject({
      status: 'completed',
      version: 2,
      data: { text: 'a 1 migration' },
    })
    expect(await engine.migrate()).toEqual(expected.slice(0, 1))
    expect(await finish('b')).toMatchObject({
      status: 'waiting',
      version: 2,
      state: 'check',
      data: { text: 'b', level: 1 },
      vars: { seen: 1, by: 'migration' },
      visits: { begin: 1, ask: 1, check: 1 },
    })
    expect((await events('b')).at(-1)).toMatchObject({ type: 'migrated', from: 1, to: 2, state: 'check' })
    expect((await engine.migrate()).map(({ fate }) => fate)).toEqual(['stays'])
    expect(await engine.store.list('due', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('a chain of versions, over one that is loaded too', async () => {
    const { world, store } = await asked(['a', 'b'])
    const { test, engine, send, finish } = open(store(), [Two, Three], world)
    expect(await engine.migrate()).toMatchObject([
      { fate: 'maps', to: { version: 3, state: 'review' } },
      { fate: 'maps', to: { version: 3, state: 'review' } },
    ])
    await send('a', 'yes')
    expect(await finish('a')).toMatchObject({ version: 3, data: { text: 'a 1 migration by 3' } })
    await test.close()
  })

  it('a chain that ends before the newest version ends where it ends', async () => {
    const { world, store } = await asked(['a'])
    const { test, finish, send } = open(store(), [Two, unrelated(4)], world)
    await send('a', 'yes')
    expect(await finish('a')).toMatchObject({
      status: 'completed',
      version: 2,
      data: { text: 'a 1 migration' },
    })
    await test.close()
  })

  it('a run of a newer version than is loaded is left alone', async () => {
    const { world, store } = await asked(['a'])
    const newer = open(store(), [One, Two], world)
    await newer.test.finish(await newer.engine.start(Two, { text: 'b' } as never, { id: 'b' }))
    await newer.test.close()
    const { test, engine, send } = open(store(), [One], world)
    const before = await (await engine.get('b')).view()
    await send('b', 'yes')
    await test.settle()
    const after = await (await engine.get('b')).view()
    expect(after).toEqual(before)
    expect(await engine.migrate()).toMatchObject([
      { id: 'b', fate: 'unknown' },
      { id: 'a', fate: 'stays' },
    ])
    await expect((await engine.get('b')).cancel()).resolves.toBeUndefined()
    await test.close()
    const again = open(store(), [Two], world)
    expect(await again.finish('b')).toMatchObject({ status: 'cancelled' })
    expect(world.calls.slice(-1)).toEqual(['-begin b by 2'])
    await again.test.close()
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no such customer')
      },
      /did not succeed: no such customer/,
    ],
    ['gives data that does not fit', () => V2.go(S2.Check, { text: 'x', level: 'high' } as never), /level/],
    ['gives something else', () => 'check' as never, /instead of go/],
    [
      'gives vars that do not fit',
      () => V2.go(S2.Check, { text: 'x', level: 1 }, { by: 7 } as never),
      /vars do not fit/,
    ],
  ])('I10 a migration that %s parks the run, and nothing is lost', async (_what, ask, why) => {
    const { world, store } = await asked(['a', 'b'])
    const bad = open(store(), [makeTwo({ ask })], world)
    const before = await (await bad.engine.get('a')).view()
    expect(await bad.engine.migrate({ dryRun: true })).toMatchObject([
      { fate: 'blocked', reason: expect.stringMatching(why) as string },
      { fate: 'blocked' },
    ])
    await bad.send('a', 'yes')
    expect(await bad.finish('a')).toMatchObject({
      status: 'needs-migration',
      state: 'ask',
      version: 1,
      failure: { message: expect.stringMatching(why) as string },
    })
    await expect(bad.engine.resume('a')).rejects.toMatchObject({ code: 'needs-migration' })
    const { data, vars } = await (await bad.engine.get('a')).view()
    expect({ data, vars }).toEqual({ data: before.data, vars: before.vars })
    await bad.test.close()
    const good = open(store(), [Two], world)
    expect(await good.finish('a')).toMatchObject({ status: 'needs-migration' })
    await good.engine.resume('a')
    expect(await good.finish('a')).toMatchObject({
      status: 'completed',
      version: 2,
      data: { text: 'a 1 migration' },
    })
    await good.test.close()
  })

  it('a run that was parked and fits again is freed by engine.migrate', async () => {
    const { world, store } = await asked(['a', 'b'])
    const without = open(store(), [unrelated(2)], world)
    await expect(without.send('a', 'yes')).rejects.toMatchObject({ code: 'unknown-signal' })
    await world.clock.advance('4d')
    expect(await without.finish('a')).toMatchObject({ status: 'needs-migration' })
    await without.test.close()
    const back = open(store(), [One], world)
    expect(await back.engine.migrate()).toMatchObject([
      { id: 'b', fate: 'stays' },
      { id: 'a', fate: 'stays' },
    ])
    expect(await back.finish('a')).toMatchObject({ status: 'completed', version: 1, data: { text: 'late' } })
    await back.test.close()
  })

  it('what is paused or quarantined stays so in the new version', async () => {
    const { world, store } = await asked(['a'])
    const before = open(store(), [One], world)
    await (await before.engine.get('a')).pause()
    await before.test.close()
    const { test, engine, send, finish } = open(store(), [Two], world)
    await engine.migrate()
    expect(await finish('a')).toMatchObject({ status: 'paused', version: 2, state: 'check' })
    await send('a', 'yes')
    await test.settle()
    await engine.resume('a')
    expect(await finish('a')).toMatchObject({ status: 'completed', data: { text: 'a 1 migration' } })
    await test.close()
  })

  it('a final state may be where an old one goes', async () => {
    const { world, store } = await asked(['a'])
    const before = open(store(), [One], world)
    await before.send('a', 'older')
    expect(await before.finish('a')).toMatchObject({ state: 'old' })
    await before.test.close()
    const { test, engine, finish } = open(store(), [Two], world)
    await engine.migrate()
    expect(await finish('a')).toMatchObject({
      status: 'completed',
      state: 'done',
      data: { text: 'a' },
      version: 2,
    })
    await test.close()
  })

  it('I6 votes, and a signal whose handler was at work when its process ended, are not lost by mapping', async () => {
    const { world, store } = await asked(['a'])
    let asking = false
    const tell = () => ((asking = true), new Promise(() => undefined))
    const { test, send } = open(store(), [One], { ...world, tell })
    await send('a', 'yes', 'ada')
    await send('a', 'yes', 'bob')
    while (!asking) await new Promise((resolve) => setImmediate(resolve))
    await test.close()
    const later = open(store(), [Two], world)
    expect(await later.finish('a')).toMatchObject({ status: 'completed', version: 2 })
    const taken = (await later.events('a')).filter(({ type }) => type === 'signalled')
    expect(taken).toMatchObject([{ caller: { id: 'bob' } }, { caller: { id: 'ada' } }])
    await later.test.close()
  })

  it('I1 I4 I6 a crash at each write while it is mapped', async () => {
    for (const workflows of [[Two], [Two, Three]] as const)
      await crashAtEachWrite(
        kind,
        {
          workflows: [One],
          resources: (call) => ({ tell: call }),
          live: async (first) => {
            const start = { text: 'a' } as never
            const run = await first.engine.start(One, start, { id: 'a' }).catch(() => first.engine.get('a'))
            if ((await first.finish(run as RunHandle)).version === 1)
              await first.engine.signal('a', 'yes', {}, { id: 'v', as: { id: 'ada' } })
            await first.settle()
            const { store } = first.engine
            const next = createTestEngine({
              workflows,
              store,
              clock: first.clock,
              lease: '10s',
              resources: { tell: () => undefined },
            } as never)
            await next.engine.migrate()
            const { status, data, version } = await next.finish(await next.engine.get('a'))
            return { status, data, version }
          },
        },
        1,
        ({ value }) => expect(value).toMatchObject({ status: 'completed', version: workflows.length + 1 }),
      )
  })
})

/** Another class of that name: it shares nothing with the first version. */
function unrelated(version: number): AnyClass {
  enum S {
    Other = 'other',
    End = 'end',
  }
  const Other = states(
    S,
    { [S.Other]: z.object({}), [S.End]: z.object({}) },
    { initial: S.Other, final: S.End },
  )
  @Other.workflow({ name: 'doc', version })
  class OtherDoc {
    @Other.step(S.Other, { to: S.End })
    other(_: Input<ShapeOf<typeof Other>, S.Other>) {
      return Other.go(S.End, {})
    }
  }
  return OtherDoc
}
