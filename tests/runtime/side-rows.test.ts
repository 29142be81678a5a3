import { describe, expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import type { AnyClass } from '../../src/definition/shape.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { encrypted } from '../../src/store/encrypted-store.ts'
import type { Collection, Store, StoredRow } from '../../src/store/store.ts'
import { fan, State, type Ctx, type Hands } from '../support/fan.ts'
import { items } from '../support/items.ts'
import { paid, ShopWorkflow } from '../support/shop.ts'
import { TripWorkflow, World } from '../support/trip.ts'

/** A run on a store, to where it rests, and its process closed. */
async function stood<W extends AnyClass>(
  workflow: W,
  input: unknown,
  resources: object,
  around: (store: Store) => Store = (store) => store,
) {
  const store = new MemoryStore()
  const open = () => createTestEngine({ workflows: [workflow], store: around(store), resources } as never)
  const test = open()
  await test.engine.start(workflow as never, input as never, { id: 'r' })
  await test.settle()
  return { store, open, test }
}

/** Cuts off the rows of a collection whose keys end so. */
async function cut(store: MemoryStore, collection: Collection, end: string): Promise<string> {
  const found: StoredRow[] = []
  for await (const page of store.rows())
    found.push(...page.filter((row) => row.collection === collection && row.key.endsWith(end)))
  expect(found).toHaveLength(1)
  const [row] = found as [StoredRow]
  await store.restore([{ ...row, value: row.value.slice(0, -3) }])
  return row.key
}

const Fan = fan('all')
/** A branch that is tried again and has saved something, and two that have ended. */
const hands = (calls: string[]): Hands => ({
  a: async ({ memo, run }: Ctx) => {
    await memo('paid', () => calls.push('pay'))
    if (run.attempt === 1) throw new Error('busy')
    return 'a'
  },
  b: () => calls.push('b'),
  source: () => 's',
})

describe('rows beside a run', () => {
  it.each([
    ['memo', 'paid', ['pay', 'b', 'pay']],
    ['part', '/b', ['pay', 'b', 'b']],
  ] as const)('I10 a damaged %s is found, taken out, and made again', async (collection, end, made) => {
    const calls: string[] = []
    const { store, open, test } = await stood(Fan, {}, { hands: hands(calls) })
    expect(await test.engine.verify('r')).toMatchObject({ ok: true, rows: 4, problems: [] })
    await test.close()
    const key = await cut(store, collection, end)
    const { engine, finish, close } = open()
    const run = await engine.get('r')
    expect(await finish(run)).toMatchObject({ status: 'corrupt' })
    const found = await engine.verify('r')
    expect(found).toMatchObject({ ok: false, rows: 4 })
    expect(found.problems).toEqual([
      {
        what: expect.stringContaining('was changed or cut off') as string,
        row: { collection, key },
        remedy: expect.stringMatching(/stepwright repair.*again, with the same idempotency key$/) as string,
      },
    ])
    const out = [{ collection, key, without: expect.stringContaining('again') as string }]
    const stands = { run: 'r', rebuilt: false, status: 'corrupt', state: State.Fan, lost: 0, out }
    expect(await engine.repair('r', { dryRun: true })).toMatchObject({ ...stands, done: false })
    expect(await engine.verify('r')).toMatchObject({ ok: false })
    expect(await engine.repair('r')).toMatchObject({ ...stands, done: true })
    expect(await engine.verify('r')).toMatchObject({ ok: true, rows: 3 })
    await engine.resume('r')
    expect(await finish(run)).toMatchObject({ status: 'completed' })
    expect(calls).toEqual(made)
    await expect(engine.repair('r')).rejects.toMatchObject({ code: 'not-possible' })
    await close()
  })

  it('I10 one that is damaged in an encrypted store is named too, and hides no others', async () => {
    const calls: string[] = []
    const around = (inner: Store) => encrypted(inner, { keys: { k: Buffer.alloc(32, 7) } })
    const { store, open, test } = await stood(Fan, {}, { hands: hands(calls) }, around)
    await test.close()
    const key = await cut(store, 'memo', 'paid')
    const { engine, finish, close } = open()
    expect(await engine.verify('r')).toMatchObject({
      rows: 4,
      problems: [{ row: { collection: 'memo', key } }],
    })
    expect(await engine.repair('r')).toMatchObject({ done: true, out: [{ key }] })
    await engine.resume('r')
    expect(await finish(await engine.get('r'))).toMatchObject({ status: 'completed' })
    expect(calls).toEqual(['pay', 'b', 'pay'])
    await close()
  })

  it('a damaged letter is taken out, and its signal can be sent again', async () => {
    const { store, test } = await stood(ShopWorkflow, { amount: 7 }, { hands: paid })
    const run = await test.engine.get('r')
    await run.signal('later' as never, {} as never)
    await test.settle()
    await cut(store, 'inbox', '')
    expect((await test.engine.verify('r')).problems).toMatchObject([{ row: { collection: 'inbox' } }])
    expect(await test.engine.repair('r')).toMatchObject({ status: 'waiting', out: [{ collection: 'inbox' }] })
    expect(await test.engine.verify('r')).toMatchObject({ ok: true, rows: 0 })
    await run.signal('approve' as never, { by: 'ada' } as never)
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    await test.close()
  })

  it('what only a person can judge is said, and stays: an item, and what is to be undone', async () => {
    const failing = { item: () => Promise.reject(new Error('busy')) }
    const map = await stood(items({ onError: 'collect' }), { count: 2 }, { hands: failing })
    await cut(map.store, 'part', '0000001')
    const trip = await stood(TripWorkflow, { to: 'Oslo' }, { world: new World() })
    await cut(trip.store, 'undo', '1')
    for (const [{ test }, collection, remedy] of [
      [map, 'part', 'an item that follows from the data of its state'],
      [trip, 'undo', 'undo by hand'],
    ] as const) {
      expect((await test.engine.verify('r')).problems).toMatchObject([
        { row: { collection }, remedy: expect.stringContaining(remedy) as string },
      ])
      await expect(test.engine.repair('r')).rejects.toMatchObject({ code: 'not-possible' })
      expect((await test.engine.verify('r')).problems).toHaveLength(1)
      await test.close()
    }
  })

  it('with a damaged document both are mended at once', async () => {
    const calls: string[] = []
    const { store, open, test } = await stood(Fan, {}, { hands: hands(calls) })
    await test.close()
    await cut(store, 'run', 'r')
    const key = await cut(store, 'memo', 'paid')
    const { engine, finish, close } = open()
    const found = await engine.verify('r')
    expect(found.problems).toMatchObject([{}, { row: { collection: 'memo', key } }])
    expect(await engine.repair('r')).toMatchObject({ rebuilt: true, status: 'paused', out: [{ key }] })
    expect(await engine.verify('r')).toMatchObject({ ok: true, problems: [] })
    expect(await finish(await engine.resume('r'))).toMatchObject({ status: 'completed' })
    expect(calls.filter((call) => call === 'pay')).toHaveLength(2)
    await close()
  })
})
