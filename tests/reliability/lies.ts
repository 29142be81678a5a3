import assert from 'node:assert/strict'
import { StepwrightError } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Batch, Collection, Range, Store, StoredRow } from '../../src/store/store.ts'
import { paid, ShopWorkflow } from '../support/shop.ts'
import { trial } from './trial.ts'
import { eventually, settled } from './virtual.ts'

type Verb = 'get' | 'write' | 'list'

/** What a store may say instead of an answer; `throws` and `hangs` are no answers at all. */
const LIES: Readonly<Record<Verb, readonly unknown[]>> = {
  get: ['throws', 'hangs', undefined, null, false, {}, [], [null], [{ revision: '1', value: 7 }]],
  write: ['throws', 'hangs', undefined, null, false, 'OK', 1, {}],
  list: ['throws', 'hangs', undefined, false, {}, [{}], [undefined], [{ key: 7, value: '1' }]],
}

/** A store of a user's own that answers honestly, but for the calls it lies to. */
class LyingStore implements Store {
  readonly name = 'mine'
  readonly shared = false
  readonly snapshots = false
  readonly inner = new MemoryStore()
  readonly calls: Record<Verb, number> = { get: 0, write: 0, list: 0 }
  lies: (verb: Verb, call: number) => { readonly lie: unknown } | undefined = () => undefined

  open = () => Promise.resolve([])
  close = () => Promise.resolve()
  rows = () => this.inner.rows()
  restore = (rows: readonly StoredRow[]) => this.inner.restore(rows)
  get = (collection: Collection, keys: readonly string[]) =>
    this.#answer('get', () => this.inner.get(collection, keys))
  list = (collection: Collection, range: Range) =>
    this.#answer('list', () => this.inner.list(collection, range))
  write = (batch: Batch) => this.#answer('write', () => this.inner.write(batch))

  async #answer<T>(verb: Verb, honest: () => Promise<T>): Promise<T> {
    const lied = this.lies(verb, ++this.calls[verb])
    if (!lied) return honest()
    if (lied.lie === 'throws') throw new Error('of the adapter')
    if (lied.lie === 'hangs') return new Promise(() => undefined)
    return lied.lie as T
  }
}

interface World {
  readonly calls: Readonly<Record<Verb, number>>
  readonly charges: number
}

/**
 * One run from its start over a signal to its end, on a store that lies as told. Throws where something that was
 * acknowledged is not there, or a failed read passes for an absent run.
 */
async function live(lies: LyingStore['lies']): Promise<World> {
  const store = new LyingStore()
  store.lies = lies
  const clock = new TestClock()
  let charges = 0
  const hands = { charge: (...args: Parameters<typeof paid.charge>) => (charges++, paid.charge(...args)) }
  const options = { workflows: [ShopWorkflow], store, clock, resources: { hands } } as const
  const { engine, close } = createTestEngine({ ...options, poll: '1s', storeTimeout: '2s' })
  /** The value, or `undefined` where the store was to blame; any other error is a broken promise. */
  const asked = async <T>(call: () => Promise<T>): Promise<T | undefined> =>
    settled(clock, call()).catch((error: unknown) => {
      if (error instanceof StepwrightError && error.code === 'store-unavailable') return undefined
      throw error
    })
  const run = await eventually(clock, 'the start', () =>
    asked(() => engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })),
  )
  const there = async (collection: Collection, key: string) =>
    (await store.inner.get(collection, [key]))[0] !== undefined
  assert(await there('run', 'r'), 'the start was acknowledged, and is not there')
  const standing = (status: string) =>
    eventually(clock, status, async () => {
      const view = await asked(() => run.view())
      return view?.status === status ? view : undefined
    })
  await standing('waiting')
  await eventually(clock, 'the signal', () =>
    asked(() => run.signal('approve', { by: 'ada' }, { id: 'yes' })),
  )
  assert(await there('seen', 'r/yes'), 'the signal was acknowledged, and is not there')
  await standing('completed')
  await settled(clock, close())
  return { calls: store.calls, charges }
}

/** R11 */
export const lies = trial<{ readonly every: number; readonly lasting: readonly number[] }>({
  id: 'R11',
  title: 'a store that returns false or undefined, throws, or hangs',
  sizes: { ci: { every: 2, lasting: [1, 4] }, full: { every: 1, lasting: [1, 2, 4, 8] } },
  async run({ every, lasting }, show) {
    const calm = await live(() => undefined)
    assert.equal(calm.charges, 1)
    let worlds = 0
    let told = 0
    let again = 0
    for (const verb of ['get', 'write', 'list'] as const)
      for (const lie of LIES[verb])
        for (const length of lasting)
          for (let first = 1 + (worlds % every); first <= calm.calls[verb]; first += every) {
            const lying: LyingStore['lies'] = (asked, call) => {
              if (asked !== verb || call < first || call >= first + length) return undefined
              told++
              return { lie }
            }
            const where = `${JSON.stringify(lie)} to ${verb} ${first}, ${length} times`
            const { charges } = await live(lying).catch((error: unknown) => {
              throw new Error(where, { cause: error })
            })
            assert(charges <= 1 + (lie === false ? length : 0), `${where}: charged ${charges} times`) // one in flight starts again where its result was turned away
            again += charges - 1
            worlds++
          }
    show(`${worlds} worlds, ${told} lies`)
    return { worlds, lies: told, 'steps repeated': again }
  },
})
