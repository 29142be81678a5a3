import { describe, expect, it } from 'vitest'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { DyingStore } from '../support/dying-store.ts'
import { ShopWorkflow, State, toReview, type Hands } from '../support/shop.ts'
import { freshName, storeKinds, type StoreKind } from '../support/stores.ts'

interface World {
  /** Idempotency keys with which the outside world was called, in order. */
  readonly calls: string[]
  readonly hands: Hands
}

/** Two paid calls behind memos, a session change, one failing attempt, one call without a memo. */
function makeWorld(): World {
  const calls: string[] = []
  const call = (key: string): string => {
    calls.push(key)
    return key
  }
  let failed = false
  return {
    calls,
    hands: {
      charge: async ({ memo, run, session, log }, { amount }) => {
        await memo('reserve', () => call(`${run.idempotencyKey}/reserve`))
        if (!failed) {
          failed = true
          throw new Error('busy')
        }
        await memo('charge', () => call(`${run.idempotencyKey}/charge`))
        session.update((s) => ({ total: s.total + amount }))
        log.info('charged', { amount })
        return toReview(`receipt ${amount}`)
      },
      ship: ({ run }) => call(run.idempotencyKey),
    },
  }
}

/** Drives one order to its end over any number of processes, each of which dies at the given write. */
async function order(kind: StoreKind, deaths: readonly { at: number; lands: boolean }[]) {
  const name = freshName()
  const world = makeWorld()
  let time = Date.UTC(2026, 0, 1)
  let writes = 0
  for (const death of [...deaths, { at: Infinity, lands: false }]) {
    const store = new DyingStore(kind.make(name), death.at, death.lands)
    const clock = new TestClock(time, time % 1e9)
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      store,
      clock,
      lease: '10s',
      resources: { hands: world.hands },
    })
    const life = (async () => {
      const run = await test.engine.start(ShopWorkflow, { amount: 5 }, { id: 'order-1', session: 'ada' })
      if ((await test.finish(run)).status === 'waiting')
        await run.signal('approve', { by: 'ada' }, { id: 'yes' })
      const view = await test.finish(run)
      const types: string[] = []
      for await (const event of run.events()) types.push(event.type)
      return {
        view,
        types,
        session: await test.engine.session('ada').state(),
        inbox: await store.list('inbox', { limit: 9 }),
        due: await store.list('due', { limit: 9 }),
        memos: await store.list('memo', { limit: 9 }),
      }
    })()
    const ended = await Promise.race([life, store.died.then(() => undefined)])
    writes = store.writes
    if (ended) {
      await Promise.race([test.close(), store.died]) // its last write may be the deadly one
      return { ...ended, calls: world.calls, writes }
    }
    await store.close().catch(() => undefined)
    time = clock.now() + 11_000 // the dead owner's lease is over
  }
  throw new Error('never ended')
}

const end = {
  status: 'completed',
  state: State.Done,
  data: { receipt: 'receipt 5', by: 'ada' },
  vars: { seen: ['order'] },
  visits: { order: 1, charge: 1, review: 1, ship: 1, done: 1 },
}
const paidOnce = ['order-1/charge/1/reserve', 'order-1/charge/1/charge', 'order-1/ship/1']

describe.each(storeKinds())('a crash at every write: $kind', (kind) => {
  it('undisturbed', async () => {
    const { view, session, calls, inbox, due, memos, types } = await order(kind, [])
    expect(view).toMatchObject(end)
    expect(session).toEqual({ total: 5 })
    expect(calls).toEqual(paidOnce)
    expect({ inbox, due, memos }).toEqual({ inbox: [], due: [], memos: [] })
    expect(types).toEqual([
      'started',
      'moved',
      'attempt-failed',
      'retried',
      'log',
      'moved',
      'signalled',
      'moved',
      'moved',
      'completed',
    ])
  })

  it.each([false, true])(
    'I1 I3 I4 I6 one crash at each boundary gives the same outcome (the write lands: %s)',
    async (lands) => {
      const { writes } = await order(kind, [])
      expect(writes).toBeGreaterThan(8)
      for (let at = 1; at <= writes; at++) {
        const { view, session, calls, inbox, memos } = await order(kind, [{ at, lands }])
        expect(view, `write ${at}`).toMatchObject(end)
        expect(session, `write ${at}`).toEqual({ total: 5 })
        expect({ inbox, memos }, `write ${at}`).toEqual({ inbox: [], memos: [] })
        // every call is made once, and the one in flight at the crash at most once more, with the same key
        expect([...new Set(calls)], `write ${at}`).toEqual(paidOnce)
        expect(calls.length, `write ${at}: ${calls.join(' ')}`).toBeLessThanOrEqual(paidOnce.length + 1)
      }
    },
  )

  it('I4 crashes one after the other, also during recovery, give the same outcome', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const deaths = Array.from({ length: 3 }, (_, i) => ({
        at: 2 + ((seed * 7 + i * 5) % 9),
        lands: (seed + i) % 2 === 0,
      }))
      const { view, session, calls } = await order(kind, deaths)
      expect(view, JSON.stringify(deaths)).toMatchObject(end)
      expect(session).toEqual({ total: 5 })
      expect(calls.length).toBeLessThanOrEqual(paidOnce.length + deaths.length)
    }
  })
})
