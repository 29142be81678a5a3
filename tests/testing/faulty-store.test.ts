import { describe, expect, it } from 'vitest'
import { makeStore } from 'stepwright'
import { createTestEngine, FaultyStore, TestClock, type Fault, type StoreCall } from 'stepwright/testing'
import { paid, ShopWorkflow } from '../support/shop.ts'

const row = (value: string) => ({ put: [{ collection: 'value', key: 'k', value } as const] })
const read = async (store: FaultyStore): Promise<string | undefined> =>
  (await store.get('value', ['k']))[0]?.value

/** A store whose next calls go wrong, one after another. */
function faulty(...faults: (Fault | undefined)[]) {
  const calls: StoreCall[] = []
  const clock = new TestClock()
  const plan = (call: StoreCall): Fault | undefined => {
    calls.push(call)
    return faults.shift()
  }
  return { store: new FaultyStore(makeStore('memory'), plan, clock), calls, clock }
}

describe('a store whose calls go wrong as planned', () => {
  it('fail: nothing has happened', async () => {
    const { store } = faulty({ type: 'fail' })
    await expect(store.write(row('1'))).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await read(store)).toBeUndefined()
  })

  it('lose-reply: it landed, and the answer is an error', async () => {
    const { store } = faulty({ type: 'lose-reply' })
    await expect(store.write(row('1'))).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await read(store)).toBe('1')
  })

  it('stale: a read answers what it answered before', async () => {
    const { store } = faulty(undefined, undefined, undefined, { type: 'stale' })
    await store.write(row('1'))
    expect(await read(store)).toBe('1')
    await store.write(row('2'))
    expect(await read(store)).toBe('1')
    expect(await read(store)).toBe('2')
  })

  it('delay: late, by the clock of the test', async () => {
    const { store, clock } = faulty({ type: 'delay', ms: 60_000 })
    let done = false
    const written = store.write(row('1')).then(() => (done = true))
    await clock.advance('59s')
    expect(done).toBe(false)
    await clock.advance('1s')
    await written
    expect(await read(store)).toBe('1')
  })

  it.each([true, false])('die: nothing answers any more (the write lands: %s)', async (lands) => {
    const inner = makeStore('memory')
    const store = new FaultyStore(inner, ({ write }) => (write === 2 ? { type: 'die', lands } : undefined))
    await store.write(row('1'))
    let answered = false
    void store.write(row('2')).finally(() => (answered = true))
    await store.died
    void store.get('value', ['k']).finally(() => (answered = true))
    await new Promise(setImmediate)
    expect(answered).toBe(false)
    expect((await inner.get('value', ['k']))[0]?.value).toBe(lands ? '2' : '1')
    expect(store.writes).toBe(2)
  })

  it('I4 I7 a run goes on through a store that is away again and again', async () => {
    let calls = 0
    const store = new FaultyStore(makeStore('memory'), ({ call, verb }) => {
      calls = call
      if (call < 10 || (call * 7) % 11 > 2) return undefined
      return { type: verb === 'write' && call % 2 === 0 ? 'lose-reply' : 'fail' }
    })
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      store,
      poll: '1s',
      resources: { hands: paid },
    })
    let run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' }).catch(() => undefined)
    for (let i = 0; i < 100 && !run; i++)
      run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' }).catch(() => undefined)
    const status = async (): Promise<string> => (await run?.view().catch(() => undefined))?.status ?? ''
    for (let i = 0; i < 200 && (await status()) !== 'waiting'; i++) await test.clock.advance('1s')
    for (let sent = false, i = 0; !sent && i < 20; i++)
      sent = await test.engine.signal('r', 'approve', { by: 'ada' }, { id: 'yes' }).then(
        () => true,
        () => false,
      )
    for (let i = 0; i < 200 && (await status()) !== 'completed'; i++) await test.clock.advance('1s')
    expect((await store.get('run', ['r']).catch(() => store.get('run', ['r'])))[0]?.value).toContain(
      '"status":"completed"',
    )
    expect(calls).toBeGreaterThan(20)
    await test.close().catch(() => undefined)
  })
})
