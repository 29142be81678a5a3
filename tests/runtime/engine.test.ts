import { createActor } from 'xstate'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { createEngine, resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { compile } from '../../src/compile/machine.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import { advance, begin } from '../../src/runtime/advance.ts'
import { paid, ShopWorkflow, State, toReview, type Hands } from '../support/shop.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const open = (hands: Hands = paid, options: object = {}) =>
  createTestEngine({ workflows: [ShopWorkflow], resources: { hands }, ...options })

describe.each(storeKinds())('lists: $kind', (kind) => {
  it('newest first, by workflow, status, state and session, in pages', async () => {
    const test = open(paid, { store: kind.make(freshName()) })
    for (let i = 0; i < 12; i++) {
      await test.clock.advance(1)
      await test.engine.start(ShopWorkflow, { amount: i }, { id: `r${i}`, session: i % 2 ? 'odd' : 'even' })
    }
    await test.settle()
    await test.engine.signal('r3', 'approve', { by: 'ada' })
    await test.settle()
    const ids = async (filter: object) => (await test.engine.list(filter)).map((view) => view.id)
    expect(await ids({ limit: 3 })).toEqual(['r11', 'r10', 'r9'])
    expect(await ids({ limit: 3, before: 'r9' })).toEqual(['r8', 'r7', 'r6'])
    expect(await ids({ status: 'completed' })).toEqual(['r3'])
    expect(await ids({ state: State.Review, session: 'odd' })).toEqual(
      expect.arrayContaining(['r1', 'r5', 'r7', 'r9', 'r11']),
    )
    expect(await ids({ workflow: 'other' })).toEqual([])
    expect(await ids({ status: ['completed', 'waiting'], limit: 100 })).toHaveLength(12)
    await test.close()
  })
})

describe('side by side', () => {
  it('a slow and a failing run delay no other; never more than the concurrency at once', async () => {
    let now = 0
    let most = 0
    const release: (() => void)[] = []
    const hands: Hands = {
      charge: async (_, { amount }) => {
        most = Math.max(most, ++now)
        if (amount === 0) await new Promise<void>((resolve) => release.push(resolve))
        now--
        if (amount === 1) throw Object.assign(new Error('no'), { status: 400 })
        return toReview(`${amount}`)
      },
    }
    const test = open(hands, { concurrency: 3 })
    const slow = await test.engine.start(ShopWorkflow, { amount: 0 }, { id: 'slow' })
    const runs = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        test.engine.start(ShopWorkflow, { amount: i + 1 }, { id: `r${i}` }),
      ),
    )
    const done = async () =>
      (await Promise.all(runs.map((run) => run.view()))).every(
        ({ status }) => status === 'waiting' || status === 'completed',
      )
    while (!(await done())) await new Promise((resolve) => setImmediate(resolve))
    expect((await slow.view()).status).toBe('running')
    expect(most).toBeLessThanOrEqual(3)
    release.forEach((go) => go())
    expect(await test.finish(slow)).toMatchObject({ state: State.Review })
    await test.close()
  })

  it('close aborts what runs, and leaves it to the next engine without counting it as a crash', async () => {
    const store = storeKinds(['memory'])[0]?.make(freshName())
    let aborted: unknown
    const test = open(
      {
        charge: ({ run }) =>
          new Promise(() => run.signal.addEventListener('abort', () => (aborted = run.signal.reason))),
      },
      { store },
    )
    const run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    while ((await run.view()).state !== State.Charge) await new Promise((resolve) => setImmediate(resolve))
    await test.close()
    expect(aborted).toBeInstanceOf(Error)
    const next = open(paid, { store })
    expect(await next.finish(await next.engine.get('r'))).toMatchObject({ state: State.Review })
    const types: string[] = []
    for await (const { type } of (await next.engine.get('r')).events({ follow: false })) types.push(type)
    expect(types).toEqual(['started', 'moved', 'released', 'claimed', 'moved'])
    await next.close()
  })
})

it('resume of a run that is being driven changes nothing', async () => {
  let pay: (() => void) | undefined
  const test = open({ charge: () => new Promise((resolve) => (pay = () => resolve(toReview('paid')))) })
  const run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r', session: 'ada' })
  while (!pay) await new Promise((resolve) => setImmediate(resolve))
  await Promise.all([test.engine.resume('r'), test.engine.session('ada').resume()])
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  pay()
  expect(await test.finish(run)).toMatchObject({ state: State.Review, status: 'waiting' })
  expect(test.warnings).toEqual([])
  await test.close()
})

describe('what a run shows', () => {
  it('events from a number on, and each new one until the end', async () => {
    const test = open()
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    const seen: string[] = []
    const following = (async () => {
      for await (const event of run.events({ after: 1 })) seen.push(`${event.seq} ${event.type}`)
    })()
    await test.finish(run)
    await run.signal('approve', { by: 'ada' })
    await following
    expect(seen).toEqual(['2 moved', '3 moved', '4 signalled', '5 moved', '6 moved', '7 completed'])
    await test.close()
  })

  it('events of a run that moves while they are read are all seen, with no poll to help', async () => {
    for (let round = 0; round < 20; round++) {
      const test = createTestEngine({
        workflows: [ConfiguredWorkflow],
        config: { limit: 3 },
        resources: { twice: (n) => n * 2 },
      })
      const run = await test.engine.start(ConfiguredWorkflow, {})
      const seen: string[] = []
      for await (const { type } of run.events()) {
        seen.push(type)
        for (let turn = 0; turn < round; turn++) await Promise.resolve()
      }
      expect(seen.at(-1)).toBe('completed')
      await test.close()
    }
  })

  it('a class that only shares its name with a loaded one is not started', async () => {
    enum W {
      A = 'a',
      B = 'b',
    }
    const other = states(W, { [W.A]: z.object({}), [W.B]: z.object({}) }, { initial: W.A, final: W.B })
    @other.workflow({ name: 'shop' })
    class Other {
      @other.step(W.A, { to: W.B }) a(_: Input<ShapeOf<typeof other>, W.A>) {
        return other.go(W.B, {})
      }
    }
    const test = open()
    await expect(test.engine.start(Other as never, {} as never)).rejects.toMatchObject({
      code: 'unknown-workflow',
    })
    await test.close()
  })

  it('a snapshot that XState restores, in the middle and at the end', async () => {
    const test = open()
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    await test.finish(run)
    const { chart } = test.engine.machine(ShopWorkflow)
    const persisted = JSON.parse(JSON.stringify(await run.snapshot())) as never
    const actor = createActor(chart, { snapshot: persisted }).start()
    expect(actor.getSnapshot()).toMatchObject({
      value: 'review',
      status: 'active',
      context: { data: { receipt: 'receipt 1' }, vars: { seen: ['order'] } },
    })
    actor.send({ type: 'signal.approve.ship', data: { receipt: 'x', by: 'me' } })
    expect(actor.getSnapshot()).toMatchObject({
      value: 'ship',
      context: { data: { by: 'me' }, vars: { seen: ['order'] } },
    })
    await run.signal('approve', { by: 'ada' })
    await run.result()
    expect(await run.snapshot()).toMatchObject({
      value: 'done',
      status: 'done',
      output: { receipt: 'receipt 1', by: 'ada' },
    })
    await test.close()
  })

  it('I5 a run that has ended takes no event', () => {
    const machine = compile(readDefinition(ShopWorkflow))
    const { run } = begin(
      machine,
      { id: 'r', input: { amount: 1 }, inputHash: '', vars: { seen: [] }, session: 'r', worker: 'w' },
      0,
    )
    const failed = advance(machine, run, { type: 'failed', failure: { name: 'Error', message: 'x' } }, 1).run
    for (const event of [
      { type: 'claimed', worker: 'w' },
      { type: 'recovered', worker: 'w', memos: 0 },
      { type: 'released' },
      { type: 'unparked' },
    ] as const) {
      expect(() => advance(machine, failed, event, 2)).toThrow(expect.objectContaining({ code: 'run-ended' }))
    }
    expect(Object.isFrozen(failed)).toBe(false) // a new object each time: the old one is as it was
    expect(run.status).toBe('running')
  })
})

enum Two {
  A = 'a',
  B = 'b',
}
const Configured = states(
  Two,
  { [Two.A]: z.object({}), [Two.B]: z.object({ limit: z.number(), sum: z.number(), logged: z.unknown() }) },
  {
    initial: Two.A,
    final: Two.B,
    config: z.object({ limit: z.number() }),
    resources: resources<{ twice(n: number): number }>(),
  },
)
type D = ShapeOf<typeof Configured>
@Configured.workflow({ name: 'configured' })
class ConfiguredWorkflow {
  @Configured.step(Two.A, { to: Two.B })
  async a(_: Input<D, Two.A>, { config, twice, memo, log, run }: Context<D>) {
    const both = await Promise.all([memo('k', () => twice(2)), memo('k', () => twice(50))])
    log.warn('summed', { both })
    Object.assign(this, {})
    return Configured.go(Two.B, { limit: config.limit, sum: both[0] + both[1], logged: run.idempotencyKey })
  }
}

describe('config and resources', () => {
  it('are given to handlers; a memo is made once per key, also when asked for twice at once', async () => {
    let calls = 0
    const test = createTestEngine({
      workflows: [ConfiguredWorkflow],
      config: { limit: 3 },
      resources: { twice: (n) => (calls++, n * 2) },
    })
    const run = await test.engine.start(ConfiguredWorkflow, {}, { id: 'r' })
    expect(await run.result()).toEqual({ state: Two.B, data: { limit: 3, sum: 8, logged: 'r/a/1' } })
    expect(calls).toBe(1)
    await test.close()
  })

  it('config that does not fit is refused by the first call', async () => {
    const engine = createEngine({
      workflows: [ConfiguredWorkflow],
      config: { limit: 'x' } as never,
      resources: { twice: (n) => n },
    })
    await expect(engine.start(ConfiguredWorkflow, {})).rejects.toMatchObject({
      code: 'invalid-options',
      message: expect.stringContaining('limit') as string,
    })
    await engine.close()
  })

  it.each([
    [{ concurrency: 0 }, /concurrency is 0/],
    [{ lease: 'soon' }, /lease is "soon"/],
    [{ workflows: [] }, /workflows/],
    [{ resources: { twice: () => 1, memo: 1 } }, /"memo"/],
    [{ workflows: [ConfiguredWorkflow, ConfiguredWorkflow] }, /Two workflows/],
  ])('options are checked at once: %j', (options, why) => {
    const good = {
      workflows: [ConfiguredWorkflow],
      config: { limit: 1 },
      resources: { twice: (n: number) => n },
    }
    expect(() => createEngine({ ...good, ...options } as never)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(why) as string }),
    )
  })

  it('a write to this fails the attempt, since it would be lost', async () => {
    enum W {
      A = 'a',
      B = 'b',
    }
    const writing = states(W, { [W.A]: z.object({}), [W.B]: z.object({}) }, { initial: W.A, final: W.B })
    @writing.workflow({ name: 'writing' })
    class Writing {
      count = 0
      @writing.step(W.A, { to: W.B, retry: { maxAttempts: 1 } }) a(_: Input<ShapeOf<typeof writing>, W.A>) {
        this.count++
        return writing.go(W.B, {})
      }
    }
    const test = createTestEngine({ workflows: [Writing] })
    const run = await test.engine.start(Writing, {})
    expect(await test.finish(run)).toMatchObject({ status: 'failed', failure: { name: 'TypeError' } })
    await test.close()
  })
})
