import { describe, expect, it } from 'vitest'
import { RetryableError } from 'stepwright'
import type { AnyClass } from '../../src/definition/shape.ts'
import { crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import { ShopWorkflow, State, toReview, type Ctx } from '../support/shop.ts'
import { storeKinds } from '../support/stores.ts'

/** The answer comes while the charge waits for its next attempt, long before anybody asks for it. */
const early: Scenario<string> = {
  workflows: [ShopWorkflow],
  resources: (call) => ({
    hands: {
      charge: async ({ run }: Ctx) => {
        await call(`charge ${run.attempt}`)
        if (run.attempt === 1) throw new RetryableError('not now')
        return toReview('r')
      },
    },
  }),
  async live(test) {
    const run = await test.engine.start(ShopWorkflow as AnyClass, { amount: 1 } as never, { id: 'r' })
    await test.settle()
    await test.engine.signal('r', 'approve', { by: 'ada' }, { id: 'yes' }).catch(() => undefined) // it may be over
    return (await test.finish(run)).state as string
  },
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('a signal that came early: $kind', (kind) => {
  it('I6 a crash at each write: it is found when the run comes to wait for it', async () => {
    await crashAtEachWrite(kind, early, 1, ({ value }, where) => expect(value, where).toBe(State.Done))
  })
})
