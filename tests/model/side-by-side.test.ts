import { expect, test } from 'vitest'
import { sideBySide } from '../../src/model/side-by-side.ts'

test('so many at once, and the results in the order of the items', async () => {
  let [now, most] = [0, 0]
  const ends: (() => void)[] = []
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++now)
    await new Promise<void>((end) => ends.push(end))
    now -= 1
    return item * 2
  }
  const all = sideBySide([1, 2, 3, 4], 2, work)
  while (ends.length > 0) {
    ends.pop()?.() // the later one first
    await new Promise((turn) => setImmediate(turn))
  }
  expect(await all).toEqual([2, 4, 6, 8])
  expect(most).toBe(2)
})

test('the first error ends it, and a signal lets no more begin', async () => {
  const failing = (item: number) => (item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item))
  await expect(sideBySide([1, 2, 3], 1, failing)).rejects.toThrow('two')
  const stop = new AbortController()
  const stopping = (item: number) => {
    if (item === 2) stop.abort()
    return Promise.resolve(item)
  }
  expect(await sideBySide([1, 2, 3], 1, stopping, stop.signal)).toEqual([1, 2])
})
