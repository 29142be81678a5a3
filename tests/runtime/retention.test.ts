import { describe, expect, it, vi } from 'vitest'
import { createTestEngine, TestClock, type TestEngine } from 'stepwright/testing'
import type { Collection, Store } from '../../src/store/store.ts'
import { ArchiveWorkflow } from '../support/archive.ts'
import { DyingStore } from '../support/dying-store.ts'
import { family, KidWorkflow } from '../support/family.ts'
import { pass } from '../support/passing.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const kinds = storeKinds(['memory', 'sqlite', 'redis'])
const DAY = 864e5
type Test = TestEngine<typeof ArchiveWorkflow>

function open(store: Store, clock = new TestClock(), options: object = {}): Test {
  return createTestEngine({ workflows: [ArchiveWorkflow], store, clock, ...options })
}

type Counts = { [C in Collection]?: number }

async function rowsIn(store: Store): Promise<Counts> {
  const counts: Counts = {}
  for await (const page of store.rows())
    for (const { collection } of page) counts[collection] = (counts[collection] ?? 0) + 1
  const { worker: _w, definition: _d, ...rest } = counts
  return rest
}

/** A run through some rounds, each with a signal of an id of its own, and to its end. */
async function archived(test: Test, id: string, rounds = 3, last: 'stop' | 'none' = 'stop'): Promise<void> {
  const run = await test.engine.start(ArchiveWorkflow, { rounds: 0 }, { id, session: `of ${id}` })
  for (let i = 0; i < rounds; i++) {
    await test.settle()
    await run.signal('again', { note: 'n' }, { id: `s${i}` })
  }
  await test.settle()
  if (last === 'stop') await run.signal('stop', {})
  await test.settle()
}

describe.each(kinds)('retention: $kind', (kind) => {
  it('removes an ended run with all that belongs to it, and nothing else', async () => {
    const store = kind.make(freshName())
    const test = open(store)
    await archived(test, 'kept', 2, 'none')
    const before = await rowsIn(store)
    await archived(test, 'gone', 12)
    const session = (await test.engine.session('of gone').state()) as { log: string }
    const full = await rowsIn(store)
    for (const name of ['piece', 'part', 'undo', 'seen', 'reply', 'token', 'callback'] as const)
      expect(full[name], name).toBeGreaterThan(before[name] ?? 0)
    expect(await test.engine.prune({ after: '1h' })).toEqual({ dryRun: false, runs: [], rows: 0 })
    const dry = await test.engine.prune({ after: 0, dryRun: true })
    expect(dry.runs).toMatchObject([{ id: 'gone', workflow: 'archive', status: 'completed' }])
    expect(await rowsIn(store)).toEqual(full)
    expect((await test.engine.prune({ after: 0 })).runs).toEqual(dry.runs)
    const { session: sessions, piece: pieces = 0, ...after } = await rowsIn(store)
    const { session: _, piece: piecesBefore = 0, ...same } = before
    expect(after).toEqual(same)
    expect(sessions).toBe(2)
    expect(pieces - piecesBefore).toBe(1) // that of the session, which is not the run's
    expect(await test.engine.session('of gone').state()).toEqual(session)
    await expect(test.engine.get('gone')).rejects.toMatchObject({ code: 'unknown-run' })
    const kept = await test.engine.get('kept')
    await kept.signal('stop', {})
    expect((await test.finish(kept)).status).toBe('completed')
    await archived(test, 'gone', 1) // the id is free again
    expect(await (await test.engine.get('gone')).view()).toMatchObject({
      status: 'completed',
      visits: { load: 2 },
    })
    await test.close()
  })

  it('a crash at any write leaves nothing that breaks, and the next prune finishes it', async () => {
    const prepare = async (store: Store, clock: TestClock): Promise<void> => {
      const test = open(store, clock)
      await archived(test, 'gone', 4)
      await (await test.engine.get('gone')).fork({ id: 'fork', from: 1 })
      await test.settle()
      await archived(test, 'live', 2, 'none')
      await test.close()
    }
    const clock = new TestClock()
    const calm = kind.make(freshName())
    await prepare(calm, clock)
    const test = open(calm, clock, { worker: false })
    await test.engine.prune({ after: 0 })
    const clean = await rowsIn(calm)
    expect(clean.run).toBe(2)
    await test.close()
    for (const lands of [false, true])
      for (let at = 2; ; at++) {
        const name = freshName()
        await prepare(kind.make(name), clock)
        const dying = new DyingStore(kind.make(name), at, lands)
        const first = open(dying, clock, { worker: false })
        const done = await Promise.race([first.engine.prune({ after: 0 }).then(() => 'done'), dying.died])
        await dying.close().catch(() => undefined)
        const next = open(kind.make(name), clock)
        await next.settle()
        const where = `write ${at}, lands: ${lands}`
        for (const view of await next.engine.list()) expect(view.status, where).toMatch(/waiting|completed/)
        await next.engine.prune({ after: 0 })
        expect(await rowsIn(next.engine.store), where).toEqual(clean)
        for (const id of ['fork', 'live']) {
          const run = await next.engine.get(id)
          expect((await run.events({ follow: false } as never).next()).done, where).toBe(false)
          await run.signal('stop' as never, {} as never)
          expect(await next.finish(run), where).toMatchObject({ status: 'completed' })
        }
        await next.close()
        if (done === 'done') break
      }
  })

  it('two that prune at once remove each run once', async () => {
    const name = freshName()
    const clock = new TestClock()
    const test = open(kind.make(name), clock)
    for (let i = 0; i < 5; i++) await archived(test, `r${i}`, 1)
    const others = [test, open(kind.make(name), clock, { worker: false })]
    const reports = await Promise.all(others.map(({ engine }) => engine.prune({ after: 0 })))
    expect(reports.flatMap(({ runs }) => runs.map(({ id }) => id)).sort()).toEqual([
      'r0',
      'r1',
      'r2',
      'r3',
      'r4',
    ])
    expect(await rowsIn(test.engine.store)).toMatchObject({ session: 5 })
    expect((await rowsIn(test.engine.store)).run).toBeUndefined()
    for (const { close } of others) await close()
  })
})

describe('which runs go', () => {
  const ids = async (test: Test, options: Parameters<Test['engine']['prune']>[0]): Promise<string[]> =>
    (await test.engine.prune({ dryRun: true, ...options })).runs.map(({ id }) => id)

  it('by age, count, status and workflow', async () => {
    const test = open(kinds[0]?.make(freshName()) as Store)
    for (const id of ['a', 'b', 'c', 'd']) {
      await archived(test, id, 0)
      await pass(test, DAY)
    }
    await archived(test, 'live', 0, 'none')
    const stopped = await test.engine.start(ArchiveWorkflow, { rounds: 0 }, { id: 'stopped' })
    await test.settle()
    await stopped.terminate()
    await test.settle()
    expect(await ids(test, {})).toEqual([])
    expect(await ids(test, { after: '2d' })).toEqual(['c', 'b', 'a'])
    expect(await ids(test, { after: '60h' })).toEqual(['b', 'a'])
    expect(await ids(test, { keep: 3 })).toEqual(['b', 'a'])
    expect(await ids(test, { keep: 3, statuses: ['completed'] })).toEqual(['a'])
    expect(await ids(test, { keep: 0, statuses: ['terminated'] })).toEqual(['stopped'])
    expect(await ids(test, { after: '60h', keep: 4 })).toEqual(['a'])
    expect(await ids(test, { keep: 0, workflow: 'other' })).toEqual([])
    for (const wrong of [{ keep: -1 }, { keep: 1.5 }, { after: 'soon' }, { statuses: ['waiting'] }])
      await expect(test.engine.prune(wrong as never)).rejects.toMatchObject({ code: 'invalid-options' })
    expect(() =>
      open(kinds[0]?.make(freshName()) as Store, new TestClock(), { retention: { keep: -1 } }),
    ).toThrow('keep is -1')
    await test.close()
  })

  it('a child stays while its parent may ask for it', async () => {
    const Parent = family()
    const store = kinds[0]?.make(freshName()) as Store
    const hands = { work: (n: number) => (n === 1 ? 'wait' : 'done') }
    const options = { workflows: [Parent, KidWorkflow], store, resources: { hands } }
    const test = createTestEngine(options as never) as TestEngine<typeof KidWorkflow>
    const start = test.engine.start.bind(test.engine) as (
      ...args: readonly unknown[]
    ) => Promise<{ id: string }>
    await start(Parent, { way: 'many', count: 3 }, { id: 'p' })
    await test.settle()
    const kids = await test.engine.list({ workflow: 'kid' })
    expect(kids.map(({ status }) => status).sort()).toEqual(['completed', 'completed', 'waiting'])
    expect((await test.engine.prune({ after: 0 })).runs).toEqual([])
    await test.engine.signal(kids.find(({ status }) => status === 'waiting')?.id ?? '', 'finish', {
      value: 5,
    })
    expect(await test.finish(await test.engine.get('p'))).toMatchObject({ status: 'completed' })
    const gone = (await test.engine.prune({ after: 0 })).runs.map(({ workflow }) => workflow)
    expect(gone.sort()).toEqual(['family', 'kid', 'kid', 'kid'])
    expect(Object.keys(await rowsIn(store))).toEqual([])
    await test.close()
  })
})

describe.each(kinds)('of runs that go on: $kind', (kind) => {
  it('ids, answers, tokens and parts that nothing needs any more are swept', async () => {
    const store = kind.make(freshName())
    const test = open(store)
    await archived(test, 'live', 3, 'none')
    const before = await rowsIn(store)
    expect(before).toMatchObject({ seen: 3, reply: 3, undo: 8, part: 12, callback: 3, token: 3 })
    expect((await test.engine.prune({ seen: '30d' })).rows).toBe(0) // all visits can be undone
    await pass(test, 31 * DAY)
    expect((await test.engine.prune({})).rows).toBe(6)
    const { seen: _s, reply: _r, ...rest } = before
    expect(await rowsIn(store)).toEqual(rest)
    const undo = await store.list('undo', { limit: 99, values: true })
    const second = undo.find(({ value }) => value?.includes('"state":"items","visit":2'))
    await store.write({ delete: [{ collection: 'undo', key: second?.key ?? '', must: true }] })
    expect((await test.engine.prune({})).rows).toBe(3)
    const visits = (await store.list('part', { limit: 99 })).map(({ key }) =>
      key.split('/').slice(1, 3).join('/'),
    )
    expect([...new Set(visits)]).toEqual(['items/1', 'items/3', 'items/4'])
    const run = await test.engine.get('live')
    await run.signal('stop', {})
    expect((await test.finish(run)).status).toBe('completed')
    await test.close()
  })

  it('workers do it in the background', async () => {
    const store = kind.make(freshName())
    const clock = new TestClock()
    const test = open(store, clock, { retention: { after: '2d' } })
    await archived(test, 'a', 1)
    await pass(test, 61_000)
    expect(await test.engine.list()).toHaveLength(1)
    await pass(test, 2 * DAY)
    await vi.waitFor(
      async () => {
        await pass(test, DAY / 12)
        expect(await test.engine.list()).toHaveLength(0)
      },
      { timeout: 5_000 },
    )
    await test.close()
  })
})
