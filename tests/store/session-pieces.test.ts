import { describe, expect, it } from 'vitest'
import { makeIds } from '../../src/model/host.ts'
import { SessionDocument } from '../../src/store/session-document.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { CountingStore } from '../support/counting-store.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const newId = makeIds(() => 1)

async function piecesIn(store: Store): Promise<number> {
  let count = 0
  for await (const page of store.rows())
    count += page.filter(({ collection }) => collection === 'piece').length
  return count
}

/** Texts of which some become pieces of their own, in groups that become pieces too. */
const chat = (length: number, mark: string): readonly string[] =>
  Array.from({ length }, (_, i) => (i % 10 === 0 ? `${mark} ${i} `.repeat(400) : `${mark} ${i}`))

describe.each(storeKinds())('pieces of a session: $kind', (kind) => {
  it('go with the write that no longer refers to them, and no others', async () => {
    const store = kind.make(freshName())
    await store.open()
    let state: unknown
    for (const [texts, pieces] of [
      [chat(0, 'a'), 0],
      [chat(3_000, 'a'), undefined],
      [chat(3_100, 'a'), undefined],
      [[...chat(40, 'b'), ...chat(3_100, 'a')], undefined],
      [chat(11, 'c'), 2],
      [[], 0],
    ] as const) {
      const document = await SessionDocument.load(store, 's', newId)
      expect(document.state).toEqual(state)
      state = { texts }
      expect(await store.write(document.replaced(state))).toBe(true)
      if (pieces !== undefined) expect(await piecesIn(store)).toBe(pieces)
      else expect(await piecesIn(store)).toBeLessThan(420) // 310 texts and about 100 groups
      const again = await SessionDocument.load(store, 's', newId)
      expect(again.state).toEqual(state)
    }
    await store.close()
  })

  it('that go while it is read are no damage: it is read again', async () => {
    const store = kind.make(freshName())
    await store.open()
    const first = await SessionDocument.load(store, 's', newId)
    await store.write(first.replaced({ texts: chat(100, 'old') }))
    const writer = await SessionDocument.load(store, 's', newId)
    let between = true
    const slow: Pick<Store, 'name' | 'get'> = {
      name: store.name,
      async get(collection, keys) {
        const rows = await store.get(collection, keys)
        if (collection === 'session' && between) {
          between = false
          await store.write(writer.replaced({ texts: chat(100, 'new') }))
        }
        return rows
      },
    }
    expect((await SessionDocument.load(slow as Store, 's', newId)).state).toEqual({ texts: chat(100, 'new') })
    const [row] = await store.get('session', ['s'])
    const [piece] = (/"\\u0000[pg]([\w.-]+)"/.exec(row?.value ?? '') ?? []).slice(1)
    await store.write({ delete: [{ collection: 'piece', key: piece?.split('.')[0] ?? '', must: true }] })
    await expect(SessionDocument.load(store, 's', newId)).rejects.toMatchObject({ code: 'corrupt-document' })
    await store.close()
  })
})

describe('I11 a list in a session costs what is added to it', () => {
  /** Characters handed to the store by each of 200 writes that add a message. */
  async function costs(size: number): Promise<readonly number[]> {
    const store = new CountingStore()
    await store.open()
    for (let i = 0; i < 200; i++) {
      const document = await SessionDocument.load(store, 's', newId)
      const messages = [
        ...((document.state as { messages: object[] } | undefined)?.messages ?? []),
        { role: i % 2 === 0 ? 'user' : 'assistant', text: `${i} `.padEnd(size, `word${i} `) },
      ]
      expect(await store.write(document.replaced({ messages }))).toBe(true)
      expect((await SessionDocument.load(store, 's', newId)).state).toEqual({ messages })
    }
    return store.sizes
  }
  const mean = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0) / sizes.length

  it.each([20, 60, 200, 450, 900, 1_100, 3_000])('messages of %i characters', async (size) => {
    const sizes = await costs(size)
    const tenth = mean(sizes.slice(6, 14)) // groups are written now and then: eight messages around the tenth
    const last = mean(sizes.slice(192, 200))
    expect(last).toBeLessThan(1.5 * tenth)
    expect(Math.max(...sizes.slice(20))).toBeLessThan(2 * size + 1_500)
  })

  it('and groups of it stay as they are when it is read and written by another process', async () => {
    const store = new MemoryStore()
    await store.open()
    const pieces = async () => {
      const keys: string[] = []
      for await (const page of store.rows())
        keys.push(...page.filter(({ collection }) => collection === 'piece').map(({ key }) => key))
      return new Set(keys)
    }
    const list = (length: number) => chat(length, 'x').map((text) => ({ text }))
    const first = await SessionDocument.load(store, 's', newId)
    await store.write(first.replaced({ list: list(500) }))
    const before = await pieces()
    const second = await SessionDocument.load(store, 's', newId)
    await store.write(second.replaced({ list: list(501) }))
    const after = await pieces()
    expect(before.size).toBeGreaterThan(60)
    expect([...after].filter((key) => !before.has(key)).length).toBeLessThanOrEqual(6)
    expect([...before].filter((key) => !after.has(key)).length).toBeLessThanOrEqual(1)
  })
})
