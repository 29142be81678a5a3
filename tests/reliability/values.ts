import assert from 'node:assert/strict'
import fc from 'fast-check'
import { z } from 'zod'
import {
  resources,
  states,
  StepwrightError,
  type Context,
  type Input,
  type ShapeOf,
  type Signal,
} from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { PartList } from '../../src/store/part-list.ts'
import { trial } from './trial.ts'
import { kept, wild } from './wild-values.ts'

enum State {
  Take = 'take',
  Each = 'each',
  Ask = 'ask',
  Done = 'done',
}

/** Where a value can be handed over. */
const PLACES = ['data', 'vars', 'payload', 'memo', 'result', 'output'] as const
type Place = (typeof PLACES)[number]

interface Cargo {
  readonly place: Place
  readonly value: unknown
  /** As it came back from the store. */
  came: readonly unknown[]
}

const held = z.object({ v: z.unknown() })
const Carrier = states(
  State,
  { [State.Take]: z.object({}), [State.Each]: held, [State.Ask]: held, [State.Done]: held },
  {
    initial: State.Take,
    final: State.Done,
    signals: { answer: held },
    items: { [State.Each]: z.unknown() },
    vars: z.object({ v: z.array(z.unknown()).default([]) }),
    resources: resources<{ freight: { cargo: Cargo } }>(),
  },
)
const { workflow, step, map, wait, go } = Carrier
type D = ShapeOf<typeof Carrier>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

/** Each place has its value on the way through the store: a run that waits is read again when it goes on. */
@workflow({ name: 'carrier' })
class CarrierWorkflow {
  @step(State.Take, { to: State.Each })
  async take(_: In<State.Take>, { freight: { cargo }, memo }: Ctx) {
    const { place, value } = cargo
    if (place === 'memo') cargo.came = [await memo('m', () => value)]
    return go(State.Each, { v: place === 'data' ? value : 0 }, { v: place === 'vars' ? [value] : [] })
  }
  @map(State.Each, { over: () => [1], to: State.Ask, reduce: (_, { v }) => go(State.Ask, { v }) })
  each(_item: unknown, _: In<State.Each>, { freight: { cargo } }: Ctx) {
    const { place, value } = cargo
    return place === 'result' ? value : 0
  }
  @wait(State.Ask, { on: { answer: State.Done } })
  ask(answer: Signal<D, 'answer'>, { v }: In<State.Ask>, { freight: { cargo }, vars }: Ctx) {
    if (cargo.place === 'data') cargo.came = [v]
    if (cargo.place === 'vars') cargo.came = vars.v
    if (cargo.place === 'payload') cargo.came = [answer.v]
    return go(State.Done, { v: cargo.place === 'output' ? cargo.value : 0 })
  }
}

/** How the refusal of a value in that place names it. */
const NAMES: Readonly<Record<Place, RegExp>> = {
  data: /^data\b/,
  vars: /^vars\b/,
  payload: /^payload\b/,
  memo: /^memo "m"/,
  result: /^part "0000000"/,
  output: /^data\b/,
}

/** Hands values over, one run for each. */
class Carriage {
  readonly #store = new MemoryStore()
  readonly #freight: { cargo: Cargo } = { cargo: { place: 'data', value: 0, came: [] } }
  readonly #test = createTestEngine({
    workflows: [CarrierWorkflow],
    store: this.#store,
    resources: { freight: this.#freight },
  })

  /** `false`: it was refused, with its path. */
  async carry(place: Place, value: unknown): Promise<boolean> {
    const { engine, finish } = this.#test
    const cargo: Cargo = (this.#freight.cargo = { place, value, came: [] })
    const run = await engine.start(CarrierWorkflow, {})
    await finish(run)
    const v = place === 'payload' ? value : 0
    let refused: unknown
    if ((await run.view()).status === 'waiting')
      await run.signal('answer', { v }).catch((error: unknown) => void (refused = error))
    const { status, data, failure } = await finish(run)
    if (refused !== undefined || status === 'failed') {
      const said =
        refused instanceof StepwrightError ? refused.message : (failure?.message ?? String(refused))
      assert.match(said, /\[not-storable\]$/)
      assert.match(said, NAMES[place])
      return false
    }
    assert.equal(status, 'completed')
    if (place === 'output') cargo.came = [(data as { v: unknown }).v]
    if (place === 'result') {
      const parts = await new PartList({ id: run.id, state: State.Each, visits: { [State.Each]: 1 } }).load(
        this.#store,
      )
      cargo.came = [parts.get('0000000')?.result]
    }
    assert.equal(cargo.came.length, 1)
    assert.deepStrictEqual(cargo.came[0], value)
    return true
  }

  close(): Promise<void> {
    return this.#test.close()
  }
}

/** R14 */
export const values = trial<number>({
  id: 'R14',
  title:
    'generated values in data, vars, payloads, memos, results and outputs: equal after restore, or refused with the path',
  sizes: { ci: 900, full: 10_000 },
  async run(count, show) {
    const carriage = new Carriage()
    let equal = 0
    let refused = 0
    const hand = async (value: unknown, i: number, must: boolean): Promise<void> => {
      const place = PLACES[i % PLACES.length] as Place
      const came = await carriage.carry(place, value).catch((error: unknown) => {
        throw new Error(`${place}: ${fc.stringify(value)}`, { cause: error })
      })
      assert(came || !must, `${place}: refused ${fc.stringify(value)}`)
      if (came) equal++
      else refused++
    }
    const half = count / 2
    for (const [i, value] of fc.sample(kept, { numRuns: half, seed: 14 }).entries())
      await hand(value, i, true)
    for (const [i, value] of fc.sample(wild, { numRuns: half, seed: 41 }).entries())
      await hand(value, i, false)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    assert(refused > count / 20, 'hardly anything was refused: the trial is blunt')
    await carriage.close()
    show(`${equal} equal, ${refused} refused`)
    return { equal, 'refused with the path': refused }
  },
})
