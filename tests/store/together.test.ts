import { describe, expect, it } from 'vitest'
import { WriteConvoy } from '../../src/store/write-convoy.ts'
import { WriteGroup } from '../../src/store/write-group.ts'
import type { Batch } from '../../src/store/store.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const put = (key: string, expect: number): Batch => ({
  put: [{ collection: 'run', key, value: `"${key}"`, expect, tag: 'running/w' }],
})

describe.each(storeKinds())('writes of one moment: $kind', ({ make }) => {
  it('I1 of several that name one revision one is written, whatever else is written with them', async () => {
    const store = make(freshName())
    await store.open()
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) => store.write(put(`r${i % 10}`, round))),
      )
      for (let i = 0; i < 10; i++)
        expect([answers[i], answers[i + 10], answers[i + 20]].filter(Boolean)).toHaveLength(1)
    }
    const rows = await store.get(
      'run',
      Array.from({ length: 10 }, (_, i) => `r${i}`),
    )
    expect(rows.map((row) => row?.revision)).toEqual(Array.from({ length: 10 }, () => 20))
    await store.close()
  })

  it('I1 nothing of a batch that is refused is there, and all of those beside it', async () => {
    const store = make(freshName())
    await store.open()
    const piece = (key: string) => ({ collection: 'piece', key, value: '1' }) as const
    const refused = [
      { put: [piece('a'), { collection: 'run', key: 'no', value: '1', expect: 7 }] },
      { put: [piece('b')], delete: [{ collection: 'inbox', key: 'none', must: true }] },
      { put: [piece('c')], check: [{ collection: 'run', key: 'none', revision: 3 }] },
    ] as const satisfies readonly Batch[]
    const writes = [put('x', 0), ...refused, put('y', 0), { put: [piece('d')] }]
    expect(await Promise.all(writes.map((batch) => store.write(batch)))).toEqual([
      true,
      false,
      false,
      false,
      true,
      true,
    ])
    const pieces = await store.get('piece', ['a', 'b', 'c', 'd'])
    expect(pieces.map((row) => row !== undefined)).toEqual([false, false, false, true])
    expect(await store.get('run', ['x', 'y'])).toMatchObject([{ revision: 1 }, { revision: 1 }])
    await store.close()
  })
})

describe('groups', () => {
  const recorded = (): { sent: string[][]; send: (batches: readonly Batch[]) => Promise<boolean[]> } => {
    const sent: string[][] = []
    const send = (batches: readonly Batch[]): Promise<boolean[]> => {
      sent.push(batches.map(({ put: [first] = [] }) => first?.key ?? ''))
      return Promise.resolve(batches.map(() => true))
    }
    return { sent, send }
  }

  it('a run that is alone writes at once; several share a transaction; the last one left is alone again', async () => {
    const { sent, send } = recorded()
    const group = new WriteGroup(send)
    await group.write(put('a', 0))
    await group.write(put('a', 1))
    expect(sent).toEqual([['a'], ['a']])
    await Promise.all(['b', 'c', 'd'].map((key) => group.write(put(key, 0))))
    expect(sent[2]).toEqual(['b', 'c', 'd'])
    expect(group.crowded).toBe(true)
    await group.write(put('b', 1))
    await group.write(put('b', 2))
    expect(group.crowded).toBe(false)
    expect(sent.slice(3)).toEqual([['b'], ['b']])
  })

  it('what one of a group cannot write, the others can', async () => {
    const group = new WriteGroup((batches) =>
      batches.some(({ put: [first] = [] }) => first?.key === 'bad')
        ? Promise.reject(new Error('too big'))
        : Promise.resolve(batches.map(() => true)),
    )
    const writes = ['a', 'bad', 'c'].map((key) => group.write(put(key, 0)))
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
  })

  it('over a network, what comes while two trips are under way goes in the next', async () => {
    const sent: number[] = []
    const back: (() => void)[] = []
    const convoy = new WriteConvoy((batches) => {
      sent.push(batches.length)
      return new Promise((resolve) => back.push(() => resolve(batches.map(() => true))))
    })
    const writes = Array.from({ length: 70 }, (_, i) => convoy.write(put(`r${i}`, 0)))
    expect(sent).toEqual([1, 1])
    back.shift()?.()
    await writes[0]
    await Promise.resolve()
    expect(sent).toEqual([1, 1, 64])
    while (back.length > 0) {
      back.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await Promise.all(writes)).toHaveLength(70)
    expect(sent).toEqual([1, 1, 64, 4])
  })

  it('I7 of a trip that fails nothing is known, for all that went with it', async () => {
    const convoy = new WriteConvoy(() => Promise.reject(new Error('gone')))
    const writes = ['a', 'b', 'c'].map((key) => convoy.write(put(key, 0)))
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
    ])
  })
})
