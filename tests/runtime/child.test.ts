import { describe, expect, it } from 'vitest'
import { FatalError } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { family, KidWorkflow, State, type FamilyOptions, type Hands, type KidCtx } from '../support/family.ts'
import { crashAllAlong, crashAtEachWrite, type Call, type Scenario } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

type Input = { way: 'one' | 'many' | 'detached'; n?: number; id?: string; count?: number }
const KID = 'p/one/1'

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('child runs: $kind', (kind) => {
  const open = (hands: Hands, options: FamilyOptions = {}, name = freshName()) => {
    const Family = family(options)
    const test = createTestEngine({
      workflows: [Family, KidWorkflow],
      store: kind.make(name),
      resources: { hands },
    })
    const start = (input: Input, id = 'p') => test.engine.start(Family, input, { id, session: 'ada' })
    const statuses = async (status?: string) =>
      (await test.engine.list({ workflow: 'kid', limit: 1_000 })).filter(
        (view) => !status || view.status === status,
      )
    return { test, start, statuses, name }
  }
  const fails: Hands = {
    work: () => {
      throw new FatalError('no')
    },
  }
  const waits: Hands = { work: () => 'wait' }

  it('the handler gets what the child ended with, with the members of its enum; the child shares the session', async () => {
    const { test, start } = open({ work: () => undefined })
    const run = await start({ way: 'one', n: 4 })
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { value: 40 } })
    expect(await (await test.engine.get(KID)).view()).toMatchObject({
      workflow: 'kid',
      session: 'ada',
      status: 'completed',
    })
    const types: string[] = []
    for await (const event of run.events()) types.push(event.type)
    const told = ['started', 'moved', 'child-started', 'waits', 'woken', 'joined', 'moved', 'completed']
    expect(types).toEqual(told)
    expect(await test.engine.store.list('inbox', { limit: 9 })).toEqual([])
    expect(await test.engine.store.list('due', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('where the child waits for somebody, the parent waits, and a test is told so', async () => {
    const { test, start } = open(waits)
    const run = await start({ way: 'one' })
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', state: State.One })
    const kid = await test.engine.get(KID)
    expect(await kid.view()).toMatchObject({ status: 'waiting', awaits: ['finish'] })
    await test.engine.signal(KID, 'finish', { value: 7 })
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { value: 7 } })
    await test.close()
  })

  it('a child that fails is a ChildError for the catch edge of its class', async () => {
    const { test, start } = open(fails)
    const view = await test.finish(await start({ way: 'one' }))
    expect(view).toMatchObject({
      state: State.Caught,
      data: { why: `ChildError: child run "${KID}" is failed: FatalError: no` },
    })
    await test.close()
  })

  it('without such an edge the parent fails', async () => {
    const { test, start } = open(fails, { catches: false })
    expect(await test.finish(await start({ way: 'one' }))).toMatchObject({
      status: 'failed',
      failure: { name: 'ChildError' },
    })
    await test.close()
  })

  it('a child that was cancelled or terminated is a ChildError too', async () => {
    for (const verb of ['cancel', 'terminate'] as const) {
      const { test, start } = open(waits)
      const run = await start({ way: 'one' })
      await test.settle()
      await (await test.engine.get(KID))[verb]()
      const view = await test.finish(run)
      expect(view.data).toEqual({
        why: expect.stringMatching(/^ChildError: child run "p\/one\/1" is (cancelled|terminated)/),
      })
      await test.close()
    }
  })

  it('an input that the child does not take is an error of the parent, with a code', async () => {
    const { test, start } = open(waits, { catches: false })
    const run = await start({ way: 'one', n: 'x' as never }).catch((error: { code: string }) => error)
    expect(run).toMatchObject({ code: 'invalid-input' })
    await test.close()
  })

  it('cancelling the parent cancels the child, and both undo what they did', async () => {
    const undone: string[] = []
    const { test, start, statuses } = open({ ...waits, undo: (what) => undone.push(what) })
    const run = await start({ way: 'one', n: 3 })
    await test.settle()
    await run.cancel({ reason: 'changed my mind' })
    await test.settle()
    expect(await run.view()).toMatchObject({ status: 'cancelled' })
    expect(await statuses('cancelled')).toHaveLength(1)
    expect(undone).toEqual(['kid 3'])
    expect(await test.engine.store.list('inbox', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('terminating the parent terminates the child', async () => {
    const { test, start, statuses } = open(waits)
    const run = await start({ way: 'one' })
    await test.settle()
    await run.terminate()
    await test.settle()
    expect(await statuses('terminated')).toHaveLength(1)
    await test.close()
  })

  it('a parent never waits for a child that is gone', async () => {
    const { test, start } = open(waits)
    const run = await start({ way: 'one' })
    await test.settle()
    const { store } = test.engine
    await store.write({ delete: [{ collection: 'run', key: KID }] })
    const view = await test.finish(run)
    expect(view).toMatchObject({
      state: State.Caught,
      data: { why: `ChildError: child run "${KID}" is gone` },
    })
    await test.close()
  })

  it('the same id twice is the same child: one that is there already is taken up, also one that has ended', async () => {
    const { test, start, statuses } = open(waits, { named: true })
    const first = await start({ way: 'one', id: 'shared' }, 'p1')
    const second = await start({ way: 'one', id: 'shared' }, 'p2')
    await test.settle()
    expect(await statuses()).toHaveLength(1)
    await test.engine.signal('shared', 'finish', { value: 5 })
    for (const run of [first, second]) expect(await test.finish(run)).toMatchObject({ data: { value: 5 } })
    const third = await start({ way: 'one', id: 'shared' }, 'p3')
    expect(await test.finish(third)).toMatchObject({ data: { value: 5 } })
    await test.close()
  })

  it('a run that somebody else has started is not cancelled with a parent that waits for it', async () => {
    const { test, start } = open(waits, { named: true })
    const own = await test.engine.start(KidWorkflow as never, { n: 1 } as never, { id: 'shared' })
    const run = await start({ way: 'one', id: 'shared' })
    await test.settle()
    await run.cancel()
    await test.settle()
    expect(await run.view()).toMatchObject({ status: 'cancelled' })
    expect(await own.view()).toMatchObject({ status: 'waiting' })
    await test.close()
  })

  it('an id that belongs to a run of another workflow, or to the parent itself, is an error with a code', async () => {
    for (const id of ['other', 'p']) {
      const { test, start } = open(waits, { named: true, catches: false })
      await start({ way: 'detached' }, 'other')
      await test.settle()
      const view = await test.finish(await start({ way: 'one', id }))
      expect(view).toMatchObject({ status: 'failed', failure: { code: 'run-exists' } })
      await test.close()
    }
  })

  it('detached: the parent goes on at once, and neither waits for the child nor cancels it', async () => {
    const { test, start, statuses } = open({ work: () => 'sleep' })
    const run = await start({ way: 'detached' })
    await test.settle()
    const view = await run.view()
    expect(view).toMatchObject({ status: 'completed', data: { value: 'p/detached/1' } })
    const types: string[] = []
    for await (const event of run.events()) types.push(event.type)
    expect(types).toContain('child-started')
    expect(await statuses('waiting')).toHaveLength(1)
    await test.finish(await test.engine.get('p/detached/1'))
    expect(await statuses('completed')).toHaveLength(1)
    await test.close()
  })

  it.each([10, 500])('500 children, %i at once', async (concurrency) => {
    let busy = 0
    let most = 0
    const hands: Hands = {
      work: async () => {
        most = Math.max(most, ++busy)
        await new Promise(setImmediate)
        busy -= 1
      },
    }
    const { test, start, statuses } = open(hands, { concurrency })
    const view = await test.finish(await start({ way: 'many', count: 500 }))
    expect(view).toMatchObject({ status: 'completed' })
    const { value } = view.data as { value: { data: { value: number } }[] }
    expect(value.map(({ data }) => data.value)).toEqual(Array.from({ length: 500 }, (_, i) => i * 10))
    expect(most).toBeLessThanOrEqual(concurrency)
    expect(await statuses('completed')).toHaveLength(500)
    expect(await test.engine.store.list('inbox', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('cancelling a parent of 500 reaches every child', async () => {
    const { test, start, statuses } = open(waits, { concurrency: 500 })
    const run = await start({ way: 'many', count: 500 })
    await test.settle()
    expect(await statuses('waiting')).toHaveLength(500)
    await run.cancel()
    await test.settle()
    expect(await statuses('cancelled')).toHaveLength(500)
    expect(await run.view()).toMatchObject({ status: 'cancelled' })
    await test.close()
  })

  it('one of many that fails ends the state and cancels the others; collected, it stands in its place', async () => {
    const hands: Hands = {
      work: (n) => {
        if (n === 2) throw new FatalError('no')
        return 'sleep'
      },
    }
    const one = open(hands)
    expect(await one.test.finish(await one.start({ way: 'many', count: 5 }))).toMatchObject({
      state: State.Caught,
    })
    await one.test.settle()
    expect(await one.statuses('cancelled')).toHaveLength(4)
    await one.test.close()
    const all = open(hands, { onError: 'collect' })
    const { data } = await all.test.finish(await all.start({ way: 'many', count: 5 }))
    const { value } = data as { value: { ok: boolean }[] }
    expect(value.map(({ ok }) => ok)).toEqual([true, true, false, true, true])
    expect(value[2]).toMatchObject({ error: { name: 'ChildError' } })
    expect(value[3]).toEqual({ ok: true, value: { state: 'done', data: { value: 3 } } })
    await all.test.close()
  })

  const Family = family({ concurrency: 2 })
  const scenario = (input: Input, work: (call: Call) => Hands['work']): Scenario<unknown> => ({
    workflows: [Family, KidWorkflow],
    resources: (call) => ({ hands: { work: work(call) } }),
    live: async (test) => {
      const { status, data } = await test.finish(await test.engine.start(Family, input, { id: 'p' }))
      const kids = await test.engine.list({ workflow: 'kid' })
      return { status, data, kids: kids.map((kid) => `${kid.id} ${kid.status}`).sort() }
    },
  })
  const many = scenario({ way: 'many', count: 4 }, (call) => async (_, { run }: KidCtx) => {
    await call(run.idempotencyKey)
    return run.id.endsWith('3') ? 'sleep' : undefined
  })
  const failing = scenario({ way: 'one' }, (call) => async (_, { run }: KidCtx) => {
    await call(run.idempotencyKey)
    throw new FatalError('no')
  })

  it('I4 a crash at each write: a child is started once, and its end is heard', async () => {
    await crashAtEachWrite(kind, many, 2)
  })

  it('I4 crashes all along', async () => {
    expect((await crashAllAlong(kind, many, 9, 2)).processes).toBeGreaterThan(2)
  })

  it('I4 the error of a child finds its edge by class also after a restart', async () => {
    await crashAtEachWrite(kind, failing, 1, ({ value }, where) =>
      expect(value, where).toMatchObject({ data: { why: expect.stringMatching(/^ChildError/) } }),
    )
  })
})
