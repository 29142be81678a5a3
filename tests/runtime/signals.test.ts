import { describe, expect, it } from 'vitest'
import type { Store } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { paid, ShopWorkflow, State, toReview, type Hands } from '../support/shop.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const open = ({ hands = paid, ...options }: { hands?: Hands; store?: Store; clock?: TestClock } = {}) =>
  createTestEngine({ workflows: [ShopWorkflow], resources: { hands }, ...options })

describe.each(storeKinds())('signals: $kind', (kind) => {
  it('I6 the same id twice is one signal, also after it was applied and after a restart', async () => {
    const name = freshName()
    const test = open({ store: kind.make(name) })
    const run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    await test.finish(run)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => run.signal('approve', { by: 'ada' }, { id: 'yes' })),
    )
    expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(1)
    expect(await run.result()).toEqual({ state: State.Done, data: { receipt: 'receipt 1', by: 'ada' } })
    await test.close()
    const later = open({ store: kind.make(name) })
    const again = await later.engine.get('r')
    expect(await again.signal('approve', { by: 'ada' }, { id: 'yes' })).toEqual({
      id: 'yes',
      duplicate: true,
    })
    await expect(again.signal('approve', { by: 'eve' }, { id: 'other' })).rejects.toMatchObject({
      code: 'run-ended',
    })
    await later.close()
  })

  it('a signal that is declared and not yet awaited is kept until its state is entered', async () => {
    let pay: (() => void) | undefined
    const hands: Hands = { charge: () => new Promise((resolve) => (pay = () => resolve(toReview('late')))) }
    const test = open({ hands, store: kind.make(freshName()) })
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    while (!pay) await new Promise((resolve) => setImmediate(resolve))
    await run.signal('later', {})
    await run.signal('approve', { by: 'early' })
    pay()
    expect(await run.result()).toMatchObject({ state: State.Done, data: { by: 'early' } })
    await test.close()
  })

  it('I2 of many signals at once the first is applied and the others move nothing', async () => {
    const test = open({ store: kind.make(freshName()) })
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    await test.finish(run)
    await Promise.allSettled([
      run.signal('approve', { by: 'a' }),
      run.signal('refuse', { reason: 'b' }),
      run.signal('approve', { by: 'c' }),
    ])
    const { state } = await run.result()
    expect([State.Done, State.Refused]).toContain(state)
    const moves: string[] = []
    for await (const event of run.events()) if (event.type === 'signalled') moves.push(event.name)
    expect(moves).toHaveLength(1)
    await test.close()
  })

  it('I6 start with one id and one input, 20 times at once, is one run', async () => {
    const test = open({ store: kind.make(freshName()) })
    const runs = await Promise.all(
      Array.from({ length: 20 }, () => test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'one' })),
    )
    expect(new Set(runs.map((run) => run.id))).toEqual(new Set(['one']))
    await test.settle()
    expect(await test.engine.list()).toHaveLength(1)
    await expect(test.engine.start(ShopWorkflow, { amount: 2 }, { id: 'one' })).rejects.toMatchObject({
      code: 'run-exists',
    })
    await test.close()
  })
})

describe('signals from outside', () => {
  it.each([
    'xstate.stop',
    'xstate.done.actor.charge',
    'done.charge',
    'step.review',
    'signal.approve.ship',
    'expires.refused',
    '__proto__',
    'constructor',
    'toString',
    '',
  ])('I2 %j is refused, with the list of what is possible', async (name) => {
    const test = open()
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    await test.finish(run)
    await expect(test.engine.signal(run.id, name, {})).rejects.toMatchObject({
      code: 'unknown-signal',
      details: { declared: ['approve', 'refuse', 'later'] },
    })
    expect(await run.view()).toMatchObject({ state: State.Review, status: 'waiting' })
    await test.close()
  })

  it.each([
    [{}],
    [{ by: 1 }],
    [{ by: 'a', extra: 1 }],
    [null],
    ['text'],
    [undefined],
    [{ by: 'a', f: () => 1 }],
  ])('a payload that does not fit is refused: %j', async (payload) => {
    const test = open()
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    await test.finish(run)
    await expect(test.engine.signal(run.id, 'approve', payload)).rejects.toMatchObject({
      code: 'invalid-signal',
    })
    await test.close()
  })

  it.each([
    ['', /empty/],
    ['x'.repeat(300), /300 characters/],
    ['a\nb', /control character/],
    ['\ud800', /half of a character/],
    [7, /not a string/],
  ])('ids that cannot be kept are refused: %j', async (id, why) => {
    const test = open()
    const bad = { code: 'invalid-id', message: expect.stringMatching(why) as string }
    await expect(test.engine.start(ShopWorkflow, { amount: 1 }, { id: id as string })).rejects.toMatchObject(
      bad,
    )
    await expect(
      test.engine.start(ShopWorkflow, { amount: 1 }, { session: id as string }),
    ).rejects.toMatchObject(bad)
    await expect(test.engine.get(id as string)).rejects.toMatchObject(bad)
    await test.close()
  })

  it.each(['a/b/../c', '__proto__', 'constructor', 'ünï', 'a b', '%2F', '*', ':', '💥'])(
    'odd ids serve: %s',
    async (id) => {
      const test = open()
      const run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id, session: id })
      await test.finish(run)
      await run.signal('approve', { by: id }, { id })
      expect(await run.result()).toMatchObject({ state: State.Done })
      expect((await test.engine.session(id).runs()).map((view) => view.id)).toEqual([id])
      await test.close()
    },
  )

  it('I7 an unknown run is told from a store that fails', async () => {
    const test = open()
    await expect(test.engine.get('nobody')).rejects.toMatchObject({ code: 'unknown-run' })
    await expect(test.engine.signal('nobody', 'approve', { by: 'a' })).rejects.toMatchObject({
      code: 'unknown-run',
    })
    await test.close()
    await expect(test.engine.get('nobody')).rejects.toMatchObject({ code: 'engine-closed' })
  })
})

it('who waits for a result is told when the engine closes', async () => {
  const test = open()
  const run = await test.engine.start(ShopWorkflow, { amount: 1 })
  const refused = expect(run.result()).rejects.toMatchObject({ code: 'engine-closed' })
  await test.settle()
  await test.close()
  await refused
})

describe('the end of a wait', () => {
  it('I9 takes its edge at the due time, once, and not before', async () => {
    const test = open()
    const run = await test.engine.start(ShopWorkflow, { amount: 3 })
    await test.finish(run)
    await test.clock.advance('47h')
    expect((await run.view()).state).toBe(State.Review)
    await test.clock.advance('1h')
    expect(await run.view()).toMatchObject({
      status: 'completed',
      state: State.Refused,
      data: { reason: 'nobody looked at receipt 3' },
    })
    await test.close()
  })

  it.each(storeKinds(['sqlite', 'keyv']))(
    'I9 a due time that passed while nothing ran is taken at the next start: $kind',
    async (kind) => {
      const name = freshName()
      const test = open({ store: kind.make(name) })
      const run = await test.engine.start(ShopWorkflow, { amount: 3 }, { id: 'r' })
      await test.finish(run)
      await test.close()
      const later = open({ store: kind.make(name), clock: new TestClock(Date.UTC(2027, 1, 4)) })
      expect(await (await later.engine.get('r')).result()).toMatchObject({ state: State.Refused })
      await later.close()
    },
  )

  it('a signal that was accepted before the due time wins, one after it does not', async () => {
    const test = open()
    const run = await test.engine.start(ShopWorkflow, { amount: 3 })
    await test.finish(run)
    test.clock.jump(test.clock.now() + 48 * 3_600_000 + 1)
    await run.signal('approve', { by: 'too late' }).catch(() => undefined)
    expect(await test.finish(run)).toMatchObject({ state: State.Refused })
    await test.close()
  })
})
