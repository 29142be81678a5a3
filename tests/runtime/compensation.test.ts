import { describe, expect, it } from 'vitest'
import type { HistoryEvent, RunHandle, Store } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { State, TripWorkflow, World, type D } from '../support/trip.ts'

const forth = [
  'flight t/flight/1',
  'flight t/flight/2',
  'bag t/extras/1/0000000',
  'meal t/extras/1/0000001',
  'seat t/extras/1/0000002',
  'visa t/papers/1/visa',
  'cover t/papers/1/cover',
  'map t/papers/1/map',
  'hotel t/hotel/1',
]
const back = [
  '-told t/hotel/1/undo',
  '-hotel t/hotel/1/undo',
  '-visa t/papers/1/visa/undo',
  '-cover t/papers/1/cover/undo',
  '-seat t/extras/1/0000002/undo',
  '-meal t/extras/1/0000001/undo',
  '-bag t/extras/1/0000000/undo',
  '-flight t/flight/2/undo',
  '-flight t/flight/1/undo',
]

type Run = RunHandle<D>

async function historyOf(run: Run): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

async function leftIn(store: Store) {
  const rows = await Promise.all(
    (['due', 'inbox', 'memo'] as const).map(async (collection) => {
      const entries = await store.list(collection, { limit: 99 })
      return entries.map(({ key }) => `${collection} ${key}`)
    }),
  )
  return rows.flat()
}

function open(store: Store, world: World) {
  return createTestEngine({ workflows: [TripWorkflow], resources: { world }, store })
}

/** Books a trip up to the question whether to confirm it. */
async function booked(store: Store, world = new World()) {
  const test = open(store, world)
  const run = await test.engine.start(TripWorkflow, { to: 'Rome', legs: 2 }, { id: 't', session: 's' })
  expect(await test.finish(run)).toMatchObject({ state: 'confirm', status: 'waiting' })
  return { test, run, world }
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('compensation: $kind', (kind) => {
  it('I4 undoes what was committed, the last first, each with its input and its result', async () => {
    const world = new World()
    world.fail('pay')
    const { test, run } = await booked(kind.make(freshName()), world)
    expect(world.take()).toEqual(forth)
    await run.signal('confirm', {})
    expect(await test.finish(run)).toMatchObject({
      status: 'compensated',
      state: 'pay',
      failure: { message: 'no pay' },
    })
    expect(world.take()).toEqual(['pay t/pay/1', ...back])
    expect(world.seen).toEqual([
      { to: 'Rome', visa: 'visa!' },
      { cover: 'cover!' },
      { extra: 'seat', result: 'seat!' },
      { extra: 'meal', result: 'meal!' },
      { extra: 'bag', result: 'bag!' },
      { legs: 1, went: 'extras', data: { to: 'Rome', nights: 1, extras: ['bag', 'meal', 'seat'] } },
      { legs: 2, went: 'flight', data: { to: 'Rome', legs: 1, nights: 1 } },
    ])
    expect(await test.engine.session('s').state()).toEqual({ undone: ['flight 1', 'flight 2'] })
    const told = (await historyOf(run)).slice(-14).map((event) => {
      if (event.type !== 'undone') return event.type
      return [event.state, event.visit, event.part].filter((part) => part !== undefined).join(' ')
    })
    expect(told).toEqual([
      ...[
        'attempt-failed',
        'failed',
        'compensating',
        'hotel 1',
        'papers 1 visa',
        'papers 1 cover',
        'papers 1',
      ],
      ...['extras 1 0000002', 'extras 1 0000001', 'extras 1 0000000', 'extras 1', 'flight 2', 'flight 1'],
      'compensated',
    ])
    await expect(run.result()).rejects.toMatchObject({
      code: 'run-failed',
      details: { status: 'compensated' },
    })
    expect(await leftIn(test.engine.store)).toEqual([])
    await test.close()
  })

  it('I1 I3 I4 I6 a crash at each write changes neither the outcome nor the order', async () => {
    const [meal = '', ...rest] = back.slice(5)
    const once = [...forth, 'pay t/pay/1', ...back.slice(0, 5), meal, meal, ...rest]
    const scenario: Scenario<unknown> = {
      workflows: [TripWorkflow],
      resources: (call) => {
        const world = new World(call)
        world.fail('pay')
        world.fail('-meal', new Error('busy'), { attempts: 1 })
        return { world }
      },
      live: async (test) => {
        const start = { to: 'Rome', legs: 2 } as never
        const run = (await test.engine.start(TripWorkflow, start, {
          id: 't',
          session: 's',
        })) as unknown as Run
        if ((await test.finish(run)).status === 'waiting') await run.signal('confirm', {}, { id: 'yes' })
        const { status, failure } = await test.finish(run)
        return { status, why: failure?.message, session: await test.engine.session('s').state() }
      },
    }
    await crashAtEachWrite(kind, scenario, 3, ({ value, calls, left }, where) => {
      expect(value).toEqual({
        status: 'compensated',
        why: 'no pay',
        session: { undone: ['flight 1', 'flight 2'] },
      })
      expect(inOrder(calls), `${where}: ${calls.join(', ')}`).toEqual(inOrder(once))
      expect(left).toEqual({ inbox: 0, due: 0, memo: 0 })
    })
  })

  it('a map that fails half way: what was done of it is undone, the rest is not', async () => {
    const world = new World()
    world.fail('seat')
    const test = open(kind.make(freshName()), world)
    const run = await test.engine.start(TripWorkflow, { to: 'Rome' }, { id: 't' })
    expect(await test.finish(run)).toMatchObject({ status: 'compensated', state: 'extras' })
    expect(world.take().slice(4)).toEqual([
      ...['-meal t/extras/1/0000001/undo', '-bag t/extras/1/0000000/undo', '-flight t/flight/1/undo'],
    ])
    expect(await leftIn(test.engine.store)).toEqual([])
    await test.close()
  })

  it('a branch that fails: the branches that succeeded are undone', async () => {
    const world = new World()
    world.before = (call) => (call === 'visa' ? new Promise((resolve) => setTimeout(resolve, 20)) : undefined)
    world.fail('visa')
    const test = open(kind.make(freshName()), world)
    const run = await test.engine.start(TripWorkflow, { to: 'Rome' }, { id: 't' })
    await expect(run.result()).rejects.toMatchObject({ details: { status: 'compensated', state: 'papers' } })
    const calls = world.take().filter((call) => call.startsWith('-'))
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['-cover', '-seat', '-meal', '-bag', '-flight'])
    await test.close()
  })

  it('I9 a compensation is tried again by its own policy, as a durable timer, with its memos', async () => {
    const name = freshName()
    const { test, run, world } = await booked(kind.make(name))
    world.take()
    world.fail('-hotel', new Error('closed'), { times: 2 })
    await run.cancel({ reason: 'ill', as: { id: 'ada' } })
    await test.settle()
    const view = await run.view()
    expect(view).toMatchObject({ status: 'compensating', attempt: 1, timer: { kind: 'retry' } })
    expect(view.timer?.at).toBe(test.clock.now() + 60_000)
    await test.clock.advance(59_999)
    expect(world.calls).toHaveLength(2)
    expect(await test.finish(run)).toMatchObject({ status: 'cancelled' })
    const hotel = '-hotel t/hotel/1/undo'
    expect(world.take()).toEqual(['-told t/hotel/1/undo', hotel, hotel, hotel, ...back.slice(2)])
    const failed = (await historyOf(run)).filter(({ type }) => type === 'undo-failed')
    expect(failed).toMatchObject([
      { state: 'hotel', visit: 1, attempt: 1, failure: { message: 'closed' } },
      { state: 'hotel', visit: 1, attempt: 2 },
    ])
    expect((await historyOf(run)).find(({ type }) => type === 'cancelled')).toMatchObject({
      reason: 'ill',
      by: { id: 'ada' },
    })
    await test.close()
  })

  it('one that hangs is ended by its timeout', async () => {
    const { test, run, world } = await booked(kind.make(freshName()))
    const aborted: unknown[] = []
    world.before = (call, signal) =>
      call !== '-hotel'
        ? undefined
        : new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason)))
    await run.cancel()
    for (let i = 0; i < 9 && (await run.view()).status === 'compensating'; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      await test.clock.advance('30s')
    }
    expect(aborted).toMatchObject([
      { name: 'TimeoutError' },
      { name: 'TimeoutError' },
      { name: 'TimeoutError' },
    ])
    expect(await run.view()).toMatchObject({ status: 'compensation-failed' })
    await test.close()
  })

  it('one that fails for good parks the run with what is left, and after a mend it goes on from there', async () => {
    const name = freshName()
    const { test, run, world } = await booked(kind.make(name))
    world.take()
    world.fail('-meal', new Error('no cook'))
    await run.cancel()
    expect(await test.finish(run)).toMatchObject({
      status: 'compensation-failed',
      failure: {
        message: expect.stringContaining(
          'The compensation of "0000001" in visit 1 of "extras" failed: Error: no cook.',
        ) as string,
      },
      may: ['resume', 'terminate', 'skip-compensation'],
    })
    const meal = '-meal t/extras/1/0000001/undo'
    expect(world.take()).toEqual([...back.slice(0, 5), meal, meal])
    expect(await run.undoable()).toMatchObject([
      { state: 'extras', visit: 1 },
      { state: 'flight', visit: 2, input: { legs: 1 }, result: { to: 'extras' } },
      { state: 'flight', visit: 1, input: { legs: 2 }, result: { to: 'flight' } },
    ])
    await expect(run.result()).rejects.toMatchObject({ code: 'run-parked' })
    await expect(run.cancel()).rejects.toMatchObject({ code: 'not-possible' })
    await expect(run.retry()).rejects.toMatchObject({ code: 'not-possible' })
    await test.close()
    world.mend('-meal')
    const later = open(kind.make(name), world)
    const again = await later.engine.get<typeof TripWorkflow>('t')
    expect(await later.finish(again)).toMatchObject({ status: 'compensation-failed' })
    expect(world.calls).toEqual([])
    await again.resume()
    expect(await later.finish(again)).toMatchObject({ status: 'cancelled' })
    expect(world.take()).toEqual(back.slice(5))
    expect(await leftIn(later.engine.store)).toEqual([])
    await later.close()
  })

  it('the one that failed can be left out, it alone, and the history says so', async () => {
    const { test, run, world } = await booked(kind.make(freshName()))
    world.take()
    for (const what of ['-meal', '-hotel']) world.fail(what, new Error(`no ${what}`), { times: 3 })
    await expect(run.skipCompensation()).rejects.toMatchObject({ code: 'not-possible' })
    await run.cancel()
    for (const _ of [1, 2]) {
      expect(await test.finish(run)).toMatchObject({ status: 'compensation-failed' })
      await run.skipCompensation({ reason: 'done by phone', as: { id: 'ada' } })
    }
    expect(await test.finish(run)).toMatchObject({ status: 'cancelled' })
    expect(new Set(world.take())).toEqual(new Set(back))
    const skipped = (await historyOf(run)).filter((event) => event.type === 'undone' && event.skipped)
    expect(skipped).toMatchObject([
      { state: 'hotel', visit: 1 },
      { state: 'extras', visit: 1, part: '0000001' },
    ])
    expect(await leftIn(test.engine.store)).toEqual([])
    await test.close()
  })

  it('one that is parked can be terminated: what is left stays as it is', async () => {
    const { test, run, world } = await booked(kind.make(freshName()))
    world.fail('-hotel')
    await run.cancel()
    expect(await test.finish(run)).toMatchObject({ status: 'compensation-failed' })
    world.take()
    await run.terminate({ reason: 'we pay for it' })
    expect(await test.finish(run)).toMatchObject({ status: 'terminated', may: [] })
    expect(world.calls).toEqual([])
    expect(await leftIn(test.engine.store)).toEqual([])
    await test.close()
  })

  it('I5 what is compensated never changes again, and can be forked', async () => {
    const world = new World()
    world.fail('pay', undefined, { times: 1 })
    const { test, run } = await booked(kind.make(freshName()), world)
    await run.signal('confirm', {})
    const { revision } = await test.finish(run)
    const refused = { code: 'not-possible' }
    await expect(run.retry()).rejects.toMatchObject(refused)
    await expect(run.cancel()).rejects.toMatchObject(refused)
    await expect(run.terminate()).rejects.toMatchObject(refused)
    await expect(run.pause()).rejects.toMatchObject(refused)
    await expect(run.resume()).rejects.toMatchObject(refused)
    await expect(run.skip(State.Done, { to: 'x' })).rejects.toMatchObject(refused)
    await expect(run.signal('confirm', {})).rejects.toMatchObject({ code: 'run-ended' })
    expect(await run.view()).toMatchObject({ status: 'compensated', revision, may: [] })
    const copy = await run.fork({ id: 'copy' })
    expect(await test.finish(copy)).toMatchObject({ status: 'completed', visits: { pay: 1 } })
    expect(await run.view()).toMatchObject({ status: 'compensated', revision })
    await test.close()
  })

  it('what has completed is not undone, and leaves nothing behind', async () => {
    const { test, run, world } = await booked(kind.make(freshName()))
    await run.signal('confirm', {})
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    expect(world.calls).toEqual([...forth, 'pay t/pay/1'])
    expect(await leftIn(test.engine.store)).toEqual([])
    await test.close()
  })
})

/** Each call once, those of branches in one order. */
function inOrder(calls: readonly string[]): readonly string[] {
  const once = [...new Set(calls)]
  const sideBySide = (call: string): boolean => /^(visa|cover|map|-visa|-cover) /.test(call)
  const at = once.findIndex((call) => /^(visa|cover|map) /.test(call))
  return [
    ...once.slice(0, at).filter((c) => !sideBySide(c)),
    ...once.slice(at).filter((c) => !sideBySide(c)),
    ...once.filter(sideBySide).sort(),
  ]
}
