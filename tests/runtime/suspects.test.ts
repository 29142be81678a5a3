import { describe, expect, it } from 'vitest'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { StepwrightError } from '../../src/errors/stepwright-error.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Collection, Row } from '../../src/store/store.ts'
import { ShopWorkflow, State, toReview } from '../support/shop.ts'

/** Fails one read of runs, after so many. */
class ShakyStore extends MemoryStore {
  failing = { after: -1 }

  override get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    if (collection === 'run' && this.failing.after >= 0 && this.failing.after-- === 0)
      return Promise.reject(
        new StepwrightError('store-unavailable', { what: 'The store is away', remedy: 'Wait' }),
      )
    return super.get(collection, keys)
  }
}

/** Processes on one store, one after the other; all but the last are never heard of again. */
class Lives {
  readonly store = new ShakyStore()
  #clock = new TestClock()
  #count = 1
  /** Runs whose charge has begun in the present life, in order. */
  begun: string[] = []
  /** Ends the charges that have begun, by run. */
  readonly finish = new Map<string, () => void>()

  async begin() {
    this.begun = []
    this.finish.clear()
    const hands = {
      charge: ({ run }: { readonly run: { readonly id: string } }) => {
        this.begun.push(run.id)
        return new Promise((resolve) => this.finish.set(run.id, () => resolve(toReview(run.id))))
      },
    }
    const { store } = this
    const clock = this.#clock
    const test = createTestEngine({
      workflows: [ShopWorkflow],
      store,
      clock,
      lease: '10s',
      poll: '1s',
      resources: { hands },
    })
    await test.engine.open()
    await turns()
    return test
  }

  /** The present process is gone, and its lease is over. */
  die(): void {
    this.#clock = new TestClock(this.#clock.now() + 11_000, ++this.#count)
  }

  async end(id: string): Promise<void> {
    this.finish.get(id)?.()
    await turns()
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Three runs at work, in `deaths` crashes. */
async function crashed(deaths: number) {
  const lives = new Lives()
  const first = await lives.begin()
  for (const id of ['a', 'b', 'c']) await first.engine.start(ShopWorkflow, { amount: 1 }, { id })
  await turns()
  expect(lives.begun).toEqual(['a', 'b', 'c'])
  for (let i = 1; i < deaths; i++) {
    lives.die()
    await lives.begin()
  }
  lives.die()
  return { lives, test: await lives.begin() }
}

describe('runs that were at work when their worker died', () => {
  it('after one crash all go on at once', async () => {
    const { lives, test } = await crashed(1)
    expect(lives.begun).toEqual(['a', 'b', 'c'])
    await test.close()
  })

  it('after two in a row they go on one at a time, each as soon as the one before has committed something', async () => {
    const { lives, test } = await crashed(2)
    expect(lives.begun).toEqual(['a'])
    await lives.end('a')
    expect(lives.begun).toEqual(['a', 'b'])
    await lives.end('b')
    expect(lives.begun).toEqual(['a', 'b', 'c'])
    await test.close()
  })

  it('nothing else begins beside a suspect, and what was accepted meanwhile begins afterwards', async () => {
    const { lives, test } = await crashed(2)
    const run = await test.engine.start(ShopWorkflow, { amount: 1 }, { id: 'new' })
    await turns()
    expect(await run.view()).toMatchObject({ status: 'pending', state: State.Order })
    for (const id of ['a', 'b', 'c']) await lives.end(id)
    expect(lives.begun).toEqual(['a', 'b', 'c', 'new'])
    await test.close()
  })

  it('a suspect hears that it is cancelled', async () => {
    const { lives, test } = await crashed(2)
    const run = await test.engine.get('a')
    await run.cancel()
    await turns()
    expect(await run.view()).toMatchObject({ status: 'cancelled' })
    expect(lives.begun).toEqual(['a', 'b'])
    await test.close()
  })

  it('one that is only slow holds up the others for a second, ten times as long after each further crash', async () => {
    const { lives, test } = await crashed(2)
    await test.clock.advance(999)
    expect(lives.begun).toEqual(['a'])
    await test.clock.advance(1)
    await turns()
    expect(lives.begun).toEqual(['a', 'b'])
    lives.die()
    const again = await lives.begin() // a and b were in three crashes, c in two: it is not the first
    await again.clock.advance('9s')
    expect(lives.begun).toHaveLength(1)
    expect(lives.begun).not.toContain('c')
    await again.clock.advance('2s')
    await turns()
    expect([...lives.begun].sort()).toEqual(['a', 'b'])
    await again.close()
  })

  it('one that cannot be read for a moment is looked at again', async () => {
    const { lives } = await crashed(1)
    lives.die()
    lives.store.failing = { after: 1 } // the look at what is left succeeds, the first one at a run does not
    const test = await lives.begin()
    expect(lives.store.failing.after).toBe(-1)
    await test.clock.advance('1s')
    await turns()
    for (const id of ['a', 'b', 'c']) await lives.end(id)
    expect([...lives.begun].sort()).toEqual(['a', 'b', 'c'])
    await test.close()
  })

  it('one that has committed something is no suspect any more', async () => {
    const { lives } = await crashed(2)
    await lives.end('a')
    await lives.end('b')
    await lives.end('c')
    lives.die()
    const test = await lives.begin()
    for (const id of ['a', 'b', 'c']) await test.engine.signal(id, 'refuse', {})
    await test.settle()
    for (const id of ['a', 'b', 'c'])
      expect(await (await test.engine.get(id)).view()).toMatchObject({ status: 'completed' })
    await test.close()
  })

  it('the one that kills is set aside, and the others end', async () => {
    const { lives, test: second } = await crashed(1)
    void second
    // whatever life: as soon as `c` begins, the process dies
    let killed = 1
    for (let test = second; ;) {
      for (let id = lives.begun.find((id) => id !== 'c'); id && !lives.begun.includes('c');) {
        lives.begun = lives.begun.filter((other) => other !== id)
        await lives.end(id)
        id = lives.begun.find((id) => id !== 'c')
      }
      const [parked] = await test.engine.list({ status: 'quarantined' })
      if (parked) {
        expect(parked).toMatchObject({
          id: 'c',
          failure: { message: expect.stringContaining('5 times') as string },
        })
        for (const id of ['a', 'b']) await lives.end(id)
        const others = await test.engine.list({ state: State.Review })
        expect(others.map(({ id }) => id).sort()).toEqual(['a', 'b'])
        await test.close()
        break
      }
      expect(lives.begun).toContain('c')
      expect(++killed).toBeLessThanOrEqual(6)
      lives.die()
      test = await lives.begin()
    }
    expect(killed).toBe(6)
  })
})
