import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  RefusedError,
  resources,
  states,
  type Caller,
  type Context,
  type HistoryEvent,
  type Input,
  type RunHandle,
  type ShapeOf,
  type Signal,
  type Store,
} from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { crashAtEachWrite } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

enum State {
  Draft = 'draft',
  Review = 'review',
  Paid = 'paid',
  Lost = 'lost',
}
const Payment = states(
  State,
  {
    [State.Draft]: z.object({ cents: z.number() }),
    [State.Review]: z.object({ cents: z.number() }),
    [State.Paid]: z.object({ by: z.array(z.string()) }),
    [State.Lost]: z.object({ why: z.string() }),
  },
  {
    initial: State.Draft,
    final: [State.Paid, State.Lost],
    signals: {
      approve: z.object({ note: z.string().default('') }),
      reject: z.object({ why: z.string() }),
      change: z.object({ cents: z.number() }),
    },
    resources: resources<{ ready?: () => Promise<void>; refuse?: (note: string) => boolean }>(),
  },
)
type D = ShapeOf<typeof Payment>
type In<S extends State> = Input<D, S>

/** Two of those with a role, each another person; anybody may change the amount, which asks all of them anew. */
@Payment.workflow({ name: 'payment' })
class PaymentWorkflow {
  @Payment.step(State.Draft, { to: State.Review })
  async draft({ cents }: In<State.Draft>, { ready }: Context<D>) {
    await ready?.()
    return Payment.go(State.Review, { cents })
  }
  @Payment.wait(State.Review, {
    on: {
      approve: { to: State.Paid, count: 2, roles: ['finance', 'board'] },
      reject: { to: State.Lost, roles: 'board' },
      change: State.Review,
    },
    expires: { after: '3d', to: State.Lost, with: ({ cents }) => ({ why: `nobody wanted ${cents}` }) },
  })
  review(e: Signal<D, 'approve' | 'reject' | 'change'>, _: In<State.Review>, { run, refuse }: Context<D>) {
    if (e.type === 'reject') return Payment.go(State.Lost, { why: `${e.why} (${run.caller?.id})` })
    if (e.type === 'change') return Payment.go(State.Review, { cents: e.cents })
    if (refuse?.(e.note)) throw new RefusedError(`not with the note ${e.note}`)
    const names = run.votes.map(({ caller, payload }) => `${caller?.id}${(payload as { note: string }).note}`)
    return Payment.go(State.Paid, { by: names })
  }
}

const ann: Caller = { id: 'ann', roles: ['finance'] }
const bob: Caller = { id: 'bob', roles: ['board', 'finance'] }
const eve: Caller = { id: 'eve', roles: ['sales'] }

async function waiting(store: Store, more: { refuse?: (note: string) => boolean } = {}) {
  const test = createTestEngine({ workflows: [PaymentWorkflow], store, resources: more })
  const run = await test.engine.start(PaymentWorkflow, { cents: 5 }, { id: 'p' })
  await test.finish(run)
  return { test, run }
}

async function historyOf(run: RunHandle<D>): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('several approvers: $kind', (kind) => {
  it('goes on when enough have approved, each another person, and tells who', async () => {
    const { test, run } = await waiting(kind.make(freshName()))
    await run.signal('approve', { note: '!' }, { as: ann })
    expect(await test.finish(run)).toMatchObject({
      status: 'waiting',
      awaits: ['approve', 'reject', 'change'],
      votes: [{ name: 'approve', payload: { note: '!' }, caller: ann }],
    })
    await run.signal('approve', {}, { as: bob })
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { by: ['ann!', 'bob'] } })
    expect(
      (await historyOf(run)).filter(({ type }) => type === 'voted' || type === 'signalled'),
    ).toMatchObject([
      { type: 'voted', count: 1, of: 2, caller: ann },
      { type: 'signalled', caller: bob },
    ])
    expect((await run.view()).votes).toBeUndefined()
    await test.close()
  })

  it.each([
    ['nobody', undefined, /none of the roles "finance", "board"/],
    ['somebody without the role', eve, /"eve" has none of the roles/],
    ['somebody without roles', { id: 'zoe' }, /"zoe" has none of the roles/],
    ['the same person twice', ann, /"ann" has been counted already/],
  ])('refuses %s', async (_who, as, why) => {
    const { test, run } = await waiting(kind.make(freshName()))
    await run.signal('approve', {}, { as: ann })
    const { revision } = await test.finish(run)
    const send = run.signal('approve', {}, as ? { as } : {})
    await expect(send).rejects.toMatchObject({
      code: 'not-permitted',
      message: expect.stringMatching(why) as string,
    })
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', revision })
    await test.close()
  })

  it.each([
    [{ id: '' }, 'invalid-id'],
    [{ id: 7 }, 'invalid-id'],
    ['ann', 'invalid-options'],
    [{ id: 'ann', roles: 'finance' }, 'invalid-options'],
    [{ id: 'ann', roles: [7] }, 'invalid-options'],
    [{ id: 'ann', tenant: 7 }, 'invalid-options'],
  ])('a caller that is none is refused at every door: %j', async (as, code) => {
    const { test, run } = await waiting(kind.make(freshName()))
    const bad = { as: as as unknown as Caller }
    const refused = { code }
    await expect(run.signal('approve', {}, bad)).rejects.toMatchObject(refused)
    await expect(run.pause(bad)).rejects.toMatchObject(refused)
    await expect(run.resume(bad)).rejects.toMatchObject(refused)
    await expect(run.cancel(bad)).rejects.toMatchObject(refused)
    await expect(run.skip(State.Lost, { why: '' }, bad)).rejects.toMatchObject(refused)
    await expect(run.fork(bad)).rejects.toMatchObject(refused)
    await expect(test.engine.start(PaymentWorkflow, { cents: 1 }, bad)).rejects.toMatchObject(refused)
    expect(await test.finish(run)).toMatchObject({ status: 'waiting' })
    await test.close()
  })

  it('I6 the same id twice is one vote, also at once, and after a restart', async () => {
    const name = freshName()
    const { test, run } = await waiting(kind.make(name))
    const sent = await Promise.all([1, 2, 3].map(() => run.signal('approve', {}, { as: ann, id: 'a1' })))
    expect(sent.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
    expect((await test.finish(run)).votes).toHaveLength(1)
    await test.close()
    const later = createTestEngine({ workflows: [PaymentWorkflow], store: kind.make(name), resources: {} })
    const again = await later.engine.get<typeof PaymentWorkflow>('p')
    expect(await again.signal('approve', {}, { as: ann, id: 'a1' })).toEqual({ id: 'a1', duplicate: true })
    await again.signal('approve', {}, { as: bob })
    expect(await later.finish(again)).toMatchObject({ data: { by: ['ann', 'bob'] } })
    await expect(again.signal('approve', {}, { as: ann })).rejects.toMatchObject({ code: 'run-ended' })
    await later.close()
  })

  it('two votes of one person that are on their way at once count once', async () => {
    const { test, run } = await waiting(kind.make(freshName()))
    await Promise.allSettled([run.signal('approve', {}, { as: ann }), run.signal('approve', {}, { as: ann })])
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', votes: [{ caller: ann }] })
    await run.signal('approve', {}, { as: bob })
    expect(await test.finish(run)).toMatchObject({ data: { by: ['ann', 'bob'] } })
    await test.close()
  })

  it('one sent before it is awaited is judged when its turn comes', async () => {
    let ready = (): void => undefined
    const resources = { ready: () => new Promise<void>((resolve) => (ready = resolve)) }
    const test = createTestEngine({ workflows: [PaymentWorkflow], store: kind.make(freshName()), resources })
    const run = await test.engine.start(PaymentWorkflow, { cents: 5 }, { id: 'p' })
    for (const as of [eve, ann, ann]) await run.signal('approve', {}, { as })
    ready()
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', votes: [{ caller: ann }] })
    expect((await historyOf(run)).filter(({ type }) => type === 'signal-refused')).toMatchObject([
      { name: 'approve', reason: '"eve" has none of the roles "finance", "board"' },
      { name: 'approve', reason: '"ann" has been counted already' },
    ])
    expect(await test.engine.store.list('inbox', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('another signal of the same wait needs its own role only; a new visit asks everybody anew', async () => {
    const { test, run } = await waiting(kind.make(freshName()))
    await run.signal('approve', {}, { as: ann })
    await run.signal('change', { cents: 7 })
    expect((await test.finish(run)).votes).toBeUndefined()
    await run.signal('approve', {}, { as: ann })
    await expect(run.signal('reject', { why: 'no' }, { as: ann })).rejects.toMatchObject({
      code: 'not-permitted',
    })
    await run.signal('reject', { why: 'no' }, { as: bob })
    expect(await test.finish(run)).toMatchObject({ state: 'lost', data: { why: 'no (bob)' } })
    await test.close()
  })

  it('I9 the wait ends in time although some have approved', async () => {
    const { test, run } = await waiting(kind.make(freshName()))
    await test.clock.advance('2d')
    await run.signal('approve', {}, { as: ann })
    await test.settle()
    await test.clock.advance('1d')
    expect(await test.finish(run)).toMatchObject({ state: 'lost', data: { why: 'nobody wanted 5' } })
    await test.close()
  })

  it('a handler that refuses the last vote takes it back, and waits for another', async () => {
    const { test, run } = await waiting(kind.make(freshName()), { refuse: (note) => note === 'maybe' })
    await run.signal('approve', {}, { as: ann })
    await run.signal('approve', { note: 'maybe' }, { as: bob })
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', votes: [{ caller: ann }] })
    expect((await historyOf(run)).at(-1)).toMatchObject({
      type: 'signal-refused',
      reason: 'not with the note maybe',
    })
    await run.signal('approve', { note: 'sure' }, { as: bob })
    expect(await test.finish(run)).toMatchObject({ data: { by: ['ann', 'bobsure'] } })
    await test.close()
  })

  it('I1 I3 I6 a crash at each write loses no vote and counts none twice', async () => {
    await crashAtEachWrite(
      kind,
      {
        workflows: [PaymentWorkflow],
        resources: () => ({}),
        live: async (test) => {
          const start = { cents: 5 } as never
          const run = (await test.engine.start(PaymentWorkflow, start, {
            id: 'p',
          })) as unknown as RunHandle<D>
          for (const as of [ann, bob]) {
            await test.finish(run)
            await run.signal('approve', {}, { as, id: as.id })
          }
          const { status, data } = await test.finish(run)
          return { status, data }
        },
      },
      0,
      ({ value }) => expect(value).toEqual({ status: 'completed', data: { by: ['ann', 'bob'] } }),
    )
  })
})
