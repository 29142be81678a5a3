import { expect, it } from 'vitest'
import { FatalError, type PartsProgress } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { items } from '../support/items.ts'

it('an engine tells how far items have come, each time one of them has ended', async () => {
  const Items = items({ onError: 'collect', concurrency: 1, maxAttempts: 1 })
  const item = (n: number): number => {
    if (n === 1) throw new FatalError('no')
    return n
  }
  const test = createTestEngine({ workflows: [Items], resources: { hands: { item } } })
  const told: PartsProgress[] = []
  const end = test.engine.subscribeParts((progress) => told.push(progress))
  await test.finish(await test.engine.start(Items, { count: 3 }, { id: 'r' }))
  const of = { run: 'r', state: 'each', visit: 1, of: 'items', total: 3, more: false }
  expect(told).toEqual([
    { ...of, done: 1, failed: 0 },
    { ...of, done: 1, failed: 1 },
    { ...of, done: 2, failed: 1 },
  ])
  end()
  await test.finish(await test.engine.start(Items, { count: 3 }, { id: 's' }))
  expect(told).toHaveLength(3)
  await test.close()
})

it('of a stream it says that there may be more, until it has been read to its end', async () => {
  const Items = items({ concurrency: 1 })
  const source = async function* () {
    yield await Promise.resolve('a')
    yield 'b'
  }
  const test = createTestEngine({
    workflows: [Items],
    resources: { hands: { source, item: (of: string) => of } },
  })
  const told: PartsProgress[] = []
  test.engine.subscribeParts((progress) => told.push(progress))
  await test.finish(await test.engine.start(Items, { count: 0 }, { id: 'r' }))
  expect(told.map(({ done, total, more }) => [done, total, more])).toEqual([
    [1, 1, true],
    [2, 2, true],
    [2, 2, false],
  ])
  await test.close()
})
