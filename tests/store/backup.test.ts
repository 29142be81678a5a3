import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine, type HistoryEvent } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { backup, restore } from '../../src/store/backup.ts'
import { makeLease, writeLease } from '../../src/store/lease.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import type { Store, StoredRow } from '../../src/store/store.ts'
import { paid, ShopWorkflow } from '../support/shop.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const dir = mkdtempSync(join(tmpdir(), 'stepwright-backup-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const fresh = (ending = '.zst'): string => join(dir, freshName() + ending)

const kinds = storeKinds()
const pairs = kinds.flatMap((from) => kinds.map((to) => ({ from, to, name: `${from.kind} to ${to.kind}` })))

async function opened(store: Store): Promise<Store> {
  await store.open()
  return store
}

async function rowsOf(store: Store): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const page of store.rows()) rows.push(...page)
  return rows.sort((a, b) => (`${a.collection} ${a.key}` < `${b.collection} ${b.key}` ? -1 : 1))
}

/** Orders in the middle: one waits for its next attempt, one for a signal that is in its inbox, one has an end in two days. */
async function begin(store: Store, clock: TestClock, charged: string[]): Promise<void> {
  let failing = true
  const hands = {
    charge: (context: Parameters<typeof paid.charge>[0], input: { amount: number }) => {
      charged.push(context.run.idempotencyKey)
      if (input.amount === 2 && failing) {
        failing = false
        throw new Error('the till is closed')
      }
      return paid.charge(context, input)
    },
  }
  const test = createTestEngine({ workflows: [ShopWorkflow], store, clock, resources: { hands } })
  const note = 'n'.repeat(5_000) // a piece of its own
  for (const [id, amount] of [
    ['waits', 1],
    ['fails', 2],
    ['expires', 3],
  ] as const)
    await test.engine.start(ShopWorkflow, { amount, note }, { id, session: 'ada' })
  await test.settle()
  await test.close()
  const idle = createTestEngine({
    workflows: [ShopWorkflow],
    store: store,
    clock,
    worker: false,
    resources: { hands },
  })
  await idle.engine.signal('waits', 'approve', { by: 'ada' }, { id: 's1' })
  await idle.close()
}

async function finish(store: Store, clock: TestClock, charged: string[]): Promise<unknown> {
  const hands = {
    charge: (context: Parameters<typeof paid.charge>[0], input: { amount: number }) => {
      charged.push(context.run.idempotencyKey)
      return paid.charge(context, input)
    },
  }
  const test = createTestEngine({ workflows: [ShopWorkflow], store, clock, resources: { hands } })
  const again = await test.engine
    .signal('waits', 'approve', { by: 'ada' }, { id: 's1' })
    .catch(() => ({ duplicate: 'ended' }))
  const views = []
  for (const id of ['waits', 'fails', 'expires']) {
    const run = await test.engine.get(id)
    await test.finish(run)
    for (let i = 0; i < 10 && (await run.view()).status === 'waiting'; i++) await test.skip()
    views.push(await run.view())
  }
  const events: HistoryEvent[] = []
  for await (const event of (await test.engine.get('waits')).events()) events.push(event)
  await test.close()
  return {
    views: views.map(({ id, status, state, data, visits }) => ({ id, status, state, data, visits })),
    again,
    approved: events.filter(({ type }) => type === 'signalled').length,
    note: (events[0] as { data?: { note?: string } }).data?.note?.length,
  }
}

describe.each(pairs)('backup and restore: $name', ({ from, to }) => {
  it('a restored store goes on: timers, signals, retries, each once', { timeout: 10_000 }, async () => {
    const clock = new TestClock()
    const charged: string[] = []
    const source = from.make(freshName())
    await begin(source, clock, charged)
    const file = fresh()
    const name = freshName()
    const copy = await opened(to.make(name))
    const reading = await opened(source)
    const made = await backup(reading, file)
    expect(made).toMatchObject({ store: from.kind, collections: { run: 3, inbox: 1, seen: 1 } })
    expect(made.collections.worker).toBeUndefined()
    expect(await restore(copy, file)).toEqual(made)
    expect(await rowsOf(copy)).toEqual(await rowsOf(reading))
    await reading.close()
    await copy.close()
    expect(await finish(to.make(name), clock, charged)).toEqual({
      views: [
        {
          id: 'waits',
          status: 'completed',
          state: 'done',
          data: { receipt: 'receipt 1', by: 'ada' },
          visits: { order: 1, charge: 1, review: 1, ship: 1, done: 1 },
        },
        {
          id: 'fails',
          status: 'completed',
          state: 'refused',
          data: { reason: 'nobody looked at receipt 2' },
          visits: { order: 1, charge: 1, review: 1, refused: 1 },
        },
        {
          id: 'expires',
          status: 'completed',
          state: 'refused',
          data: { reason: 'nobody looked at receipt 3' },
          visits: { order: 1, charge: 1, review: 1, refused: 1 },
        },
      ],
      again: expect.anything(),
      approved: 1,
      note: 5_000,
    })
    expect(charged.sort()).toEqual(['expires/charge/1', 'fails/charge/1', 'fails/charge/1', 'waits/charge/1'])
  })
})

it('from SQLite to Redis and back, to the letter', async () => {
  const sqlite = kinds.find(({ kind }) => kind === 'sqlite')
  const redis = kinds.find(({ kind }) => kind === 'redis')
  if (!sqlite || !redis) return
  const first = sqlite.make(freshName())
  await begin(first, new TestClock(), [])
  const [there, back] = [await opened(redis.make(freshName())), await opened(sqlite.make(freshName()))]
  const [out, home] = [fresh('.gz'), fresh('')]
  await opened(first)
  await backup(first, out)
  await restore(there, out)
  await backup(there, home)
  await restore(back, home)
  expect(await rowsOf(back)).toEqual(await rowsOf(first))
  await Promise.all([first.close(), there.close(), back.close()])
})

describe('the file', () => {
  async function sample(ending: string): Promise<string> {
    const store = new MemoryStore()
    await begin(store, new TestClock(), [])
    const file = fresh(ending)
    await backup(store, file)
    return file
  }

  it.each(['', '.gz', '.zst'])(
    'cut anywhere, or with any byte changed, is refused before anything is written: "%s"',
    { timeout: 10_000 },
    async (ending) => {
      const file = await sample(ending)
      const whole = readFileSync(file)
      const broken = fresh(ending)
      const store = new MemoryStore()
      const refused = async (bytes: Buffer, where: string): Promise<void> => {
        writeFileSync(broken, bytes)
        await expect(restore(store, broken), where).rejects.toMatchObject({ code: 'invalid-backup' })
        expect(await rowsOf(store), where).toEqual([])
      }
      const step = Math.max(1, Math.floor(whole.length / 60))
      for (let length = 0; length < whole.length - 1; length += step)
        await refused(whole.subarray(0, length), `cut at ${length}`)
      for (let at = 10; at < whole.length - 1; at += step) {
        const changed = Buffer.from(whole)
        changed[at] = (changed[at] as number) ^ 4
        await refused(changed, `changed at ${at}`)
      }
    },
  )

  it('is packed by its ending, private, and complete or not there', async () => {
    const [plain, gz, zst] = [await sample(''), await sample('.gz'), await sample('.zst')]
    expect(readFileSync(plain, 'utf8').split('\n')[0]).toMatch(
      /^\{"backup":"stepwright","format":1,"date":"2.*","store":"memory"\}$/,
    )
    for (const packed of [gz, zst]) expect(statSync(packed).size).toBeLessThan(statSync(plain).size / 2)
    expect(statSync(plain).mode & 0o077).toBe(0)
    const failing = new MemoryStore()
    failing.rows = async function* () {
      yield [{ collection: 'run', key: 'a', revision: 1, value: '1' }]
      throw new Error('the disk is gone')
    }
    const file = fresh()
    await expect(backup(failing, file)).rejects.toThrow('the disk is gone')
    expect(readdirSync(dir).filter((name) => file.endsWith(name.split('.')[0] ?? ''))).toEqual([])
    await expect(backup(new MemoryStore(), plain)).rejects.toMatchObject({ code: 'invalid-options' })
    await backup(new MemoryStore(), plain, { replace: true })
    await expect(backup(new MemoryStore(), join(dir, 'none', 'x'))).rejects.toMatchObject({
      code: 'invalid-options',
    })
    await expect(restore(new MemoryStore(), join(dir, 'none'))).rejects.toMatchObject({
      code: 'invalid-options',
    })
    truncateSync(zst, 0)
    await expect(restore(new MemoryStore(), zst)).rejects.toMatchObject({ code: 'invalid-backup' })
  })
})

describe.each(kinds)('a store that is not at rest: $kind', (kind) => {
  it('only an empty one is filled, unless it is to be replaced', async () => {
    const source = new MemoryStore()
    await begin(source, new TestClock(), [])
    const file = fresh()
    await backup(source, file)
    const store = await opened(kind.make(freshName()))
    await store.write({
      put: [
        { collection: 'session', key: 'mine', value: '1' },
        { collection: 'due', key: '0/x/y', value: '{}' },
      ],
    })
    await expect(restore(store, file)).rejects.toMatchObject({ code: 'store-not-empty' })
    expect(await rowsOf(store)).toHaveLength(2)
    await restore(store, file, { replace: true })
    expect(await rowsOf(store)).toEqual(await rowsOf(source))
    await store.close()
  })

  it('with a live worker it is not restored, and backed up where that is of one moment', async () => {
    const store = await opened(kind.make(freshName()))
    const file = fresh()
    await backup(store, file)
    await writeLease(store, makeLease('w1', Date.now() + 60_000))
    await expect(restore(store, file)).rejects.toMatchObject({
      code: 'store-in-use',
      details: { workers: ['w1'] },
    })
    if (!store.snapshots) await expect(backup(store, fresh())).rejects.toMatchObject({ code: 'store-in-use' })
    await backup(store, fresh(), { live: true })
    await writeLease(store, makeLease('w1', Date.now() - 1))
    await restore(store, file)
    await store.close()
  })
})

it('SQLite: a backup is of one moment, while engines write', { timeout: 30_000 }, async () => {
  const store = new SqliteStore(join(dir, `${freshName()}.db`), { synchronous: 'normal' })
  const engine = createEngine({ workflows: [ShopWorkflow], store, resources: { hands: paid } })
  await engine.open()
  let going = true
  const writing = (async () => {
    for (let i = 0; going && i < 200; i++) {
      await engine.start(ShopWorkflow, { amount: i, note: 'n'.repeat(2_000) }, { id: `r${i}` })
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return true
  })()
  for (let i = 0; i < 5; i++) {
    const file = fresh()
    await backup(engine.store, file)
    const copy = new MemoryStore()
    await restore(copy, file)
    const check = createTestEngine({
      workflows: [ShopWorkflow],
      store: copy,
      worker: false,
      resources: { hands: paid },
    })
    const runs = await check.engine.list({ limit: 1e6 })
    const rows = await rowsOf(copy)
    if (i === 4) expect(runs.length).toBeGreaterThan(0)
    expect(runs.filter(({ status }) => status === 'corrupt')).toEqual([]) // no document without its pieces
    expect(runs.length).toBe(rows.filter(({ collection }) => collection === 'run').length)
    await check.close()
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  going = false
  expect(await writing).toBe(true)
  await engine.close()
})
