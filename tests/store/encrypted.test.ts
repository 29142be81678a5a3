import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { backup, encrypted, restore, type EncryptionOptions, type Keys, type RowOwner } from 'stepwright'
import { createTestEngine, TestClock, type TestEngine } from 'stepwright/testing'
import { readKeys } from '../../src/store/key-ring.ts'
import { makeLease, writeLease } from '../../src/store/lease.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import type { Store, StoredRow } from '../../src/store/store.ts'
import { ArchiveWorkflow } from '../support/archive.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const dir = mkdtempSync(join(tmpdir(), 'stepwright-encrypted-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const key = (byte: number): Uint8Array => Buffer.alloc(32, byte)
const [k1, k2]: readonly Keys[] = [{ k1: key(1) }, { k2: key(2), k1: key(1) }]
const MARKER = 'payload-marker'

type Test = TestEngine<typeof ArchiveWorkflow>
const open = (store: Store, clock = new TestClock()): Test =>
  createTestEngine({ workflows: [ArchiveWorkflow], store, clock })

/** A run that leaves something in every collection, and waits. */
async function begin(test: Test, id = MARKER.slice(0, 3), session = 'ses'): Promise<void> {
  const run = await test.engine.start(ArchiveWorkflow, { rounds: 0, texts: [MARKER] }, { id, session })
  for (let i = 0; i < 2; i++) {
    await test.settle()
    await run.signal('again', { note: MARKER }, { id: `s${i}` })
  }
  await test.settle()
}

async function end(test: Test, id = MARKER.slice(0, 3)): Promise<unknown> {
  const run = await test.engine.get(id)
  await run.signal('stop', {})
  const { status, data } = await test.finish(run)
  return { status, first: (data as { texts?: string[] }).texts?.[0] }
}
const ended = { status: 'completed', first: MARKER }

async function rowsOf(store: Store): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const page of store.rows()) rows.push(...page)
  return rows
}

const bytesOnDisk = (): string =>
  readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), 'latin1'))
    .join('\n')

it('no byte of a payload is in the SQLite file, its log, or a backup', async () => {
  const plain = open(new SqliteStore(join(dir, 'plain.db')))
  await begin(plain)
  expect(bytesOnDisk()).toContain(MARKER) // the search would find it
  await plain.close()
  for (const name of readdirSync(dir)) rmSync(join(dir, name))
  const store = encrypted(new SqliteStore(join(dir, 'sealed.db')), { keys: k1 as Keys })
  const test = open(store)
  await begin(test)
  await backup(store, join(dir, 'backup.jsonl'))
  expect(readdirSync(dir).sort()).toEqual(['backup.jsonl', 'sealed.db', 'sealed.db-shm', 'sealed.db-wal'])
  expect(bytesOnDisk()).not.toContain(MARKER)
  expect(bytesOnDisk()).not.toContain(Buffer.from(MARKER).toString('base64').slice(1, -3))
  const copy = encrypted(new MemoryStore(), { keys: k1 as Keys })
  await restore(copy, join(dir, 'backup.jsonl'))
  await test.close()
  expect(bytesOnDisk()).not.toContain(MARKER)
  const again = open(copy)
  expect(await end(again)).toEqual(ended)
  await again.close()
})

describe.each(storeKinds())('encryption: $kind', (kind) => {
  const over = (name: string, options: Partial<EncryptionOptions> = {}) =>
    encrypted(kind.make(name), { keys: k1 as Keys, ...options })

  it('keys rotate: new rows have the new one, old ones are read, and are encrypted anew by rekey', async () => {
    const [name, clock] = [freshName(), new TestClock()]
    const first = open(over(name), clock)
    await begin(first)
    await first.close()
    const both = over(name, { keys: k2 as Keys })
    const second = open(both, clock)
    await begin(second, 'new')
    expect(await end(second)).toEqual(ended)
    const used = async (): Promise<string[]> =>
      [
        ...new Set((await rowsOf(both)).flatMap(({ value }) => /^\{"aes":"(\w+)"/.exec(value)?.[1] ?? [])),
      ].sort()
    expect(await used()).toEqual(['k1', 'k2'])
    await writeLease(both, makeLease('w', Date.now() + 60_000))
    await expect(both.rekey()).rejects.toMatchObject({ code: 'store-in-use' })
    await second.close()
    await both.open()
    await writeLease(both, makeLease('w', 0))
    expect(await both.rekey()).toBeGreaterThan(10)
    expect(await both.rekey()).toBe(0)
    expect(await used()).toEqual(['k2'])
    await both.close()
    const last = open(over(name, { keys: { k2: key(2) } }), clock)
    expect(await end(last, 'new')).toEqual(ended)
    await last.close()
  })

  it('I10 without its key a run is set aside, with the reason, and harms no other', async () => {
    const [name, clock] = [freshName(), new TestClock()]
    const keyFor = ({ run, session }: RowOwner): string => ((run ?? session)?.startsWith('b') ? 'tb' : 'ta')
    const keys = { ta: key(3), tb: key(4) }
    const first = open(over(name, { keys, keyFor }), clock)
    await begin(first, 'a', 'as')
    await begin(first, 'b', 'bs')
    const rows = (await rowsOf(first.engine.store)).filter(({ value }) => value.startsWith('{"aes"'))
    const owner = (value: string): string => /"of":"\w+ (\w)/.exec(value)?.[1] ?? ''
    for (const { key: at, collection, value } of rows)
      expect(value, `${collection} ${at}`).toContain(
        `"aes":"t${collection === 'piece' ? owner(value) : at[0]}"`,
      )
    await first.engine.signal('b', 'stop', {})
    await first.close()
    const half = open(over(name, { keys: { ta: key(3) }, keyFor: () => 'ta' }), clock)
    await half.engine.signal('a', 'again', { note: '' })
    await half.settle()
    expect(await end(half, 'a')).toEqual(ended)
    await expect(half.engine.get('b')).rejects.toMatchObject({ code: 'key-missing' })
    expect((await half.engine.list()).map(({ id, failure }) => [id, failure?.message])).toEqual([
      ['b', expect.stringContaining('encrypted with the key "tb", which is not here')],
      ['a', undefined],
    ])
    await half.close()
    const whole = open(over(name, { keys, keyFor }), clock)
    expect(await (await whole.engine.get('b')).view()).toMatchObject({ workflow: 'archive' }) // nothing of it was changed
    await whole.engine.resume('b')
    expect(await whole.finish(await whole.engine.get('b'))).toMatchObject({ status: 'completed' })
    await whole.close()
  })

  it('a row that was changed, or put in the place of another, is found out', async () => {
    const [name, clock] = [freshName(), new TestClock()]
    const store = over(name)
    const test = open(store, clock)
    await begin(test, 'a')
    await begin(test, 'b')
    await begin(test, 'c')
    const raw = await rowsOf(store)
    const rowOf = (id: string): StoredRow =>
      raw.find((row) => row.collection === 'run' && row.key === id) as StoredRow
    const b = rowOf('b').value
    const changed = b.replace(
      /"body":"(.{40})./,
      (_, start: string) => `"body":"${start}${b.includes(`${start}A`) ? 'B' : 'A'}`,
    )
    await store.restore([
      { ...rowOf('a'), value: b },
      { ...rowOf('b'), value: changed },
    ])
    for (const id of ['a', 'b'])
      await expect(test.engine.get(id)).rejects.toMatchObject({ code: 'corrupt-document' })
    expect((await test.engine.list({ status: 'corrupt' })).map(({ id }) => id).sort()).toEqual(['a', 'b'])
    expect(await end(test, 'c')).toEqual(ended)
    await store.restore([{ ...rowOf('a'), value: '{"crc":1}' }])
    await expect(test.engine.get('a')).rejects.toMatchObject({ code: 'corrupt-document' })
    await test.close()
  })

  it('a store in the clear goes over: read as it is, and encrypted by rekey', async () => {
    const [name, clock] = [freshName(), new TestClock()]
    const before = open(kind.make(name), clock)
    await begin(before)
    await before.close()
    const strict = over(name)
    await strict.open()
    await expect(strict.get('session', ['ses'])).rejects.toMatchObject({ code: 'corrupt-document' })
    await strict.close()
    const going = over(name, { plain: true })
    await going.open()
    expect(await going.rekey()).toBeGreaterThan(5)
    await going.close()
    const after = open(over(name), clock)
    expect(await end(after)).toEqual(ended)
    for (const { value } of await rowsOf(after.engine.store)) expect(value).not.toContain(MARKER)
    await after.close()
  })
})

describe('keys', () => {
  it('are read from text, and never told', () => {
    const base64 = Buffer.alloc(32, 9).toString('base64')
    expect(Object.keys(readKeys(`k2:${base64}, k1:${base64}\n`))).toEqual(['k2', 'k1'])
    expect(() => readKeys(base64)).toThrow('Key number 1 has no name')
    const make = (keys: Keys) => () => encrypted(new MemoryStore(), { keys })
    expect(make({})).toThrow('There are no keys')
    expect(make({ k: 'c2hvcnQtc2VjcmV0' })).toThrow(/^The key "k" has 12 bytes\. .*invalid-options/)
    expect(make({ 'a b': base64 })).toThrow('A key is called "a b"')
    expect(make({ k: base64, hex: 'ab'.repeat(32) })).not.toThrow()
  })
})
