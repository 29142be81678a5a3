import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  FatalError,
  resources,
  states,
  type Context,
  type HistoryEvent,
  type Input,
  type Moved,
  type RunHandle,
  type ShapeOf,
  type Signal,
  type Store,
} from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { crashAtEachWrite } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

enum State {
  Open = 'open',
  Reserve = 'reserve',
  Pick = 'pick',
  Charge = 'charge',
  Ask = 'ask',
  Ship = 'ship',
  Done = 'done',
  Lost = 'lost',
}
const order = z.object({ round: z.number() })
const Orders = states(
  State,
  {
    [State.Open]: order,
    [State.Reserve]: order,
    [State.Pick]: order,
    [State.Charge]: order,
    [State.Ask]: order.extend({ why: z.string() }),
    [State.Ship]: order,
    [State.Done]: order,
    [State.Lost]: z.object({ why: z.string() }),
  },
  {
    initial: State.Open,
    final: [State.Done, State.Lost],
    signals: { again: z.object({}), ship: z.object({}) },
    items: { [State.Pick]: z.string() },
    transactions: {
      goods: {
        states: [State.Reserve, State.Pick, State.Charge],
        catch: [
          { error: TypeError, to: State.Lost, with: ({ message }) => ({ why: message }) },
          { to: State.Ask, with: ({ message }) => ({ round: 0, why: message }) },
        ],
      },
    },
    resources: resources<{ call: (what: string, round: number, attempt: number) => unknown }>(),
  },
)
type D = ShapeOf<typeof Orders>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

const tell = async ({ call, run }: Ctx, what: string, round: number): Promise<void> =>
  void (await call(`${what} ${run.idempotencyKey}`, round, run.attempt))

@Orders.workflow({ name: 'orders' })
class OrdersWorkflow {
  @Orders.step(State.Open, { to: State.Reserve })
  async open({ round }: In<State.Open>, context: Ctx) {
    await tell(context, 'open', round)
    return Orders.go(State.Reserve, { round })
  }
  @Orders.compensate(State.Open)
  async unopen({ round }: In<State.Open>, _: Moved<D>, context: Ctx) {
    await tell(context, '-open', round)
  }

  @Orders.step(State.Reserve, { to: State.Pick })
  async reserve({ round }: In<State.Reserve>, context: Ctx) {
    await tell(context, 'reserve', round)
    return Orders.go(State.Pick, { round })
  }
  @Orders.compensate(State.Reserve)
  async unreserve({ round }: In<State.Reserve>, _: Moved<D>, context: Ctx) {
    await tell(context, '-reserve', round)
  }

  @Orders.map(State.Pick, {
    over: () => ['x', 'y'],
    concurrency: 1,
    to: State.Charge,
    reduce: (_, { round }) => Orders.go(State.Charge, { round }),
  })
  async pick(item: string, { round }: In<State.Pick>, context: Ctx) {
    await tell(context, `pick ${item}`, round)
    return item
  }
  @Orders.compensate(State.Pick)
  async unpick(result: string, _: string, context: Ctx) {
    await tell(context, `-pick ${result}`, 0)
  }

  @Orders.step(State.Charge, { to: State.Ask, retry: { maxAttempts: 1 } })
  async charge({ round }: In<State.Charge>, context: Ctx) {
    await tell(context, 'charge', round)
    return Orders.go(State.Ask, { round, why: 'charged' })
  }

  @Orders.wait(State.Ask, { on: { again: State.Reserve, ship: State.Ship } })
  ask(e: Signal<D, 'again' | 'ship'>, { round }: In<State.Ask>) {
    return e.type === 'again'
      ? Orders.go(State.Reserve, { round: round + 1 })
      : Orders.go(State.Ship, { round })
  }

  @Orders.step(State.Ship, { to: State.Done, retry: { maxAttempts: 1 } })
  async ship({ round }: In<State.Ship>, context: Ctx) {
    await tell(context, 'ship', round)
    return Orders.go(State.Done, { round })
  }
}

type Call = (what: string, round: number, attempt: number) => unknown

function open(store: Store, fails: Call = () => undefined) {
  const calls: string[] = []
  const call: Call = async (what, round, attempt) => {
    calls.push(what.replace(/ o\//, ' '))
    await fails(what, round, attempt)
  }
  const test = createTestEngine({ workflows: [OrdersWorkflow], store, resources: { call } })
  return { test, calls }
}

const failing =
  (start: string, error: Error = new FatalError(`no ${start}`), round?: number): Call =>
  (what, now) => {
    if (what.startsWith(start) && (round === undefined || round === now)) throw error
  }

const pass = (visit: number): string[] => [
  `reserve reserve/${visit}`,
  `pick x pick/${visit}/0000000`,
  `pick y pick/${visit}/0000001`,
  `charge charge/${visit}`,
]
const back = (visit: number): string[] => [
  `-pick y pick/${visit}/0000001/undo`,
  `-pick x pick/${visit}/0000000/undo`,
  `-reserve reserve/${visit}/undo`,
]

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('transactions: $kind', (kind) => {
  it('states that are undone together, while the rest of the run stays and goes on', async () => {
    const { test, calls } = open(kind.make(freshName()), failing('charge', undefined, 1))
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    expect(await test.finish(run)).toMatchObject({
      status: 'waiting',
      state: State.Ask,
      data: { round: 0, why: 'no charge' },
      undoable: 1,
    })
    expect((await run.view()).failure).toBeUndefined()
    expect(calls).toEqual(['open open/1', ...pass(1), ...back(1)])
    const events: HistoryEvent[] = []
    for await (const event of run.events({ follow: false })) events.push(event)
    expect(events.slice(-7).map(({ type }) => type)).toEqual([
      ...['compensating', 'undone', 'undone', 'undone', 'undone', 'compensated', 'moved'],
    ])
    const failure = { name: 'FatalError', message: 'no charge' }
    expect(events.find(({ type }) => type === 'compensating')).toMatchObject({ why: 'transaction', failure })
    expect(events.at(-1)).toMatchObject({
      ...{ type: 'moved', by: 'catch', from: State.Charge, to: State.Ask },
      failure,
    })
    expect((await test.engine.verify('o')).problems).toEqual([])
    await run.signal('again', {})
    await test.finish(run)
    await run.signal('ship', {})
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    await test.close()
  })

  it('the way out of a transaction may be a final state', async () => {
    const { test, calls } = open(kind.make(freshName()), failing('charge', new TypeError('odd')))
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    expect(await test.finish(run)).toMatchObject({
      status: 'completed',
      state: State.Lost,
      data: { why: 'odd' },
    })
    expect(calls.slice(5)).toEqual(back(1))
    await test.close()
  })

  it('where nothing of it was committed, the run just goes on', async () => {
    const { test, calls } = open(kind.make(freshName()), failing('reserve'))
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', state: State.Ask })
    expect(calls).toEqual(['open open/1', 'reserve reserve/1'])
    await test.close()
  })

  it('a second pass that fails leaves the first as it is; a failure of the whole run undoes that too', async () => {
    const { test, calls } = open(kind.make(freshName()), (what, round, attempt) => {
      failing('charge', undefined, 2)(what, round, attempt)
      failing('ship')(what, round, attempt)
    })
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    await test.finish(run)
    await run.signal('again', {})
    expect(await test.finish(run)).toMatchObject({
      status: 'waiting',
      data: { why: 'no charge' },
      undoable: 3,
    })
    expect(calls).toEqual(['open open/1', ...pass(1), ...pass(2), ...back(2)])
    calls.length = 0
    await run.signal('ship', {})
    expect(await test.finish(run)).toMatchObject({ status: 'compensated' })
    expect(calls).toEqual(['ship ship/1', ...back(1), '-open open/1/undo'])
    await test.close()
  })

  it('two passes that fail are each undone, also in one process', async () => {
    const { test, calls } = open(kind.make(freshName()), failing('charge'))
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    await run.signal('again', {})
    await run.signal('again', {})
    await test.finish(run)
    expect(calls).toEqual(['open open/1', ...[1, 2, 3].flatMap((n) => [...pass(n), ...back(n)])])
    await test.close()
  })

  it('an item that fails: what was picked is undone with the rest', async () => {
    const { test, calls } = open(kind.make(freshName()), failing('pick y'))
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', state: State.Ask })
    expect(calls.slice(1)).toEqual([...pass(1).slice(0, 3), ...back(1).slice(1)])
    await test.close()
  })

  it('a compensation of it that fails parks the run; resumed, it goes on its way', async () => {
    let broken = true
    const { test, calls } = open(kind.make(freshName()), (what, round, attempt) => {
      failing('charge')(what, round, attempt)
      if (broken) failing('-pick x')(what, round, attempt)
    })
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    expect(await test.finish(run)).toMatchObject({ status: 'compensation-failed' })
    expect(await run.undoable()).toMatchObject([{ state: State.Pick }, { state: State.Reserve }])
    broken = false
    calls.length = 0
    await run.resume()
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', state: State.Ask })
    expect((await run.view()).failure).toBeUndefined()
    expect(calls).toEqual(back(1).slice(1))
    await test.close()
  })

  it('cancelled while a transaction is undone, the whole run is', async () => {
    const asked: Promise<void>[] = []
    const { test, calls } = open(kind.make(freshName()), async (what, round, attempt) => {
      failing('charge')(what, round, attempt)
      if (what.startsWith('-pick y')) asked.push(test.engine.get('o').then((run) => run.cancel()))
      await Promise.all(asked)
    })
    const run = await test.engine.start(OrdersWorkflow, { round: 1 }, { id: 'o' })
    expect(await test.finish(run)).toMatchObject({ status: 'cancelled' })
    expect(calls.slice(5)).toEqual([...back(1), '-open open/1/undo'])
    await test.close()
  })

  it('I1 I3 I4 a crash at each write: the same calls in the same order', async () => {
    const inOrder: string[][] = []
    await crashAtEachWrite(
      kind,
      {
        workflows: [OrdersWorkflow],
        resources: (call) => ({
          call: async (what: string, round: number, attempt: number) => {
            await call(what)
            failing('charge', undefined, 2)(what, round, attempt)
            failing('ship')(what, round, attempt)
            if (what.startsWith('-pick x') && attempt === 1) throw new Error('busy')
          },
        }),
        live: async (test) => {
          const start = { round: 1 } as never
          const run = (await test.engine.start(OrdersWorkflow, start, { id: 'o' })) as unknown as RunHandle<D>
          await test.finish(run)
          await run.signal('again', {}, { id: 'a' }).catch(() => undefined)
          await test.finish(run)
          await run.signal('ship', {}, { id: 's' }).catch(() => undefined)
          const { status, visits } = await test.finish(run)
          return { status, visits }
        },
      },
      1,
      ({ value, calls }, where) => {
        expect(value, where).toMatchObject({ status: 'compensated' })
        inOrder.push([...new Set(calls)])
        expect(inOrder.at(-1), where).toEqual(inOrder[0])
      },
    )
  })
})
