import assert from 'node:assert/strict'
import type { RunHandle } from 'stepwright'
import { createTestEngine, FaultyStore, TestClock } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { Chance } from '../simulation/chance.ts'
import { ShopWorkflow, State, toReview } from '../support/shop.ts'
import { trial } from './trial.ts'
import { eventually, historyOf, settled } from './virtual.ts'

/** Two processes may use it; each call takes its time. */
class SlowStore extends FaultyStore {
  override readonly shared = true
}

/** A signal that is sent `offset` milliseconds after its state is entered, by this process or by another one. */
async function meet(seed: number): Promise<void> {
  const chance = new Chance(seed)
  const clock = new TestClock(undefined, seed)
  const memory = new MemoryStore()
  const slow = (): SlowStore =>
    new SlowStore(
      memory,
      () => (chance.hits(0.7) ? { type: 'delay', ms: chance.below(8) } : undefined),
      clock,
    )
  const work = 60 + chance.below(40)
  const hands = {
    charge: async () => {
      await new Promise<void>((resolve) => void clock.alarm(clock.now() + work, resolve))
      return toReview('r')
    },
  }
  const options = { workflows: [ShopWorkflow], clock, resources: { hands }, poll: '20ms' } as const
  const own = createTestEngine({ ...options, store: slow() })
  const other = createTestEngine({ ...options, store: slow(), worker: false })
  const run = await settled(clock, own.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' }), 1)
  let enteredAt: number | undefined
  own.engine.subscribe(({ run: { state, updatedAt } }) => {
    if (state === State.Review) enteredAt ??= updatedAt
  })
  const from = chance.pick([own, other]).engine
  const sendAt = clock.now() + work + chance.below(101) - 50
  while (clock.now() < sendAt) await clock.advance(1)
  await settled(clock, from.signal('r', 'approve', { by: 'ada' }, { id: 'yes' }), 1)
  const end = await eventually(
    clock,
    'the end',
    async () => {
      const view = await run.view()
      return view.status === 'completed' ? view : undefined
    },
    20,
  )
  assert.deepEqual(end.data, { receipt: 'r', by: 'ada' })
  assert(enteredAt !== undefined)
  const taken = (await settled(clock, historyOf(run as unknown as RunHandle), 1)).filter(
    ({ type }) => type === 'signalled',
  )
  assert.equal(taken.length, 1, `it was applied ${taken.length} times`)
  assert.deepEqual(await memory.list('inbox', { limit: 9 }), [])
  await settled(clock, Promise.all([own.close(), other.close()]), 1)
}

/** R16 */
export const meeting = trial<number>({
  id: 'R16',
  title: 'a signal 50 ms before to 50 ms after its state is entered, on a store that takes its time',
  sizes: { ci: 60, full: 1_000 },
  async run(seeds) {
    for (let seed = 1; seed <= seeds; seed++)
      await meet(seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error })
      })
    return { signals: seeds, lost: 0 }
  },
})
