import { describe, expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Batch } from '../../src/store/store.ts'
import { items, type Hands as ItemHands } from '../support/items.ts'
import { paid, ShopWorkflow, State } from '../support/shop.ts'

class HangingStore extends MemoryStore {
  hangs = false

  override write(batch: Batch): Promise<boolean> {
    return this.hangs ? never() : super.write(batch)
  }
}

const never = (): Promise<never> => new Promise(() => undefined)

async function turns(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('close', () => {
  it('does not wait for a handler that ignores its abort signal; the run is left for the next worker', async () => {
    const store = new MemoryStore()
    const first = createTestEngine({
      workflows: [ShopWorkflow],
      store,
      resources: { hands: { charge: never } },
    })
    await first.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    await turns()
    await first.close()
    expect(first.warnings).toEqual([])
    const next = createTestEngine({ workflows: [ShopWorkflow], store, resources: { hands: paid } })
    await next.settle()
    expect(await (await next.engine.get('r')).view()).toMatchObject({
      status: 'waiting',
      state: State.Review,
    })
    await next.close()
  })

  it.each<[string, ItemHands]>([
    ['an item', { source: () => [1, 2], item: never }],
    ['a stream', { source: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }), item: () => 1 }],
  ])('nor for %s that never comes', async (_what, hands) => {
    const Items = items()
    const test = createTestEngine({ workflows: [Items], resources: { hands } })
    await test.engine.start(Items, { count: 0 }, { id: 'r' })
    await turns()
    await test.close()
    expect(test.warnings).toEqual([])
  })

  it('waits ten seconds for what does not end otherwise, and names its run', async () => {
    const store = new HangingStore()
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      store,
      resources: { hands: { charge: never } },
    })
    await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    await turns()
    store.hangs = true // the write that lets go of the run is never answered
    let closed = false
    const closing = test.close().then(() => (closed = true))
    await test.clock.advance('9s')
    expect(closed).toBe(false)
    await test.clock.advance('1s')
    expect(test.warnings).toEqual(['Closing did not wait any longer for what does not end in "r"'])
    await closing
  })
})
