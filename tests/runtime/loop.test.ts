import { z } from 'zod'
import { expect, it } from 'vitest'
import { states, type Input, type ShapeOf } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { CountingStore } from '../support/counting-store.ts'
import { family, KidWorkflow } from '../support/family.ts'

enum State {
  Ping = 'ping',
  Pong = 'pong',
  End = 'end',
}
const left = z.object({ left: z.number() })
const Loop = states(
  State,
  { [State.Ping]: left, [State.Pong]: left, [State.End]: left },
  { initial: State.Ping, final: State.End },
)
type D = ShapeOf<typeof Loop>

@Loop.workflow({ name: 'loop', deadline: '52w' })
class LoopWorkflow {
  @Loop.step(State.Ping, { to: [State.Pong, State.End] })
  async ping({ left }: Input<D, State.Ping>) {
    await Promise.resolve()
    return left > 0 ? Loop.go(State.Pong, { left: left - 1 }) : Loop.go(State.End, { left })
  }
  @Loop.step(State.Pong, { to: State.Ping })
  pong({ left }: Input<D, State.Pong>) {
    return Loop.go(State.Ping, { left })
  }
}

const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0)

it('I11 a loop of 100,000 transitions writes as much at the end as at the start, and holds on to nothing', async () => {
  const store = new CountingStore()
  const test = createTestEngine({ workflows: [LoopWorkflow], store })
  const run = await test.engine.start(LoopWorkflow, { left: 50_000 })
  expect(await test.finish(run)).toMatchObject({
    status: 'completed',
    visits: { ping: 50_001, pong: 50_000 },
  })
  expect(store.sizes.length).toBeLessThan(100_020)
  const early = sum(store.sizes.slice(2_000, 12_000))
  const late = sum(store.sizes.slice(-12_000, -2_000))
  expect(late).toBeLessThan(early * 1.05) // numbers get longer
  await test.close()
})

it('I11 the end of a child costs its parent as much among 2,000 as among 200', async () => {
  const cost = async (count: number) => {
    const Family = family({ concurrency: 20 })
    const store = new CountingStore()
    const hands = { work: () => new Promise(setImmediate) }
    const test = createTestEngine({ workflows: [Family, KidWorkflow], store, resources: { hands } })
    const run = await test.engine.start(Family, { way: 'many', count })
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    await test.close()
    return { bytes: store.bytesWritten / count, rows: store.rowsRead / count }
  }
  const few = await cost(200)
  const many = await cost(2_000)
  expect(many.bytes).toBeLessThan(few.bytes * 1.1)
  expect(many.rows).toBeLessThan(few.rows * 2)
})
