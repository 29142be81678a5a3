import { describe, expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { BatchWorkflow, Office } from '../support/batch.ts'
import { paid, ShopWorkflow } from '../support/shop.ts'
import { freshName, storeKinds } from '../support/stores.ts'

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('one thing with many runs: $kind', (kind) => {
  async function open() {
    const office = new Office()
    office.broken.add('check')
    const resources = { office, hands: paid }
    const store = kind.make(freshName())
    const test = createTestEngine({ workflows: [BatchWorkflow, ShopWorkflow], resources, store })
    for (const id of ['b1', 'b2'])
      await test.finish(await test.engine.start(BatchWorkflow, { items: [id] }, { id }))
    for (const id of ['s1', 's2', 's3'])
      await test.finish(await test.engine.start(ShopWorkflow, { amount: 1 }, { id }))
    const statuses = async () =>
      Object.fromEntries((await test.engine.list()).map(({ id, status }) => [id, status]).sort())
    return { test, engine: test.engine, office, statuses }
  }

  it('a dry run says what would be done, and does nothing', async () => {
    const { test, engine, statuses } = await open()
    const before = await statuses()
    expect(await engine.bulk('retry', {}, { dryRun: true })).toEqual([
      { id: 's3', status: 'waiting', possible: false, done: false },
      { id: 's2', status: 'waiting', possible: false, done: false },
      { id: 's1', status: 'waiting', possible: false, done: false },
      { id: 'b2', status: 'failed', possible: true, done: false },
      { id: 'b1', status: 'failed', possible: true, done: false },
    ])
    expect(await statuses()).toEqual(before)
    await test.close()
  })

  it('does it with each that fits, by the filter, with who and why', async () => {
    const { test, engine, office, statuses } = await open()
    office.broken.clear()
    const said = { as: { id: 'ada' }, reason: 'mended' }
    expect((await engine.bulk('retry', { workflow: 'batch' }, said)).every(({ done }) => done)).toBe(true)
    expect((await engine.bulk('pause', { limit: 2, status: 'waiting' })).map(({ id }) => id)).toEqual([
      's3',
      's2',
    ])
    expect(await engine.bulk('cancel', { workflow: 'shop' }, said)).toHaveLength(3)
    await test.settle()
    expect(await statuses()).toEqual({
      b1: 'completed',
      b2: 'completed',
      s1: 'cancelled',
      s2: 'cancelled',
      s3: 'cancelled',
    })
    const types: unknown[] = []
    for await (const event of (await engine.get('s1')).events()) types.push(event)
    expect(types.at(-1)).toMatchObject({ type: 'cancelled', by: { id: 'ada' }, reason: 'mended' })
    expect((await engine.bulk('terminate', {})).filter(({ possible }) => possible)).toEqual([])
    await test.close()
  })

  it('a run that is damaged, or has moved meanwhile, stops no other', async () => {
    const { test, engine, statuses } = await open()
    const { store } = engine
    const [row] = await store.get('run', ['s2'])
    await store.write({ put: [{ collection: 'run', key: 's2', value: 'x', expect: row?.revision ?? 0 }] })
    const [done] = await Promise.all([
      engine.bulk('cancel', { workflow: 'shop' }),
      (await engine.get('s1')).terminate(),
    ])
    expect(done.map(({ id }) => id)).toContain('s3')
    expect(await statuses()).toMatchObject({ s2: 'corrupt', s3: 'cancelled' })
    expect(['terminated', 'cancelled']).toContain((await statuses())['s1'])
    await test.close()
  })

  it.each([['frobnicate'], ['view'], ['signal']])('a verb that is none is refused: %s', async (verb) => {
    const { test, engine } = await open()
    await expect(engine.bulk(verb as never, {})).rejects.toMatchObject({ code: 'invalid-options' })
    await test.close()
  })
})
