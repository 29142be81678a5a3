import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { states, type Input, type ShapeOf, type Signal } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { DyingStore } from '../support/dying-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { paid, ShopWorkflow, State, toReview, type Hands } from '../support/shop.ts'
import { resealed } from '../support/resealed.ts'
import { freshName, storeKinds } from '../support/stores.ts'

describe.each(storeKinds(['memory', 'sqlite', 'redis']))(
  'I10 documents that cannot be driven: $kind',
  (kind) => {
    it.each([
      ['cut off', (text: string) => text.slice(0, -9)],
      ['one bit flipped', (text: string) => text.replace('"status":"waiting"', '"status":"waitinG"')],
      ['with another format', (text: string) => text.replace('"format":1', '"format":99')],
      ["another run's", (_: string, other: string) => other],
      ['of a newer format', (text: string) => resealed(text.replace('"format":1', '"format":99'))],
    ])('%s: it is set aside and the others go on', async (what, damage) => {
      const store = kind.make(freshName())
      const test = createTestEngine({ workflows: [ShopWorkflow], store, resources: { hands: paid } })
      const bad = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'bad' })
      const good = await test.engine.start(ShopWorkflow, { amount: 2 }, { id: 'good' })
      await test.finish(bad)
      await test.finish(good)
      const [row, other] = await store.get('run', ['bad', 'good'])
      const value = damage(row?.value ?? '', other?.value ?? '')
      await store.write({ put: [{ collection: 'run', key: 'bad', value, expect: row?.revision ?? 0 }] })
      await expect(test.engine.get('bad')).rejects.toMatchObject({
        code: what === 'of a newer format' ? 'store-newer' : 'corrupt-document',
      })
      await test.clock.advance('49h') // its timer comes due, and a worker meets it
      await test.settle()
      expect(await good.view()).toMatchObject({ status: 'completed', state: State.Refused })
      expect(test.warnings.join()).toContain('"bad"')
      const listed = await test.engine.list()
      expect(listed.map((view) => [view.id, view.status])).toEqual([
        ['good', 'completed'],
        ['bad', 'corrupt'],
      ])
      expect(await store.list('due', { limit: 9 })).toEqual([])
      await test.close()
    })
  },
)

enum Old {
  A = 'a',
  B = 'b',
  End = 'end',
}
const Before = states(
  Old,
  { [Old.A]: z.object({}), [Old.B]: z.object({ n: z.number() }), [Old.End]: z.object({}) },
  { initial: Old.A, final: Old.End, signals: { go: z.object({}) } },
)
type BD = ShapeOf<typeof Before>
@Before.workflow({ name: 'moving' })
class BeforeWorkflow {
  @Before.step(Old.A, { to: Old.B }) a(_: Input<BD, Old.A>) {
    return Before.go(Old.B, { n: 1 })
  }
  @Before.wait(Old.B, { on: { go: Old.End } }) b(_: Signal<BD, 'go'>, _data: Input<BD, Old.B>) {
    return Before.go(Old.End, {})
  }
}
enum New {
  A = 'a',
  End = 'end',
}
const After = states(
  New,
  { [New.A]: z.object({}), [New.End]: z.object({}) },
  { initial: New.A, final: New.End, signals: { go: z.object({}) } },
)
@After.workflow({ name: 'moving' })
class AfterWorkflow {
  @After.step(New.A, { to: New.End }) a(_: Input<ShapeOf<typeof After>, New.A>) {
    return After.go(New.End, {})
  }
}
const Wider = states(
  Old,
  { [Old.A]: z.object({}), [Old.B]: z.object({ n: z.number(), unit: z.string() }), [Old.End]: z.object({}) },
  { initial: Old.A, final: Old.End, signals: { go: z.object({}) } },
)
type WD = ShapeOf<typeof Wider>
@Wider.workflow({ name: 'moving' })
class WiderWorkflow {
  @Wider.step(Old.A, { to: Old.B }) a(_: Input<WD, Old.A>) {
    return Wider.go(Old.B, { n: 1, unit: 'm' })
  }
  @Wider.wait(Old.B, { on: { go: Old.End } }) b(_: Signal<WD, 'go'>, _data: Input<WD, Old.B>) {
    return Wider.go(Old.End, {})
  }
}

describe('code that changed under a live run', () => {
  it.each([
    ['the state is gone', AfterWorkflow, /no such state is declared/],
    ['its schema refuses the data', WiderWorkflow, /unit: /],
  ])('I10 %s: parked as needs-migration, and with the old code it goes on', async (_name, changed, why) => {
    const store = new MemoryStore()
    const before = createTestEngine({ workflows: [BeforeWorkflow], store })
    const run = await before.engine.start(BeforeWorkflow, {}, { id: 'r' })
    await before.finish(run)
    await before.close()
    const after = createTestEngine({ workflows: [changed as typeof BeforeWorkflow], store })
    await after.engine.signal('r', 'go', {})
    await after.settle()
    const parked = (await after.engine.list())[0]
    expect(parked).toMatchObject({
      id: 'r',
      status: 'needs-migration',
      state: 'b',
      failure: { message: expect.stringMatching(why) as string },
    })
    await expect(after.engine.result('r')).rejects.toMatchObject({ code: 'run-parked' })
    await after.close()
    const again = createTestEngine({ workflows: [BeforeWorkflow], store })
    expect(await (await again.engine.resume('r')).result()).toEqual({ state: Old.End, data: {} })
    await again.close()
  })
})

describe('a visit whose worker dies again and again', () => {
  async function die(times: number, hands: Hands) {
    const inner = new MemoryStore()
    let clock = new TestClock()
    for (let i = 0; i < times; i++) {
      const store = new DyingStore(inner)
      const test = createTestEngine({
        workflows: [ShopWorkflow],
        store,
        clock,
        lease: '10s',
        resources: { hands },
      })
      await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
      for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
      clock = new TestClock(clock.now() + 11_000, i + 2) // this engine is never heard of again
    }
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      store: inner,
      clock,
      lease: '10s',
      resources: { hands },
    })
    await test.engine.open()
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
    return { test, view: (await test.engine.list())[0] }
  }

  it('is quarantined after five recoveries, with the reason, and can be resumed', async () => {
    let calls = 0
    const { test, view } = await die(6, {
      charge: () => (++calls > 6 ? toReview('mended') : new Promise(() => undefined)),
    })
    expect(view).toMatchObject({
      status: 'quarantined',
      state: State.Charge,
      failure: { message: expect.stringContaining('recovered 5 times') as string },
    })
    expect(calls).toBe(6)
    await test.engine.resume('r')
    await test.settle()
    expect((await test.engine.list())[0]).toMatchObject({ status: 'waiting', state: State.Review })
    await test.close()
  })

  it('is not, while each life saves something new', async () => {
    let life = 0
    const { test, view } = await die(9, {
      charge: async ({ memo }) => {
        const n = ++life
        await memo(`step ${n}`, () => n)
        return new Promise(() => undefined)
      },
    })
    expect(view).toMatchObject({ status: 'running', state: State.Charge })
    await test.close()
  })
})
