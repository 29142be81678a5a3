import { describe, expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { ShopWorkflow, State, toReview, type Hands } from '../support/shop.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const adding: Hands = {
  charge: ({ session }, { amount }) => {
    session.update((s) => ({ total: s.total + amount }))
    return toReview(`total was ${session.total}`)
  },
}

describe.each(storeKinds())('sessions: $kind', (kind) => {
  it('50 runs change one session at once, and no change is lost', async () => {
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      store: kind.make(freshName()),
      resources: { hands: adding },
    })
    const runs = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        test.engine.start(ShopWorkflow, { amount: i + 1 }, { id: `r${i}`, session: 'ada' }),
      ),
    )
    for (const run of runs) await test.finish(run)
    expect(await test.engine.session('ada').state()).toEqual({ total: 1275 })
    expect(await test.engine.session('ada').runs()).toHaveLength(50)
    expect(await test.engine.session('eve').state()).toBeUndefined()
    await test.close()
  })

  it('a fresh engine lists the runs of a session and resumes them', async () => {
    const name = freshName()
    const first = createTestEngine({
      workflows: [ShopWorkflow],
      store: kind.make(name),
      resources: { hands: adding },
    })
    const run = await first.engine.start(ShopWorkflow, { amount: 4 }, { id: 'a', session: 'ada' })
    await first.finish(run)
    await first.close()
    const second = createTestEngine({
      workflows: [ShopWorkflow],
      store: kind.make(name),
      worker: false,
      resources: { hands: adding },
    })
    await second.engine.signal('a', 'approve', { by: 'second' })
    expect(await (await second.engine.get('a')).view()).toMatchObject({
      status: 'waiting',
      state: State.Review,
    })
    await second.close()
    const third = createTestEngine({
      workflows: [ShopWorkflow],
      store: kind.make(name),
      resources: { hands: adding },
    })
    const [resumed] = await third.engine.session('ada').resume()
    expect(await resumed?.result()).toMatchObject({ state: State.Done, data: { by: 'second' } })
    await third.close()
  })
})

it('a change that breaks the schema of the session fails the attempt and changes nothing', async () => {
  const hands: Hands = {
    charge: ({ session }) => {
      session.update(() => ({ total: 'much' }) as never)
      return toReview('x')
    },
  }
  const test = createTestEngine({ workflows: [ShopWorkflow], resources: { hands } })
  const run = await test.engine.start(ShopWorkflow, { amount: 4 }, { session: 'ada' })
  const view = await test.finish(run)
  expect(view).toMatchObject({
    state: State.Refused,
    data: { reason: expect.stringContaining('The session "ada" does not fit its schema') as string },
  })
  expect(await test.engine.session('ada').state()).toBeUndefined()
  await test.close()
})
