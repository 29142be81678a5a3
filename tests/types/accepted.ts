import { z } from 'zod'
import {
  ChildError,
  FatalError,
  resources,
  states,
  type Context,
  type Input,
  type ItemContext,
  type Joined,
  type Moved,
  type OutcomeOf,
  type Settled,
  type ShapeOf,
  type Signal,
  type Standing,
} from 'stepwright'

/** Every construct at once, as a user would write it: that it compiles, and that the types of what comes out are the right ones. */
export enum Pay {
  Charge = 'charge',
  Paid = 'paid',
}
export const Payment = states(
  Pay,
  { [Pay.Charge]: z.object({ cents: z.number() }), [Pay.Paid]: z.object({ receipt: z.string() }) },
  { initial: Pay.Charge, final: Pay.Paid },
)
@Payment.workflow()
export class PaymentWorkflow {
  @Payment.step(Pay.Charge, { to: Pay.Paid })
  charge({ cents }: Input<ShapeOf<typeof Payment>, Pay.Charge>) {
    return Payment.go(Pay.Paid, { receipt: `r${cents}` })
  }
}

export enum State {
  Score = 'score',
  Check = 'check',
  Pay = 'pay',
  PayAll = 'payAll',
  Sleep = 'sleep',
  Review = 'review',
  Done = 'done',
  Gone = 'gone',
}
const text = z.object({ text: z.string() })
export const All = states(
  State,
  {
    [State.Score]: z.object({ parts: z.array(z.string()) }),
    [State.Check]: text,
    [State.Pay]: text,
    [State.PayAll]: text,
    [State.Sleep]: text,
    [State.Review]: text,
    [State.Done]: text,
    [State.Gone]: text,
  },
  {
    initial: State.Score,
    final: [State.Done, State.Gone],
    signals: { approve: z.object({ by: z.string() }), stop: z.object({}) },
    replies: { stop: z.object({ votes: z.number() }) },
    queries: { progress: z.object({ visits: z.number() }) },
    items: { [State.Score]: z.number() },
    branches: { [State.Check]: { facts: z.boolean(), tone: z.string() } },
    transactions: {
      money: {
        states: [State.Pay, State.PayAll],
        catch: { to: State.Gone, with: ({ message }) => ({ text: message }) },
      },
    },
    resources: resources<{ llm: { text(prompt: string): Promise<string> } }>(),
  },
)
const {
  workflow,
  step,
  wait,
  timer,
  reminder,
  map,
  children,
  parallel,
  branch,
  child,
  compensate,
  query,
  go,
} = All
type D = ShapeOf<typeof All>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

@workflow({
  name: 'all',
  deadline: '30d',
  catch: {
    error: TypeError,
    to: State.Gone,
    with: ({ message }, from) => ({ text: `${from.state}: ${message}` }),
  },
})
export class AllWorkflow {
  @map(State.Score, {
    over: ({ parts }) => parts,
    concurrency: 4,
    to: [State.Check, State.Gone],
    onError: 'collect',
    reduce: (results, { parts }) => {
      const good: readonly Settled<number>[] = results
      return good.every(({ ok }) => ok)
        ? go(State.Check, { text: parts.join() })
        : go(State.Gone, { text: '' })
    },
  })
  async score(part: string, _: In<State.Score>, { llm, work }: ItemContext<D, string>) {
    if (part.length < 3) work.add([`${part}!`], { priority: 1 })
    return Number(await llm.text(part))
  }
  @compensate(State.Score)
  unscore(result: number, part: string, { log }: Ctx) {
    log.info(`${part}: ${result}`)
  }

  @branch(State.Check, 'facts', { retry: { maxAttempts: 1 } })
  facts({ text }: In<State.Check>) {
    return text === 'yes'
  }
  @branch(State.Check, 'tone')
  tone({ text }: In<State.Check>, { llm }: Ctx) {
    return llm.text(text)
  }
  @parallel(State.Check, { to: State.Pay, join: 'all' })
  check({ facts, tone }: Joined<D, State.Check>) {
    return go(State.Pay, { text: `${tone} ${facts satisfies boolean}` })
  }
  @compensate(State.Check, { branch: 'facts', retry: { maxAttempts: 9 } })
  unfacts(_: In<State.Check>, facts: boolean, { log }: Ctx) {
    log.info(String(facts))
  }

  @child(State.Pay, {
    workflow: PaymentWorkflow,
    input: ({ text }) => ({ cents: text.length }),
    to: State.PayAll,
    on: { stop: State.Gone },
    expires: { after: '2d', to: State.Gone, with: { text: 'late' } },
    catch: { error: ChildError, to: State.Gone, with: (failure) => ({ text: failure.message }) },
  })
  paid(e: OutcomeOf<ShapeOf<typeof PaymentWorkflow>> | Signal<D, 'stop'>, { text }: In<State.Pay>) {
    return 'type' in e ? go(State.Gone, { text }) : go(State.PayAll, { text: e.data.receipt })
  }
  @children(State.PayAll, {
    workflow: PaymentWorkflow,
    over: () => [1, 2, 3],
    input: (cents) => ({ cents }),
    to: State.Sleep,
  })
  paidAll(outcomes: readonly OutcomeOf<ShapeOf<typeof PaymentWorkflow>>[], _: In<State.PayAll>) {
    return go(State.Sleep, { text: outcomes.map(({ data }) => data.receipt).join() })
  }
  @compensate(State.Pay)
  unpay({ text }: In<State.Pay>, result: Moved<D>, { log }: Ctx) {
    log.info(`${text} ${result.state}`)
  }

  @timer(State.Sleep, { for: '3d', to: State.Review })
  awake({ text }: In<State.Sleep>) {
    return go(State.Review, { text })
  }

  @wait(State.Review, {
    on: { approve: { to: State.Done, count: 2, roles: ['editor'] }, stop: State.Gone },
    retry: { maxAttempts: 2, on: [{ error: [TypeError, 'ECONNRESET'], maxAttempts: 9, jitter: 'none' }] },
    catch: [
      { error: FatalError, to: State.Gone, with: ({ message }) => ({ text: message }) },
      { to: State.Gone, with: { text: 'other' } },
    ],
    maxVisits: { times: 3, to: State.Gone, with: ({ text }) => ({ text }) },
  })
  review(e: Signal<D, 'approve' | 'stop'>, { text }: In<State.Review>, { reply, run }: Ctx) {
    if (e.type === 'approve') return go(State.Done, { text: e.by })
    reply({ votes: run.votes.length })
    return go(State.Gone, { text })
  }
  @reminder(State.Review, { after: '1d', every: '1d', times: 3 })
  async remind({ text }: In<State.Review>, { llm }: Ctx) {
    await llm.text(text)
  }

  @query('progress')
  progress(run: Standing<D>) {
    return { visits: Object.keys(run.visits).length }
  }

  @step(State.Done)
  done() {
    return
  }
}

export enum State2 {
  Score = 'score',
  Judge = 'judge',
  Done = 'done',
}
export const Two = states(
  State2,
  { [State2.Score]: z.object({ parts: z.array(z.string()) }), [State2.Judge]: text, [State2.Done]: text },
  { initial: State2.Score, final: State2.Done },
)
@Two.workflow({ name: 'all', version: 2 })
@Two.migrate({
  from: 1,
  of: AllWorkflow,
  states: {
    score: State2.Score,
    check: ({ text }) => Two.go(State2.Judge, { text }),
    pay: State2.Judge,
    payAll: State2.Judge,
    sleep: State2.Judge,
    review: ({ text }) => Two.go(State2.Done, { text }),
  },
})
export class AllWorkflow2 {
  @Two.step(State2.Score, { to: State2.Judge, cache: { key: ({ parts }) => parts, ttl: '1d' } })
  score({ parts }: Input<ShapeOf<typeof Two>, State2.Score>) {
    return Two.go(State2.Judge, { text: parts.join() })
  }
  @Two.step(State2.Judge, { to: State2.Done })
  judge({ text }: Input<ShapeOf<typeof Two>, State2.Judge>) {
    return Two.go(State2.Done, { text })
  }
}
