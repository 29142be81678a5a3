import { z } from 'zod'
import { beforeAll, describe, expect, it } from 'vitest'
import { states, type Input, type ShapeOf, type Signal, type Store } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { MeteredStore } from '../../bench/metered-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { freshName, storeKinds } from '../support/stores.ts'

enum State {
  Ping = 'ping',
  Pong = 'pong',
  Park = 'park',
  End = 'end',
}
const data = z.object({ left: z.number(), text: z.string() })
const Long = states(
  State,
  { [State.Ping]: data, [State.Pong]: data, [State.Park]: data, [State.End]: z.object({}) },
  { initial: State.Ping, final: State.End, signals: { go: z.object({ more: z.boolean() }) } },
)
type D = ShapeOf<typeof Long>

@Long.workflow({ name: 'long' })
class LongWorkflow {
  @Long.step(State.Ping, { to: [State.Pong, State.Park] }) ping({ left, text }: Input<D, State.Ping>) {
    return Long.go(left > 1 ? State.Pong : State.Park, { left: left - 1, text })
  }
  @Long.step(State.Pong, { to: [State.Ping, State.Park] }) pong({ left, text }: Input<D, State.Pong>) {
    return Long.go(left > 1 ? State.Ping : State.Park, { left: left - 1, text })
  }
  @Long.wait(State.Park, { on: { go: [State.Ping, State.End] } }) park(
    { more }: Signal<D, 'go'>,
    { text }: Input<D, State.Park>,
  ) {
    return more ? Long.go(State.Ping, { left: 1, text }) : Long.go(State.End, {})
  }
}

const kinds = storeKinds(['memory', 'sqlite', 'redis'])
/** At the end of its steps a run has sealed most of its history; where it stands in the newest page is chance. */
const PAGE = 4_096

/** What a store holds after so many steps. Made in memory, and carried over: the rows of a run are the same in every store. */
async function after(steps: number): Promise<Store> {
  const store = new MemoryStore()
  const { engine, finish, close } = createTestEngine({ workflows: [LongWorkflow], store })
  const run = await engine.start(LongWorkflow, { left: steps, text: 'x'.repeat(200) }, { id: 'r' })
  expect((await finish(run)).revision).toBeGreaterThanOrEqual(steps)
  await close()
  return store
}

async function resume(from: Store, to: Store) {
  await to.open()
  for await (const page of from.rows()) await to.restore(page)
  await to.close()
  const store = new MeteredStore(to)
  const { engine, finish, close } = createTestEngine({
    workflows: [LongWorkflow],
    store,
    clock: new TestClock(Date.UTC(2027, 0, 1)),
  })
  const run = await engine.get('r')
  await engine.signal('r', 'go', { more: true }, { id: 's' })
  expect(await finish(run)).toMatchObject({ status: 'waiting', state: State.Park })
  const costs = { read: { ...store.read }, written: { ...store.written } }
  await close()
  return costs
}

describe('I11 what a resume reads after 100 steps and after 100,000', () => {
  let short: Store
  let long: Store
  beforeAll(async () => {
    ;[short, long] = [await after(100), await after(100_000)]
  })

  it.each(kinds)('$kind: the same calls and rows, and no more than a page besides', async ({ make }) => {
    const few = await resume(short, make(freshName()))
    const many = await resume(long, make(freshName()))
    expect(few.read.rows).toBeGreaterThan(0)
    expect({ calls: many.read.calls, rows: many.read.rows }).toEqual({
      calls: few.read.calls,
      rows: few.read.rows,
    })
    expect(Math.abs(many.read.characters - few.read.characters)).toBeLessThan(PAGE)
    expect({ calls: many.written.calls, rows: many.written.rows }).toEqual({
      calls: few.written.calls,
      rows: few.written.rows,
    })
  })
})
