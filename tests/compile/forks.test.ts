import { beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createActor, SimulatedClock, toPromise, waitFor, type AnyActor } from 'xstate'
import { project } from '../../src/compile/projection.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import type {
  Context,
  Input,
  ItemContext,
  Joined,
  OutcomeOf,
  Settled,
  ShapeOf,
  Signal,
} from '../../src/definition/shape.ts'
import { resources, states } from '../../src/definition/states.ts'
import { ChildError, JoinError, RefusedError } from '../../src/model/failure.ts'

/** What the handlers saw, in order. */
let seen: unknown[] = []
beforeEach(() => void (seen = []))

enum Pay {
  Charge = 'charge',
  Ask = 'ask',
  Paid = 'paid',
}
const Payment = states(
  Pay,
  {
    [Pay.Charge]: z.object({ cents: z.number() }),
    [Pay.Ask]: z.object({ cents: z.number() }),
    [Pay.Paid]: z.object({ receipt: z.string() }),
  },
  {
    initial: Pay.Charge,
    final: Pay.Paid,
    signals: { ok: z.object({}) },
    resources: resources<{ print: (cents: number) => string }>(),
  },
)
type P = ShapeOf<typeof Payment>
@Payment.workflow({ name: 'payment' })
class PaymentWorkflow {
  @Payment.step(Pay.Charge, { to: [Pay.Ask, Pay.Paid] })
  charge({ cents }: Input<P, Pay.Charge>, { run, print }: Context<P>) {
    seen.push(`${run.id.replace(/^x:\d+/, 'run')} charges ${cents}`)
    if (cents < 0) throw new TypeError('negative')
    return cents > 1000 ? Payment.go(Pay.Ask, { cents }) : Payment.go(Pay.Paid, { receipt: print(cents) })
  }
  @Payment.wait(Pay.Ask, {
    on: { ok: Pay.Paid },
    expires: { after: '1d', to: Pay.Paid, with: { receipt: 'late' } },
  })
  ask(_: Signal<P, 'ok'>, { cents }: Input<P, Pay.Ask>, { print }: Context<P>) {
    return Payment.go(Pay.Paid, { receipt: print(cents) })
  }
}

enum S {
  Split = 'split',
  Work = 'toil',
  Race = 'race',
  Pay = 'pay',
  PayAll = 'payAll',
  Send = 'send',
  Sleep = 'sleep',
  Long = 'long',
  Review = 'review',
  Done = 'done',
  Failed = 'failed',
}
const text = z.object({ text: z.string() })
const T = states(
  S,
  {
    [S.Split]: z.object({ parts: z.array(z.string()), next: z.string() }),
    [S.Work]: text,
    [S.Race]: text,
    [S.Pay]: z.object({ cents: z.number() }),
    [S.PayAll]: z.object({ cents: z.array(z.number()) }),
    [S.Send]: text,
    [S.Sleep]: text,
    [S.Long]: text,
    [S.Review]: text,
    [S.Done]: text,
    [S.Failed]: z.object({ why: z.string() }),
  },
  {
    initial: S.Split,
    final: [S.Done, S.Failed],
    signals: { approve: z.object({ by: z.string() }), stop: z.object({}) },
    items: { [S.Split]: z.string().max(5) },
    branches: {
      [S.Work]: { good: z.number(), bad: z.string() },
      [S.Race]: { slow: z.string(), fast: z.string() },
    },
    transactions: {
      money: {
        states: [S.Pay],
        catch: { error: ChildError, to: S.Failed, with: ({ message }) => ({ why: message }) },
      },
    },
    session: z.object({ branches: z.number().default(0) }),
    resources: resources<{ print: (cents: number) => string }>(),
  },
)
type D = ShapeOf<typeof T>
type Ctx = Context<D>
type In<X extends S> = Input<D, X>

@T.workflow({
  name: 'all',
  catch: [
    { error: 'JoinError', to: S.Failed, with: ({ name }, from) => ({ why: `${from.state}: ${name}` }) },
    { error: RangeError, to: S.Failed, with: { why: 'range' } },
  ],
})
class All {
  @T.map(S.Split, {
    over: async function* ({ parts }, { print }) {
      await Promise.resolve()
      yield* parts.map((part) => (part === 'price' ? print(1) : part))
    },
    concurrency: 2,
    onError: { threshold: 1 },
    to: [S.Work, S.Race, S.Pay, S.PayAll, S.Send, S.Sleep, S.Long, S.Review],
    reduce: (results: readonly Settled<string>[], { next }) => {
      seen.push(results.map((end) => (end.ok ? end.value : end.error.message)))
      const [to = '', cents = '0'] = next.split(' ')
      if (to === 'pay') return T.go(S.Pay, { cents: Number(cents) })
      if (to === 'payAll') return T.go(S.PayAll, { cents: [1, 2, Number(cents)] })
      return T.go(to as S.Work, { text: 'x' })
    },
  })
  async split(part: string, _: In<S.Split>, { run, work }: ItemContext<D, string>) {
    seen.push(`${run.part}: ${part}, ${work.open} open`)
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (part === 'bad') throw new RangeError(part)
    if (part === 'add') work.add(['late', 'soon'])
    if (part === 'add') work.prioritize((item) => (item === 'soon' ? 1 : 0))
    return part
  }

  @T.branch(S.Work, 'good')
  good(_: In<S.Work>, { session, run }: Ctx) {
    seen.push(run.idempotencyKey.slice(run.id.length))
    session.update(({ branches }) => ({ branches: branches + 1 }))
    return 7
  }
  @T.branch(S.Work, 'bad')
  bad({ text }: In<S.Work>) {
    if (text === 'x') throw new TypeError('no good')
    return text
  }
  @T.parallel(S.Work, {
    to: S.Race,
    catch: [
      { error: RangeError, to: S.Done, with: { text: 'wrong edge' } },
      {
        error: [TypeError, 'E_X'],
        to: S.Work,
        with: (failure, input) => ({ text: failure.message + input.text }),
      },
    ],
  })
  work(joined: Joined<D, S.Work>, _: In<S.Work>, { session }: Ctx) {
    seen.push([joined, session.branches])
    return T.go(S.Race, { text: joined.bad })
  }

  @T.branch(S.Race, 'slow')
  async slow({ text }: In<S.Race>, { run }: Ctx) {
    if (text === 'x') throw new TypeError('slow')
    await new Promise((resolve) => run.signal.addEventListener('abort', resolve))
    seen.push('slow is stopped')
    return 'slow'
  }
  @T.branch(S.Race, 'fast')
  fast({ text }: In<S.Race>) {
    if (text === 'x') throw new TypeError('fast')
    return 'fast'
  }
  @T.parallel(S.Race, { to: S.Done, join: 'any' })
  race(joined: Joined<D, S.Race, 'any'>) {
    return T.go(S.Done, { text: JSON.stringify(joined) })
  }

  @T.child(S.Pay, {
    workflow: PaymentWorkflow,
    input: ({ cents }) => ({ cents }),
    to: S.Done,
    on: { stop: S.Failed },
    expires: { after: '2d', to: S.Failed, with: ({ cents }) => ({ why: `${cents} late` }) },
  })
  paid(e: OutcomeOf<P> | Signal<D, 'stop'>, { cents }: In<S.Pay>) {
    return 'type' in e
      ? T.go(S.Failed, { why: e.type })
      : T.go(S.Done, { text: `${cents} ${e.state} ${e.data.receipt}` })
  }
  @T.children(S.PayAll, {
    workflow: PaymentWorkflow,
    over: ({ cents }) => cents,
    input: (cents) => ({ cents }),
    concurrency: 1,
    to: S.Done,
    catch: { error: ChildError, to: S.Failed, with: ({ message }) => ({ why: message }) },
  })
  paidAll(outcomes: readonly OutcomeOf<P>[], _: In<S.PayAll>) {
    return T.go(S.Done, { text: outcomes.map(({ data }) => data.receipt).join() })
  }
  @T.child(S.Send, {
    workflow: PaymentWorkflow,
    input: () => ({ cents: 1 }),
    to: S.Done,
    detached: true,
    id: () => 'own',
  })
  sent({ id }: { readonly id: string }, _: In<S.Send>) {
    return T.go(S.Done, { text: id })
  }

  @T.timer(S.Sleep, { for: '3d', to: S.Done })
  awake({ text }: In<S.Sleep>) {
    return T.go(S.Done, { text: `awake ${text}` })
  }
  @T.timer(S.Long, { for: '90d', to: S.Done })
  late({ text }: In<S.Long>) {
    return T.go(S.Done, { text })
  }

  @T.wait(S.Review, {
    on: { approve: { to: S.Done, count: 2 }, stop: S.Review },
    maxVisits: { times: 2, to: S.Failed, with: ({ text }) => ({ why: `${text} too often` }) },
  })
  review(e: Signal<D, 'approve' | 'stop'>, { text }: In<S.Review>, { run }: Ctx) {
    seen.push(run.votes.map(({ type, payload }) => [type, payload]))
    if (e.type === 'stop') return T.go(S.Review, { text: `${text}x` })
    if (e.by === 'mallory') throw new RefusedError('not you')
    return T.go(S.Done, { text: e.by })
  }
}

function begin(next: string, parts: readonly string[] = []) {
  const clock = new SimulatedClock()
  const machine = project(readDefinition(All), { resources: { print: (cents: number) => `r${cents}` } })
  const actor: AnyActor = createActor(machine, { clock, id: 'a1', input: { parts, next } })
  actor.subscribe({ error: () => undefined })
  return { actor: actor.start(), clock }
}
const reached = (actor: AnyActor, value: object | string) =>
  waitFor(actor, (s) => (s as { matches(v: unknown): boolean }).matches(value))

const send = (actor: AnyActor, type: string, payload: object): void => actor.send({ type, ...payload })

test('a map works on its items side by side, in the order of their priorities, and hands on what came of each', async () => {
  const { actor } = begin('sleep', ['add', 'bad', 'price'])
  await reached(actor, { sleep: 'sleeping' })
  expect(seen).toEqual([
    '0: add, 3 open',
    '1: bad, 3 open',
    '4: soon, 4 open',
    '2: r1, 3 open',
    '3: late, 2 open',
    ['add', 'bad', 'r1', 'late', 'soon'],
  ])
  actor.stop()
})

test('items that fail too often, or whose result does not fit, fail the map', async () => {
  expect(await toPromise(begin('sleep', ['bad', 'too long']).actor)).toEqual({ why: 'split: JoinError' })
})

test('branches run side by side; a failed one takes the first edge for its class', async () => {
  const { actor } = begin('toil')
  expect(await toPromise(actor)).toEqual({ text: '{"fast":"fast"}' })
  expect(seen).toEqual([
    [],
    '/toil/1/good',
    '/toil/2/good',
    [{ good: 7, bad: 'no goodx' }, 2],
    'slow is stopped',
  ])
})

test('branches that cannot be joined any more are a JoinError, which the workflow may catch for all its states', async () => {
  expect(await toPromise(begin('race').actor)).toEqual({ why: 'race: JoinError' })
  expect(new JoinError('')).toMatchObject({ name: 'JoinError' })
})

test('a child run is the projection of its workflow, on the same clock', async () => {
  expect(await toPromise(begin('pay 5').actor)).toEqual({ text: '5 paid r5' })
  expect(seen.at(-1)).toBe('a1/pay/1 charges 5')
  const { actor, clock } = begin('pay 5000')
  await reached(actor, { pay: 'working' })
  await new Promise((resolve) => setImmediate(resolve))
  clock.increment(864e5)
  expect(await toPromise(actor)).toEqual({ text: '5000 paid late' })
})

test('a child that fails is a ChildError; a signal or time may come first', async () => {
  expect(await toPromise(begin('pay -1').actor)).toEqual({
    why: 'child run "a1/pay/1" is failed: TypeError: negative',
  })
  const stopped = begin('pay 5000')
  await reached(stopped.actor, { pay: 'working' })
  stopped.actor.send({ type: 'stop' })
  expect(await toPromise(stopped.actor)).toEqual({ why: 'stop' })
  const late = begin('pay 5000')
  await reached(late.actor, { pay: 'working' })
  late.clock.increment(2 * 864e5) // before the child has come to its own wait
  expect(await toPromise(late.actor)).toEqual({ why: '5000 late' })
})

test('a map over child runs; one that fails stops the others', async () => {
  expect(await toPromise(begin('payAll 3').actor)).toEqual({ text: 'r1,r2,r3' })
  expect(await toPromise(begin('payAll -3').actor)).toEqual({
    why: 'child run "a1/payAll/1/2" is failed: TypeError: negative',
  })
})

test('a detached child is not run, and has an id', async () => {
  expect(await toPromise(begin('send').actor)).toEqual({ text: 'own' })
  expect(seen).toEqual([[]])
})

test('a timer is over by the clock of the actor; one that is too long for it never is', async () => {
  const { actor, clock } = begin('sleep')
  await reached(actor, { sleep: 'sleeping' })
  clock.increment(3 * 864e5 - 1)
  expect(actor.getSnapshot().value).toEqual({ sleep: 'sleeping' })
  clock.increment(1)
  expect(await toPromise(actor)).toEqual({ text: 'awake x' })
  const long = begin('long')
  await reached(long.actor, { long: 'sleeping' })
  long.clock.increment(900 * 864e5)
  expect(long.actor.getSnapshot().value).toEqual({ long: 'sleeping' })
  long.actor.stop()
})

test('a signal that is needed twice is counted, and one that is refused is not', async () => {
  const { actor } = begin('review')
  await reached(actor, { review: 'awaiting' })
  for (const by of ['ada', 'mallory']) send(actor, 'approve', { by })
  expect(actor.getSnapshot().value).toEqual({ review: 'handling' })
  await reached(actor, { review: 'awaiting' })
  send(actor, 'approve', { by: 7 })
  expect(actor.getSnapshot().value).toEqual({ review: 'awaiting' })
  send(actor, 'approve', { by: 'bob' })
  expect(await toPromise(actor)).toEqual({ text: 'bob' })
  expect(seen.slice(1)).toEqual([
    [
      ['approve', { by: 'ada' }],
      ['approve', { by: 'mallory' }],
    ],
    [
      ['approve', { by: 'ada' }],
      ['approve', { by: 'bob' }],
    ],
  ])
})

test('a state that is entered too often sends the run away, and its handler is not called', async () => {
  const { actor } = begin('review')
  for (const visit of [1, 2]) {
    await waitFor(
      actor,
      (s) => (s as { context: { visits: { review: number } } }).context.visits.review === visit,
    )
    await reached(actor, { review: 'awaiting' })
    actor.send({ type: 'stop' })
  }
  expect(await toPromise(actor)).toEqual({ why: 'xxx too often' })
  expect(actor.getSnapshot().context.visits).toEqual({ split: 1, review: 3, failed: 1 })
})
