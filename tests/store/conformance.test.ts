import fc from 'fast-check'
import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { keyvAdapter } from '../../src/store/keyv-adapter.ts'
import { encrypted } from '../../src/store/encrypted-store.ts'
import type { Batch, Store, StoredRow } from '../../src/store/store.ts'
import { freshName, storeKinds, type StoreKind } from '../support/stores.ts'

async function opened(kind: StoreKind, name = freshName()): Promise<Store> {
  const store = kind.make(name)
  await store.open()
  return store
}

async function allRows(store: Store): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const page of store.rows()) rows.push(...page)
  return rows
}

const run = (key: string, value: string, expect?: number, tag?: string) => ({
  collection: 'run' as const,
  key,
  value: JSON.stringify(value),
  ...(expect === undefined ? {} : { expect }),
  ...(tag === undefined ? {} : { tag }),
})
const due = (key: string) => ({ collection: 'due' as const, key, value: '{}' })

const kinds = storeKinds()
/** The same stores with everything in them encrypted. */
const sealed = kinds.map(({ kind, make }) => ({
  kind: `${kind}, encrypted` as StoreKind['kind'],
  make: (name: string) => encrypted(make(name), { keys: { k: Buffer.alloc(32, 7) } }),
}))

describe.each([...kinds, ...sealed])('store conformance: $kind', (kind) => {
  it('I7 an absent row is undefined, in its place', async () => {
    const store = await opened(kind)
    await store.write({ put: [run('b', 'B', 0)] })
    expect(await store.get('run', ['a', 'b', 'c'])).toEqual([
      undefined,
      { revision: 1, value: '"B"' },
      undefined,
    ])
    expect(await store.get('run', [])).toEqual([])
    await store.close()
  })

  it('I1 a write that names another revision than the standing one is refused', async () => {
    const store = await opened(kind)
    expect(await store.write({ put: [run('a', 'one', 0)] })).toBe(true)
    expect(await store.write({ put: [run('a', 'again', 0)] })).toBe(false)
    expect(await store.write({ put: [run('a', 'two', 1)] })).toBe(true)
    expect(await store.write({ put: [run('a', 'stale', 1)] })).toBe(false)
    expect(await store.write({ put: [run('a', 'early', 7)] })).toBe(false)
    expect(await store.write({ put: [run('absent', 'x', 3)] })).toBe(false)
    expect(await store.get('run', ['a'])).toEqual([{ revision: 2, value: '"two"' }])
    await store.close()
  })

  it('I1 of many who name one revision, one is accepted', async () => {
    const store = await opened(kind)
    await store.write({ put: [run('a', 'start', 0)] })
    for (let revision = 1; revision < 20; revision++) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) => store.write({ put: [run('a', `w${i}`, revision)] })),
      )
      expect(answers.filter(Boolean)).toHaveLength(1)
    }
    expect((await store.get('run', ['a']))[0]?.revision).toBe(20)
    await store.close()
  })

  it('I1 a row is written where its fence stands, and again over itself; an absent fence has revision 0', async () => {
    const store = await opened(kind)
    await store.write({ put: [run('a', 'one', 0)] })
    const fenced = (key: string, revision: number) =>
      store.write({ put: [due('x')], check: [{ collection: 'run', key, revision }] })
    expect(await fenced('a', 1)).toBe(true)
    expect(await fenced('a', 1)).toBe(true)
    expect(await fenced('none', 0)).toBe(true)
    expect(await fenced('a', 0)).toBe(false)
    expect(await store.list('due', { limit: 10 })).toEqual([{ key: 'x' }])
    await store.close()
  })

  it.each([
    ['a put with a wrong revision', { put: [due('x'), run('a', 'no', 9)] }],
    [
      'a check that does not hold',
      { put: [due('x')], check: [{ collection: 'run', key: 'a', revision: 2 }] },
    ],
    [
      'a check of an absent row',
      { put: [due('x')], check: [{ collection: 'run', key: 'none', revision: 1 }] },
    ],
    [
      'a delete that must find a row',
      { put: [due('x')], delete: [{ collection: 'inbox', key: 'none', must: true }] },
    ],
  ] as const satisfies readonly (readonly [string, Batch])[])(
    'I1 a batch is all or nothing: %s',
    async (_name, batch) => {
      const store = await opened(kind)
      await store.write({ put: [run('a', 'one', 0)] })
      expect(await store.write(batch)).toBe(false)
      expect(await store.list('due', { limit: 10 })).toEqual([])
      expect(await store.get('run', ['a'])).toEqual([{ revision: 1, value: '"one"' }])
      await store.close()
    },
  )

  it('lists keys in the order of their UTF-8 bytes, bounded and reversed', async () => {
    const store = await opened(kind)
    const keys = ['a', 'a/1', 'a/2', 'a0', 'b/1', 'b/2', 'b/3', 'ä', '\u{ffee}', '\u{1f600}']
    for (const key of [...keys].reverse()) await store.write({ put: [due(key)] })
    const list = async (range: object) =>
      (await store.list('due', { limit: 100, ...range })).map((entry) => entry.key)
    expect(await list({})).toEqual(keys)
    expect(await list({ limit: 2 })).toEqual(['a', 'a/1'])
    expect(await list({ prefix: 'b/' })).toEqual(['b/1', 'b/2', 'b/3'])
    expect(await list({ prefix: 'b/', reverse: true, limit: 2 })).toEqual(['b/3', 'b/2'])
    expect(await list({ after: 'a/2' })).toEqual(keys.slice(3))
    expect(await list({ before: 'a0' })).toEqual(['a', 'a/1', 'a/2'])
    expect(await list({ prefix: 'b/', before: 'b/3', reverse: true })).toEqual(['b/2', 'b/1'])
    expect(await list({ after: 'a/1', before: 'b/2', reverse: true })).toEqual(['b/1', 'a0', 'a/2'])
    expect(await list({ prefix: 'none' })).toEqual([])
    await store.close()
  })

  it('lists by tag, and a tag stays until another one is given', async () => {
    const store = await opened(kind)
    await store.write({
      put: [run('r1', 'x', 0, 'running/w1'), run('r2', 'x', 0, 'running/w2'), run('r3', 'x', 0, 'waiting/')],
    })
    await store.write({ put: [run('r1', 'y', 1)] })
    await store.write({ put: [run('r2', 'y', 1, 'completed/')] })
    expect(await store.list('run', { tag: 'running/', limit: 10 })).toEqual([
      { key: 'r1', tag: 'running/w1' },
    ])
    expect(await store.list('run', { tag: '', limit: 10 })).toMatchObject([
      { key: 'r2' },
      { key: 'r1' },
      { key: 'r3' },
    ])
    expect(await store.list('run', { tag: 'waiting/', limit: 10, values: true })).toEqual([
      { key: 'r3', tag: 'waiting/', value: '"x"' },
    ])
    await store.write({ delete: [{ collection: 'run', key: 'r3' }] })
    expect(await store.list('run', { tag: 'waiting/', limit: 10 })).toEqual([])
    await store.close()
  })

  it('keeps everything over a restart', async () => {
    const name = freshName()
    const before = await opened(kind, name)
    await before.write({ put: [run('a', 'one', 0, 'running/w'), due('1/x')] })
    await before.write({ put: [run('a', 'two', 1), due('2/x')], delete: [{ collection: 'due', key: '1/x' }] })
    await before.close()
    const after = await opened(kind, name)
    expect(await after.get('run', ['a'])).toEqual([{ revision: 2, value: '"two"' }])
    expect(await after.list('due', { limit: 10, values: true })).toEqual([{ key: '2/x', value: '{}' }])
    expect(await after.list('run', { tag: 'running/', limit: 10 })).toEqual([{ key: 'a', tag: 'running/w' }])
    expect(await after.write({ put: [run('a', 'three', 2)] })).toBe(true)
    await after.close()
  })

  it('gives out all rows, and takes them back with their revisions and tags', async () => {
    const store = await opened(kind)
    await store.write({ put: [run('a', 'one', 0, 'running/w')] })
    await store.write({ put: [run('a', 'two', 1), run('*[b]?', 'B', 0, 'waiting/'), due('1/x')] })
    await store.write({ put: [{ collection: 'piece', key: 'p:1', value: JSON.stringify('\u2028\n') }] })
    await store.write({ put: [due('2/x')], delete: [{ collection: 'due', key: '1/x' }] })
    const rows = await allRows(store)
    const places = rows.map(({ value: _value, ...place }) => place)
    expect(places.sort((x, y) => (x.key < y.key ? -1 : 1))).toEqual([
      { collection: 'run', key: '*[b]?', revision: 1, tag: 'waiting/' },
      { collection: 'due', key: '2/x', revision: 1 },
      { collection: 'run', key: 'a', revision: 2, tag: 'running/w' },
      { collection: 'piece', key: 'p:1', revision: 1 },
    ])
    const copy = await opened(kind)
    await copy.restore(rows)
    await copy.restore(rows) // once more changes nothing
    const byKey = (list: StoredRow[]) => list.sort((x, y) => (x.key < y.key ? -1 : 1))
    expect(byKey(await allRows(copy))).toEqual(byKey(rows))
    expect(await copy.get('run', ['a'])).toEqual([{ revision: 2, value: '"two"' }])
    expect(await copy.get('piece', ['p:1'])).toEqual([{ revision: 1, value: JSON.stringify('\u2028\n') }])
    expect(await copy.list('run', { tag: 'running/', limit: 9 })).toEqual([{ key: 'a', tag: 'running/w' }])
    expect(await copy.list('due', { limit: 9 })).toEqual([{ key: '2/x' }])
    expect(await copy.write({ put: [run('a', 'stale', 1)] })).toBe(false)
    expect(await copy.write({ put: [run('a', 'three', 2)] })).toBe(true)
    await Promise.all([store.close(), copy.close()])
  })

  it('gives out thousands of rows, each once', async () => {
    const store = await opened(kind)
    const keys = Array.from({ length: 2_345 }, (_, i) => `k${i}`)
    await store.restore(keys.map((key) => ({ collection: 'memo', key, revision: 1, value: '1' })))
    const found = (await allRows(store)).map(({ key }) => key)
    expect(found.sort()).toEqual([...keys].sort())
    await store.close()
  })

  it('gives back any JSON text, under any key', async () => {
    const store = await opened(kind)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), fc.json(), async (key, value) => {
        const text = JSON.stringify(JSON.parse(value)) // whitespace and the sign of zero are not promised
        await store.write({ put: [{ collection: 'session', key, value: text }] })
        expect(await store.get('session', [key])).toEqual([{ revision: 1, value: text }])
      }),
      {
        numRuns: 100,
        examples: [
          ['__proto__', '{"__proto__":1}'],
          ['constructor', '"x"'],
          [' ', 'null'],
        ],
      },
    )
    await store.close()
  })

  it('is readable with Keyv', async () => {
    const store = await opened(kind)
    await store.write({
      put: [{ collection: 'run', key: 'article-7', value: '{"state":"draft"}', expect: 0 }],
    })
    const keyv = new Keyv({ store: keyvAdapter(store), useKeyPrefix: false })
    expect(await keyv.get('run:article-7')).toEqual({ state: 'draft' })
    expect(await keyv.get('run:none')).toBeUndefined()
    await keyv.set('mine', { a: 1 })
    expect(await keyv.get('mine')).toEqual({ a: 1 })
    expect(await keyv.delete('mine')).toBe(true)
    expect(await keyv.get('mine')).toBeUndefined()
    await store.close()
  })

  it('agrees with a model of itself over random batches', async () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const expected = fc.option(fc.nat(3), { nil: undefined })
    const batch = fc.record({
      put: fc.uniqueArray(fc.record({ key, expect: expected, value: fc.nat(99) }), {
        selector: (p) => p.key,
        maxLength: 2,
      }),
      gone: fc.uniqueArray(fc.record({ key: fc.constantFrom('d', 'e'), must: fc.boolean() }), {
        selector: (d) => d.key,
        maxLength: 2,
      }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 12 }), async (batches) => {
        const store = await opened(kind)
        const model = new Map<string, { revision: number; value: string }>([
          ['d', { revision: 1, value: '0' }],
        ])
        await store.write({ put: [{ collection: 'inbox', key: 'd', value: '0', expect: 0 }] })
        for (const { put, gone } of batches) {
          const fits =
            put.every((p) => p.expect === undefined || (model.get(p.key)?.revision ?? 0) === p.expect) &&
            gone.every((d) => !d.must || model.has(d.key))
          const done = await store.write({
            put: put.map((p) => ({
              collection: 'inbox',
              key: p.key,
              value: String(p.value),
              ...(p.expect === undefined ? {} : { expect: p.expect }),
            })),
            delete: gone.map((d) => ({ collection: 'inbox', ...d })),
          })
          expect(done).toBe(fits)
          if (fits)
            for (const p of put) model.set(p.key, { revision: (p.expect ?? 0) + 1, value: String(p.value) })
          if (fits) for (const d of gone) model.delete(d.key)
        }
        const keys = ['a', 'b', 'c', 'd', 'e']
        expect(await store.get('inbox', keys)).toEqual(keys.map((k) => model.get(k)))
        expect((await store.list('inbox', { limit: 10 })).map((e) => e.key)).toEqual([...model.keys()].sort())
        await store.close()
      }),
      { numRuns: 25 },
    )
  })
})
