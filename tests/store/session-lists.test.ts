import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { backup, encrypted, restore } from 'stepwright'
import { makeIds } from '../../src/model/host.ts'
import { SessionDocument } from '../../src/store/session-document.ts'
import type { Store } from '../../src/store/store.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const dir = mkdtempSync(join(tmpdir(), 'stepwright-lists-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const newId = makeIds(() => 1)
const message = (i: number) => ({ role: 'user', text: `${i} secret `.padEnd(10 + 37 * (i % 60), 'x') })

async function grow(store: Store, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const document = await SessionDocument.load(store, 's', newId)
    const { messages = [] } = (document.state ?? {}) as { messages?: readonly object[] }
    expect(await store.write(document.replaced({ messages: [...messages, message(i)] }))).toBe(true)
  }
}

const whole = (length: number) => ({ messages: Array.from({ length }, (_, i) => message(i)) })
const stateOf = async (store: Store) => (await SessionDocument.load(store, 's', newId)).state

describe.each(storeKinds())('a long list in a session: $kind', (kind) => {
  it('is in a backup, and grows on where that is restored', async () => {
    const [from, to] = [kind.make(freshName()), kind.make(freshName())]
    await from.open()
    await grow(from, 0, 100)
    const file = join(dir, `${freshName()}.zst`)
    await backup(from, file)
    await grow(from, 100, 110) // takes groups away that the backup has
    await to.open()
    await restore(to, file)
    expect(await stateOf(to)).toEqual(whole(100))
    await grow(to, 100, 150)
    expect(await stateOf(to)).toEqual(whole(150))
    expect(await stateOf(from)).toEqual(whole(110))
    await Promise.all([from.close(), to.close()])
  })

  it('is encrypted, each of its pieces', async () => {
    const inner = kind.make(freshName())
    const store = encrypted(inner, { keys: { k1: Buffer.alloc(32, 1) } })
    await store.open()
    await grow(store, 0, 60)
    expect(await stateOf(store)).toEqual(whole(60))
    let pieces = 0
    for await (const page of inner.rows())
      for (const { collection, value } of page) {
        if (collection === 'piece') pieces++
        expect(value).not.toContain('secret')
      }
    expect(pieces).toBeGreaterThan(40)
    await store.close()
  })

  it('I1 is not changed by a write that comes second: it is made again on what the first has left', async () => {
    const store = kind.make(freshName())
    await store.open()
    await grow(store, 0, 40)
    const [one, two] = [
      await SessionDocument.load(store, 's', newId),
      await SessionDocument.load(store, 's', newId),
    ]
    const longer = { messages: [...whole(40).messages, message(40)] }
    expect(await store.write(one.replaced(longer))).toBe(true)
    expect(await store.write(two.replaced({ messages: [] }))).toBe(false)
    expect(await stateOf(store)).toEqual(longer)
    await store.close()
  })
})
