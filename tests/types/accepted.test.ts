import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  createEngine,
  readDefinition,
  type Context,
  type Go,
  type Input,
  type Joined,
  type OutcomeOf,
  type RunHandle,
  type Settled,
  type ShapeOf,
  type Signal,
  type Standing,
  type StartOf,
} from 'stepwright'
import { All, AllWorkflow, AllWorkflow2, Pay, Payment, PaymentWorkflow, State, Two } from './accepted.ts'

type D = ShapeOf<typeof AllWorkflow>
type P = ShapeOf<typeof PaymentWorkflow>
/** What a property of a brand would hide: the type as plain data. */
type Plain<T> = { [K in keyof T]: T[K] }
/** The keys that are not symbols. */
type Named<T> = Plain<Pick<T, keyof T & string>>

describe('what the compiler accepts is accepted at load', () => {
  it.each([PaymentWorkflow, AllWorkflow, AllWorkflow2])('%o', (workflow) => {
    expect(readDefinition(workflow).states.size).toBeGreaterThan(1)
  })
})

// the compiler checks what follows; nothing of it is called
describe('what comes out has exactly the type it should have', () => {
  const { map, children, parallel, child, timer, step, wait, go } = All
  const to = { to: State.Gone, with: { text: '' } } as const

  it('a class and its declaration tell the same shape', () => {
    expectTypeOf<D>().toEqualTypeOf<ShapeOf<typeof All>>()
    expectTypeOf<StartOf<D>>().toEqualTypeOf<{ parts: string[] }>()
    expectTypeOf<OutcomeOf<P>>().toEqualTypeOf<{
      readonly state: Pay.Paid
      readonly data: { receipt: string }
    }>()
    expectTypeOf<OutcomeOf<D>['state']>().toEqualTypeOf<State.Done | State.Gone>()
    expectTypeOf<Named<Input<D, State.Check>>>().toEqualTypeOf<{ text: string }>()
  })

  it('a map: its items, its results by what becomes of errors, its context', () => {
    map(State.Score, {
      over: (input, source) => {
        expectTypeOf(input).toEqualTypeOf<{ parts: string[] }>()
        expectTypeOf(source.taken).toEqualTypeOf<number>()
        expectTypeOf(source.llm.text).returns.toEqualTypeOf<Promise<string>>()
        return input.parts
      },
      to: State.Check,
      reduce: (results, input, context) => {
        expectTypeOf(results).toEqualTypeOf<readonly number[]>()
        expectTypeOf(input).toEqualTypeOf<{ parts: string[] }>()
        expectTypeOf(context).toEqualTypeOf<Context<D>>()
        return go(State.Check, { text: '' })
      },
    })
    map(State.Score, {
      over: async function* () {
        yield* [1, 2]
      },
      to: State.Check,
      onError: { threshold: '5%' },
      reduce: async (results) => {
        expectTypeOf(results).toEqualTypeOf<readonly Settled<number>[]>()
        return go(State.Check, { text: '' })
      },
    })
  })

  it('child runs: what they are started with, for each item', () => {
    children(State.PayAll, {
      workflow: PaymentWorkflow,
      over: () => [{ cents: 1 }],
      input: (item, input) => {
        expectTypeOf(item).toEqualTypeOf<{ cents: number }>()
        expectTypeOf(input).toEqualTypeOf<{ text: string }>()
        return item
      },
      to: State.Sleep,
    })
    child(State.Pay, {
      workflow: PaymentWorkflow,
      input: (input) => {
        expectTypeOf(input).toEqualTypeOf<{ text: string }>()
        return { cents: 1 }
      },
      id: ({ text }) => text,
      to: State.PayAll,
    })
  })

  it('what joined branches are, by the rule', () => {
    expectTypeOf<Named<Joined<D, State.Check>>>().toEqualTypeOf<{
      readonly facts: boolean
      readonly tone: string
    }>()
    expectTypeOf<Named<Joined<D, State.Check, 'any'>>>().toEqualTypeOf<{
      readonly facts?: boolean
      readonly tone?: string
    }>()
    expectTypeOf<Named<Joined<D, State.Check, 'settled'>>>().toEqualTypeOf<{
      readonly facts: Settled<boolean>
      readonly tone: Settled<string>
    }>()
    expectTypeOf<Named<Joined<D, State.Check, 1>>>().toEqualTypeOf<{
      readonly facts?: Settled<boolean>
      readonly tone?: Settled<string>
    }>()
    // annotated: TypeScript does not infer the parameter of a function that the kind of join is inferred from
    type SoFar = Readonly<Record<string, Settled<unknown> | undefined>>
    class ByRule {
      @parallel(State.Check, { to: State.Pay, join: (soFar: SoFar) => soFar['facts']?.ok === true })
      check(joined: Joined<D, State.Check, (soFar: SoFar) => boolean>) {
        expectTypeOf(joined.facts).toEqualTypeOf<Settled<boolean> | undefined>()
        return go(State.Pay, { text: '' })
      }
    }
    expect(ByRule.length).toBe(0)
  })

  it('edges: what their functions are called with', () => {
    step(State.Review, {
      to: State.Done,
      catch: {
        error: TypeError,
        to: State.Gone,
        with: (failure, input) => {
          expectTypeOf(failure.message).toEqualTypeOf<string>()
          expectTypeOf(input).toEqualTypeOf<{ text: string }>()
          return input
        },
      },
      maxVisits: {
        times: 3,
        to: State.Gone,
        with: (input) => {
          expectTypeOf(input).toEqualTypeOf<{ text: string }>()
          return input
        },
      },
      cache: {
        key: (input) => {
          expectTypeOf(input).toEqualTypeOf<{ text: string }>()
          return input.text
        },
        ttl: '1d',
      },
    })
    timer(State.Sleep, {
      until: (input) => {
        expectTypeOf(input).toEqualTypeOf<{ text: string }>()
        return new Date(input.text)
      },
      to: State.Review,
      catch: [to, { error: ['E_X', RangeError], to: State.Done, with: { text: '' } }],
    })
    wait(State.Review, { on: { stop: State.Gone }, expires: { after: '1d', ...to } })
    All.workflow({
      catch: {
        to: State.Gone,
        with: (_failure, from) => {
          expectTypeOf(from.state).toEqualTypeOf<State>()
          if (from.state === State.Score) expectTypeOf(from.data).toEqualTypeOf<{ parts: string[] }>()
          return { text: '' }
        },
      },
    })
  })

  it('the context of a handler, its signals, a query', () => {
    type Ctx = Context<D>
    expectTypeOf<Parameters<Ctx['reply']>>().toEqualTypeOf<[value: { votes: number }]>()
    expectTypeOf<Parameters<Ctx['callbackToken']>[0]>().toEqualTypeOf<'approve' | 'stop'>()
    expectTypeOf<Signal<D, 'approve'>['by']>().toEqualTypeOf<string>()
    expectTypeOf<Signal<D, 'approve' | 'stop'>['type']>().toEqualTypeOf<'approve' | 'stop'>()
    expectTypeOf<Standing<D>['state']>().toEqualTypeOf<State>()
    expectTypeOf(go(State.Done, { text: '' })).toEqualTypeOf<Go<State.Done>>()
  })

  it('a run from outside: signals, updates and queries by their names', () => {
    const engine = (): ReturnType<typeof make> => make()
    const make = () =>
      createEngine({
        workflows: [AllWorkflow, PaymentWorkflow],
        resources: { llm: { text: (prompt: string) => Promise.resolve(prompt) } },
      })
    type Handle = RunHandle<D>
    expectTypeOf(engine).returns.toHaveProperty('start')
    const asked = (run: Handle) => run.query('progress')
    const updated = (run: Handle) => run.update('stop', {})
    const ended = (run: Handle) => run.result()
    expectTypeOf(asked).returns.resolves.toEqualTypeOf<{ visits: number }>()
    expectTypeOf(updated).returns.resolves.toEqualTypeOf<{ votes: number }>()
    expectTypeOf(ended).returns.resolves.toEqualTypeOf<OutcomeOf<D>>()
    expectTypeOf<Parameters<Handle['update']>[0]>().toEqualTypeOf<'stop'>()
    expectTypeOf<Parameters<Handle['query']>[0]>().toEqualTypeOf<'progress'>()
    expectTypeOf<Parameters<Handle['signal']>[0]>().toEqualTypeOf<'approve' | 'stop'>()
  })

  it('migrations: each old state with what it held', () => {
    Two.migrate({
      from: 1,
      of: All,
      states: {
        score: (data, vars) => {
          expectTypeOf(data).toEqualTypeOf<{ parts: string[] }>()
          expectTypeOf(vars).toEqualTypeOf<Readonly<Record<string, unknown>>>()
          return Two.go('score' as never, data as never)
        },
        check: 'judge' as never,
        pay: 'judge' as never,
        payAll: 'judge' as never,
        sleep: 'judge' as never,
        review: 'judge' as never,
      },
    })
    expectTypeOf(Payment.go(Pay.Paid, { receipt: '' })).toEqualTypeOf<Go<Pay.Paid>>()
  })
})
