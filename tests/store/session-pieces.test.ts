import { describe, expect, it } from 'vitest'
import { makeIds } from '../../src/model/host.ts'
import { SessionDocument } from '../../src/store/session-document.ts'
import type { Store } from '../../src/store/store.ts'
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
      else expect(await piecesIn(store)).toBeLessThan(420) // 310 texts and about 97 groups
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
