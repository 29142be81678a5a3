import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import {
  createEngine,
  resources,
  states,
  StepwrightError,
  type Context,
  type Input,
  type ShapeOf,
} from 'stepwright'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import type { Batch } from '../../src/store/store.ts'
import { trial, type Figures } from './trial.ts'

const MB = 2 ** 20

enum State {
  Carry = 'carry',
  Fan = 'fan',
  Loop = 'loop',
  Done = 'done',
}
const load = z.object({
  text: z.string().default(''),
  children: z.number().default(0),
  loops: z.number().default(0),
})
const Heavy = states(
  State,
  {
    [State.Carry]: load,
    [State.Fan]: load,
    [State.Loop]: load,
    [State.Done]: z.object({ size: z.number() }),
  },
  {
    initial: State.Carry,
    final: State.Done,
    resources: resources<{ make: (size: number) => string; outside: () => unknown }>(),
  },
)
type D = ShapeOf<typeof Heavy>
type In<S extends State> = Input<D, S>

enum Small {
  Do = 'do',
  Done = 'done',
}
const Leaf = states(
  Small,
  { [Small.Do]: z.object({}), [Small.Done]: z.object({}) },
  { initial: Small.Do, final: Small.Done },
)
@Leaf.workflow({ name: 'leaf' })
class LeafWorkflow {
  @Leaf.step(Small.Do, { to: Small.Done })
  async do(_: Input<ShapeOf<typeof Leaf>, Small.Do>) {
    await new Promise(setImmediate)
    return Leaf.go(Small.Done, {})
  }
}

/** Carries what it is given from state to state; a number in place of the text is how much the handler makes. */
@Heavy.workflow({ name: 'heavy' })
class HeavyWorkflow {
  @Heavy.step(State.Carry, { to: [State.Fan, State.Loop] })
  async carry(input: In<State.Carry>, { make, outside }: Context<D>) {
    await outside()
    const made = /^make (\d+)$/.exec(input.text)
    const text = made ? make(Number(made[1])) : input.text
    return input.children > 0
      ? Heavy.go(State.Fan, { ...input, text })
      : Heavy.go(State.Loop, { ...input, text })
  }
  @Heavy.children(State.Fan, {
    workflow: LeafWorkflow,
    over: ({ children }) => Array.from({ length: children }, (_, i) => i),
    input: () => ({}),
    concurrency: 64,
    to: State.Done,
  })
  fan(ended: readonly unknown[], _: In<State.Fan>) {
    return Heavy.go(State.Done, { size: ended.length })
  }
  @Heavy.step(State.Loop, { to: [State.Loop, State.Done] })
  async loop({ loops, ...rest }: In<State.Loop>, { outside }: Context<D>) {
    await outside()
    return loops > 0
      ? Heavy.go(State.Loop, { ...rest, loops: loops - 1 })
      : Heavy.go(State.Done, { size: rest.text.length })
  }
}

/** How many characters were handed over by the largest write. */
class WeighingStore extends SqliteStore {
  largest = 0

  override write(batch: Batch): Promise<boolean> {
    const size = (batch.put ?? []).reduce((sum, { value }) => sum + value.length, 0)
    this.largest = Math.max(this.largest, size)
    return super.write(batch)
  }
}

interface Delay {
  readonly p99: number
  readonly most: number
  readonly ms: number
}

/** How late the event loop is while something goes on, in milliseconds. */
async function delayDuring(work: () => Promise<unknown>): Promise<Delay> {
  const histogram = monitorEventLoopDelay({ resolution: 5 })
  const began = performance.now()
  histogram.enable()
  await sleep(20) // it begins to measure with its second look
  await work()
  await sleep(20) // what was held up is counted when the loop goes round again
  histogram.disable()
  assert(histogram.count > 0, 'nothing was measured')
  const ms = (nanos: number): number => Math.max(0, Math.round(nanos / 1e6) - 5)
  return {
    p99: ms(histogram.percentile(99)),
    most: ms(histogram.max),
    ms: Math.round(performance.now() - began),
  }
}

interface Sizes {
  readonly children: number
  readonly loops: number
  readonly rounds: number
  /** Of the values, in MB. */
  readonly below: readonly number[]
}

/** R19 */
export const weight = trial<Sizes>({
  id: 'R19',
  title:
    'values of 1, 10 and 100 MB, thousands of children, thousands of transitions: refused before any write, or not in the way of others',
  sizes: {
    ci: { children: 300, loops: 1_500, rounds: 3, below: [1] },
    full: { children: 5_000, loops: 10_000, rounds: 20, below: [1, 7.9] },
  },
  async run({ children, loops, rounds, below }, show) {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-weight-'))
    const store = new WeighingStore(join(dir, 'runs.db'), { synchronous: 'normal' })
    const engine = createEngine({
      workflows: [HeavyWorkflow, LeafWorkflow],
      store,
      // as handlers do that ask something of the outside world
      resources: { make: (size) => 'y'.repeat(size), outside: () => new Promise(setImmediate) },
      onWarning: () => undefined,
    })
    const go = async (input: { text?: string; children?: number; loops?: number }): Promise<unknown> => {
      const run = await engine.start(HeavyWorkflow, input)
      return (await run.result()).data
    }
    const figures: Record<string, number | string> = {}
    const missed: string[] = []
    const measure = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      const { p99, most, ms } = await delayDuring(work)
      Object.assign(figures, {
        [`${what}: loop delay p99 ms`]: p99,
        [`${what}: most ms`]: most,
        [`${what}: ms`]: ms,
      })
      if (p99 >= MOST_DELAY && !what.endsWith('children')) missed.push(`${what}: ${p99} ms`)
      show(`${what}: p99 ${p99} ms, most ${most} ms, in ${ms} ms`)
    }
    try {
      await engine.open()
      const before = store.largest
      for (const size of [10, 100]) {
        await refuses(() => engine.start(HeavyWorkflow, { text: 'x'.repeat(size * MB) }), '.text')
        await assert.rejects(go({ text: `make ${size * MB}` }), /\[too-large\]/)
      }
      assert(
        store.largest < Math.max(before, 50_000),
        `${store.largest} characters were written of what was refused`,
      )
      for (const size of below.map((mb) => Math.floor(mb * MB)))
        await measure(`${(size / MB).toFixed(1)} MB`, async () => {
          for (let i = 0; i < rounds; i++) assert.deepEqual(await go({ text: `make ${size}` }), { size })
        })
      await measure(`${children} children`, async () =>
        assert.deepEqual(await go({ children }), { size: children }),
      )
      await measure(`${loops} transitions`, async () => assert.deepEqual(await go({ loops }), { size: 0 }))
      assert.deepEqual(missed, [], 'the event loop was late')
      return figures as Figures
    } finally {
      await engine.close()
      rmSync(dir, { recursive: true, force: true })
    }
  },
})

/** The 99th percentile that is allowed, in milliseconds. That of children is shown alone: a fork begins and ends them without a turn of the event loop. */
const MOST_DELAY = 200

async function refuses(call: () => Promise<unknown>, path: string): Promise<void> {
  const error: unknown = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert(error instanceof StepwrightError && error.code === 'too-large', String(error))
  assert.equal(error.details['path'], path)
}
