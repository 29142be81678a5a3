import { describe, expect, it } from 'vitest'
import { createTestEngine, type TestEngine } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { plainSeal } from '../../src/store/seal.ts'
import type { StoredRow } from '../../src/store/store.ts'
import { TripWorkflow, World } from '../support/trip.ts'

interface Scene {
  readonly store: MemoryStore
  readonly world: World
  readonly test: TestEngine<typeof TripWorkflow>
}

/** A run that waits to be confirmed after forty legs, or has gone to its end. */
async function scene({ pays = true, confirmed = false, key = '', legs = 40 } = {}): Promise<Scene> {
  const store = new MemoryStore()
  const world = new World()
  if (!pays) world.fail('pay')
  const historyKey = key === '' ? {} : { historyKey: key }
  const test = createTestEngine({ workflows: [TripWorkflow], store, resources: { world }, ...historyKey })
  const run = await test.engine.start(TripWorkflow, { to: 'Oslo', legs }, { id: 'r' })
  if (confirmed) await run.signal('confirm', {})
  await test.finish(run)
  world.take()
  return { store, world, test }
}

async function rowsOf(store: MemoryStore, fits: (row: StoredRow) => boolean): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const page of store.rows()) rows.push(...page.filter(fits))
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1))
}

const segmentsIn = (store: MemoryStore) =>
  rowsOf(store, ({ collection, value }) => collection === 'piece' && value.includes('"run":"r"'))

async function change(store: MemoryStore, change: (text: string) => string): Promise<void> {
  const [row] = (await rowsOf(store, ({ collection }) => collection === 'run')) as [StoredRow]
  await store.restore([{ ...row, value: change(row.value) }])
}

const cutHead = (text: string): string => text.slice(0, 200)

describe('repair', () => {
  it('does what came after the last segment again, with the same keys, and nothing before it', async () => {
    const { store, world, test } = await scene()
    await change(store, cutHead)
    const report = await test.engine.repair('r')
    expect(report).toMatchObject({ run: 'r', done: true, status: 'paused' })
    expect(report).not.toHaveProperty('lost')
    const run = await test.engine.resume('r')
    await test.settle()
    await run.signal('confirm', {})
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    const calls = world.take()
    expect(calls.some((call) => call.startsWith('flight'))).toBe(report.state === 'flight')
    expect(calls).toContain('pay r/pay/1')
    expect(await test.engine.verify('r')).toMatchObject({ ok: true })
    await test.close()
  })

  it('loses nothing where only a number in the head was changed', async () => {
    const { store, test } = await scene()
    const before = await (await test.engine.get('r')).view()
    await change(store, (text) => text.replace(/"attempt":\d/, '"attempt":9'))
    expect(await test.engine.repair('r')).toMatchObject({ lost: 0, state: before.state })
    const after = await (await test.engine.get('r')).view()
    const same = ['state', 'data', 'vars', 'visits', 'since', 'session', 'undoable', 'createdAt'] as const
    for (const field of same) expect(after[field], field).toEqual(before[field])
    const types: string[] = []
    for await (const { type } of (await test.engine.get('r')).events({ follow: false })) types.push(type)
    expect(types.at(-1)).toBe('repaired')
    await test.close()
  })

  it('a run that had ended has ended, and nothing of it is done again', async () => {
    const { store, world, test } = await scene({ confirmed: true })
    await change(store, (text) => text.replace(/"attempt":\d/, '"attempt":9'))
    expect(await test.engine.repair('r')).toMatchObject({ status: 'completed', state: 'done', lost: 0 })
    await test.settle()
    expect(await (await test.engine.get('r')).result()).toMatchObject({ data: { to: 'Oslo' } })
    expect(world.take()).toEqual([])
    await test.close()
  })

  it('says what a head that is whole says of what is lost', async () => {
    const { store, test } = await scene({ confirmed: true })
    await change(store, (text) => text.slice(0, text.lastIndexOf(',"tail":[')))
    const report = await test.engine.repair('r', { dryRun: true })
    expect(report).toMatchObject({ done: false, was: { status: 'completed', state: 'done' } })
    expect(report.lost).toBeGreaterThan(0)
    await expect(test.engine.get('r')).rejects.toMatchObject({ code: 'corrupt-document' })
    await test.close()
  })

  it('goes on undoing where that had begun in what is lost, and undoes nothing twice', async () => {
    const { store, world, test } = await scene()
    const undo = await rowsOf(store, ({ collection }) => collection === 'undo')
    const flights = undo.length - 3 // besides those: extras, papers, hotel
    await store.write({ delete: undo.slice(2) })
    await change(store, cutHead)
    expect(await test.engine.repair('r')).toMatchObject({ status: 'paused' })
    expect(await test.engine.verify('r')).toMatchObject({ ok: true })
    const run = await test.engine.resume('r')
    expect(await test.finish(run)).toMatchObject({ status: 'compensated' })
    expect(flights).toBeGreaterThan(30)
    expect(world.take()).toEqual(['-flight r/flight/2/undo', '-flight r/flight/1/undo'])
    await test.close()
  })

  it('drops what was noted down to be undone after the history that is left', async () => {
    const { store, world, test } = await scene({ pays: false })
    const segments = await segmentsIn(store)
    await store.write({ delete: segments.slice(1) })
    await change(store, cutHead)
    expect(await test.engine.repair('r')).toMatchObject({ state: 'flight', upTo: 1 })
    expect(await rowsOf(store, ({ collection }) => collection === 'undo')).toEqual([])
    const run = await test.engine.resume('r')
    await test.settle()
    await run.signal('confirm', {})
    expect(await test.finish(run)).toMatchObject({ status: 'compensated' })
    const calls = world.take()
    expect(calls.filter((call) => call.startsWith('flight'))).toHaveLength(40)
    expect(calls.filter((call) => call.startsWith('-flight'))).toHaveLength(40)
    await test.close()
  })

  it('goes back to where all values can be read', async () => {
    const store = new MemoryStore()
    const world = new World()
    const test = createTestEngine({ workflows: [TripWorkflow], store, resources: { world } })
    const run = await test.engine.start(TripWorkflow, { to: 'x'.repeat(2_000), legs: 90 }, { id: 'r' })
    await test.settle()
    const [piece] = (await rowsOf(store, ({ value }) => value.startsWith('"xx'))) as [StoredRow]
    await store.write({ delete: [piece] })
    await expect(run.view()).rejects.toMatchObject({ code: 'corrupt-document' })
    await expect(test.engine.repair('r')).rejects.toMatchObject({
      code: 'corrupt-document',
      message: expect.stringContaining('Nothing is left of the history') as string,
    })
    await store.restore([piece])
    const segments = await segmentsIn(store)
    expect(segments.length).toBeGreaterThan(2)
    await store.write({ delete: segments.slice(-1) })
    await change(store, cutHead)
    const { upTo } = await test.engine.repair('r')
    expect(upTo).toBeGreaterThan(1)
    expect((await test.engine.verify('r')).problems).toEqual([])
    await test.close()
  })

  it('with a key, takes nothing that was not signed with it', async () => {
    const { store, test } = await scene({ key: 'ours' })
    const segments = await segmentsIn(store)
    const last = segments.at(-1) as StoredRow
    const body = last.value.slice(last.value.indexOf(',') + 1, -1).replaceAll('Oslo', 'Rome')
    await store.restore([{ ...last, value: `{${plainSeal.mark(body)},${body}}` }])
    await change(store, cutHead)
    const { upTo } = await test.engine.repair('r')
    const { entries } = JSON.parse(last.value) as { entries: { seq: number }[] }
    expect(upTo).toBe((entries[0]?.seq ?? 0) - 1)
    expect(await (await test.engine.get('r')).view()).toMatchObject({ data: { to: 'Oslo' } })
    expect(await test.engine.verify('r')).toMatchObject({ ok: true, signed: true })
    await test.close()
  })

  it('a run that can be read is refused, and one that is not there', async () => {
    const { test } = await scene({ legs: 1 })
    await expect(test.engine.repair('r')).rejects.toMatchObject({ code: 'not-possible' })
    await expect(test.engine.repair('none')).rejects.toMatchObject({ code: 'unknown-run' })
    await test.close()
  })
})
