import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  FatalError,
  RetryableError,
  resources,
  states,
  type Context,
  type HistoryEvent,
  type Input,
  type RunHandle,
  type ShapeOf,
} from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { crashAtEachWrite } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

class BusyError extends Error {
  override readonly name = 'BusyError'
}
class VeryBusyError extends BusyError {}
class CardError extends Error {
  override readonly name = 'CardError'
}

enum State {
  Call = 'call',
  Last = 'last',
  Card = 'card',
  Other = 'other',
  Rescued = 'rescued',
  Done = 'done',
}
const why = z.object({ why: z.string() })
const Calls = states(
  State,
  {
    [State.Call]: z.object({ n: z.number() }),
    [State.Last]: z.object({ n: z.number() }),
    [State.Card]: why,
    [State.Other]: why,
    [State.Rescued]: why,
    [State.Done]: z.object({ n: z.number() }),
  },
  {
    initial: State.Call,
    final: [State.Done, State.Card, State.Other, State.Rescued],
    resources: resources<{ call: (state: string, attempt: number, key: string) => unknown }>(),
  },
)
type D = ShapeOf<typeof Calls>

@Calls.workflow({
  name: 'calls',
  catch: [
    { error: 'ELOST', to: State.Rescued, with: ({ code }, from) => ({ why: `${code} in ${from.state}` }) },
    {
      error: SyntaxError,
      to: State.Rescued,
      with: () => {
        throw new TypeError('the edge itself is broken')
      },
    },
  ],
})
class CallsWorkflow {
  @Calls.step(State.Call, {
    to: State.Last,
    retry: {
      maxAttempts: 2,
      initialInterval: '1s',
      jitter: 'none',
      on: [
        { error: VeryBusyError, maxAttempts: 4, initialInterval: '10s', coefficient: 3, maxInterval: '1m' },
        { error: [BusyError, 'EBUSY'], maxAttempts: 3 },
        { error: CardError, maxAttempts: 1 },
        { error: 'invalid-thing', maxAttempts: 2 },
      ],
    },
    catch: [
      { error: CardError, to: State.Card, with: ({ message }, { n }) => ({ why: `${message} ${n}` }) },
      { error: [BusyError, 'TimeoutError'], to: State.Other, with: ({ name }) => ({ why: name }) },
      { error: CardError, to: State.Other, with: { why: 'never: the first that fits counts' } },
    ],
    timeout: '1h',
  })
  async call({ n }: Input<D, State.Call>, { call, run }: Context<D>) {
    await call('call', run.attempt, run.idempotencyKey)
    return Calls.go(State.Last, { n })
  }

  @Calls.step(State.Last, {
    to: State.Done,
    catch: { to: State.Other, with: ({ message }) => ({ why: message }) },
  })
  async last({ n }: Input<D, State.Last>, { call, run }: Context<D>) {
    await call('last', run.attempt, run.idempotencyKey)
    return Calls.go(State.Done, { n })
  }
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('errors by their class: $kind', (kind) => {
  /** Starts a run whose first call throws what `thrown` gives for each attempt. */
  async function calls(thrown: (attempt: number) => unknown, at = 'call') {
    const times: number[] = []
    const test = createTestEngine({
      workflows: [CallsWorkflow],
      store: kind.make(freshName()),
      resources: {
        call: (state: string, attempt: number) => {
          times.push(test.clock.now())
          const error = state === at ? thrown(attempt) : undefined
          if (error !== undefined) throw error
        },
      },
    })
    const run = await test.engine.start(CallsWorkflow, { n: 7 }, { id: 'c' })
    const view = await test.finish(run)
    const events: HistoryEvent[] = []
    for await (const event of run.events()) events.push(event)
    await test.close()
    return { view, waits: times.slice(1).map((at, i) => (at - (times[i] ?? 0)) / 1_000), events }
  }

  it.each<[string, () => unknown, number[], string]>([
    ['the policy of the state', () => new Error('x'), [1], 'failed'],
    ['a row for its class', () => new BusyError('x'), [1, 2], State.Other],
    ['the first row that fits, of a subclass', () => new VeryBusyError('x'), [10, 30, 60], State.Other],
    ['a row for its code', () => Object.assign(new Error('x'), { code: 'EBUSY' }), [1, 2], 'failed'],
    ['a row that says once', () => new CardError('x'), [], State.Card],
    [
      'one that says nothing of itself, but a row asks for it',
      () => Object.assign(new Error('x'), { status: 400, code: 'invalid-thing' }),
      [1],
      'failed',
    ],
    [
      'none for an HTTP status that is final',
      () => Object.assign(new Error('x'), { status: 400 }),
      [],
      'failed',
    ],
    [
      'none for a FatalError, whatever a row says',
      () => Object.assign(new FatalError('x'), { code: 'EBUSY' }),
      [],
      'failed',
    ],
  ])('attempts by %s', async (_what, make, waits, end) => {
    const { view, waits: waited } = await calls(make)
    expect(waited).toEqual(waits)
    expect(end === 'failed' ? view.status : view.state).toBe(end)
  })

  it('each error by its own row: the attempts are counted together', async () => {
    const { view, waits } = await calls((attempt) =>
      attempt < 4 ? new VeryBusyError('x') : new BusyError('y'),
    )
    expect(waits).toEqual([10, 30, 60])
    expect(view).toMatchObject({ state: State.Other, data: { why: 'BusyError' } })
  })

  it.each([
    ['longer than maxInterval', '3h', 10_800],
    ['shorter than the interval', '1ms', 1],
  ] as const)('Retry-After counts where it is %s', async (_what, retryAfter, wait) => {
    const error = new RetryableError('x', { retryAfter })
    const { view, waits } = await calls((attempt) => (attempt > 1 ? undefined : error))
    expect(view.status).toBe('completed')
    expect(waits[0]).toBe(wait)
  })

  it.each<[string, () => unknown, State, unknown]>([
    ['its class', () => new CardError('stolen'), State.Card, { why: 'stolen 7' }],
    ['a class above it', () => new VeryBusyError('x'), State.Other, { why: 'BusyError' }],
    [
      'its code, by the edge of the workflow',
      () => Object.assign(new FatalError('x'), { code: 'ELOST' }),
      State.Rescued,
      { why: 'ELOST in call' },
    ],
  ])('a catch edge by %s', async (_what, make, state, data) => {
    const { view, events } = await calls(make)
    expect(view).toMatchObject({ status: 'completed', state, data })
    expect(view.failure).toBeUndefined()
    const { name, message } = make() as Error
    expect(events.at(-2)).toMatchObject({
      ...{ type: 'moved', by: 'catch', to: state },
      failure: { name, message, stack: expect.stringContaining('error-classes.test.ts') as string },
    })
  })

  it('an edge for every error comes before that of the workflow', async () => {
    const { view } = await calls(() => Object.assign(new FatalError('lost'), { code: 'ELOST' }), 'last')
    expect(view).toMatchObject({ state: State.Other, data: { why: 'lost' } })
  })

  it('an edge that throws fails the run, with its own error', async () => {
    const { view } = await calls(() => new SyntaxError('x'))
    expect(view).toMatchObject({ status: 'failed', failure: { message: 'the edge itself is broken' } })
  })

  it.each<[unknown, State | undefined]>([
    ['text', undefined],
    [7, undefined],
    [null, undefined],
    [{ name: 'TimeoutError' }, State.Other],
    [{ code: 'ELOST' }, State.Rescued],
  ])('what is no Error is judged all the same: %j', async (thrown, state) => {
    const { view } = await calls(() => thrown)
    expect(view.status === 'failed' ? undefined : view.state).toBe(state)
  })

  it('I1 I4 I9 a crash at each write: as many attempts, the same edge', async () => {
    await crashAtEachWrite(
      kind,
      {
        workflows: [CallsWorkflow],
        resources: (call) => ({
          call: async (state: string, attempt: number, key: string) => {
            await call(`${key} ${attempt}`)
            if (state === 'call' && attempt < 3) throw new VeryBusyError('x')
            if (state === 'last') throw new FatalError('lost')
          },
        }),
        live: async (test) => {
          const run = (await test.engine.start(CallsWorkflow, { n: 7 } as never, {
            id: 'c',
          })) as unknown as RunHandle<D>
          const { status, state, data } = await test.finish(run)
          return { status, state, data }
        },
      },
      1,
      ({ value }) =>
        expect(value).toEqual({ status: 'completed', state: State.Other, data: { why: 'lost' } }),
    )
  })
})
