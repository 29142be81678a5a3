import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { states, type Input, type ShapeOf, type Signal } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Batch, Collection, Row } from '../../src/store/store.ts'

enum State {
  Ping = 'ping',
  Pong = 'pong',
  Park = 'park',
  End = 'end',
}
const data = z.object({ left: z.number(), messages: z.array(z.string()) })
const Long = states(
  State,
  { [State.Ping]: data, [State.Pong]: data, [State.Park]: data, [State.End]: z.object({}) },
  { initial: State.Ping, final: State.End, signals: { go: z.object({ left: z.number() }) } },
)
type D = ShapeOf<typeof Long>
const grown = ({ left, messages }: z.output<typeof data>, size: number) => ({
  left: left - 1,
  messages: size > 0 ? [...messages, `${left}:`.padEnd(size, 'x')] : messages,
})
const long = (size: number) => {
  @Long.workflow({ name: 'long' })
  class LongWorkflow {
    @Long.step(State.Ping, { to: [State.Pong, State.Park] }) ping(input: Input<D, State.Ping>) {
      return Long.go(input.left > 0 ? State.Pong : State.Park, grown(input, size))
    }
    @Long.step(State.Pong, { to: [State.Ping, State.Park] }) pong(input: Input<D, State.Pong>) {
      return Long.go(input.left > 0 ? State.Ping : State.Park, grown(input, size))
    }
    @Long.wait(State.Park, { on: { go: [State.Ping, State.End] } })
    park({ left }: Signal<D, 'go'>, { messages }: Input<D, State.Park>) {
      return left > 0 ? Long.go(State.Ping, { left, messages }) : Long.go(State.End, {})
    }
  }
  return LongWorkflow
}

/** Counts what goes through it. */
class CountingStore extends MemoryStore {
  reads = 0
  bytesRead = 0
  writes = 0
  bytesWritten = 0
  largest = 0

  override async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    const rows = await super.get(collection, keys)
    this.reads += keys.length
    this.bytesRead += rows.reduce((sum, row) => sum + (row?.value.length ?? 0), 0)
    return rows
  }

  override write(batch: Batch): Promise<boolean> {
    const bytes = (batch.put ?? []).reduce((sum, { value }) => sum + value.length, 0)
    this.writes += 1
    this.bytesWritten += bytes
    this.largest = Math.max(this.largest, bytes)
    return super.write(batch)
  }

  reset(): void {
    this.reads = this.bytesRead = this.writes = this.bytesWritten = this.largest = 0
  }
}

async function parked(steps: number, size: number) {
  const store = new CountingStore()
  const LongWorkflow = long(size)
  const first = createTestEngine({ workflows: [LongWorkflow], store })
  const run = await first.engine.start(LongWorkflow, { left: steps - 1, messages: [] }, { id: 'r' })
  await first.finish(run)
  const { writes, bytesWritten, largest } = store
  await first.close()
  return { store, LongWorkflow, writes, bytesWritten, largest }
}

describe('I11 cost does not grow with the number of steps', () => {
  it('a resume reads the same rows and as many bytes after 100 steps as after 20,000', async () => {
    const costs: { reads: number; writes: number; bytesRead: number }[] = []
    for (const steps of [100, 20_000]) {
      const { store, LongWorkflow } = await parked(steps, 0)
      store.reset()
      const second = createTestEngine({
        workflows: [LongWorkflow],
        store,
        clock: new TestClock(Date.UTC(2027, 0, 1)),
      })
      const run = await second.engine.get('r')
      await second.engine.signal('r', 'go', { left: 0 })
      await second.finish(run)
      costs.push({ reads: store.reads, writes: store.writes, bytesRead: store.bytesRead })
      await second.close()
    }
    const [short, long] = costs as [(typeof costs)[0], (typeof costs)[0]]
    expect({ reads: long.reads, writes: long.writes }).toEqual({ reads: short.reads, writes: short.writes })
    expect(long.bytesRead).toBeLessThan(short.bytesRead + 8_000) // the tail of the history is at most one page
  })

  it('one write a step, of a page at the most', async () => {
    const { writes, largest } = await parked(1_000, 0)
    expect(writes).toBeLessThanOrEqual(1_000 + 5)
    expect(largest).toBeLessThan(10_000)
  })

  it('what is handed to the store is in proportion to what changed, not to how much there is', async () => {
    const { bytesWritten } = await parked(200, 10_240)
    expect(bytesWritten).toBeLessThan(200 * 10_240 * 2.5)
  })
})
