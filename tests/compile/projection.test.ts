import { expect, test } from 'vitest'
import { z } from 'zod'
import { createActor, fromPromise, SimulatedClock, toPromise, waitFor, type AnyActor } from 'xstate'
import { project, type ProjectionOptions } from '../../src/compile/projection.ts'
import { FatalError, readDefinition, resources, states } from '../../src/index.ts'
import type { Context, Input, ShapeOf, Signal } from '../../src/index.ts'

enum S {
  Draft = 'draft',
  Review = 'review',
  Mended = 'mended',
  Published = 'published',
}
const T = states(
  S,
  {
    [S.Draft]: z.object({ topic: z.string(), notes: z.string().default('none') }),
    [S.Review]: z.object({ text: z.string() }),
    [S.Mended]: z.object({ why: z.string() }),
    [S.Published]: z.object({ text: z.string(), by: z.string() }),
  },
  {
    initial: S.Draft,
    final: S.Published,
    signals: {
      approve: z.object({ by: z.string() }),
      revise: z.object({ notes: z.string() }),
      'order.paid': z.object({}),
    },
    vars: z.object({ rounds: z.number().default(0), last: z.string().default('') }),
    session: z.object({ drafts: z.number().default(0) }),
    config: z.object({ loud: z.boolean().default(false) }),
    resources: resources<{ write: (topic: string) => string }>(),
  },
)
type D = ShapeOf<typeof T>
type Ctx = Context<D>
type In<X extends S> = Input<D, X>

const seen: unknown[] = []

@T.workflow({ name: 'article', version: 3, description: 'Writes.' })
class Article {
  @T.step(S.Draft, {
    to: S.Review,
    catch: { to: S.Mended, with: (failure: { message: string }) => ({ why: failure.message }) },
    timeout: '7s',
    retry: { maxAttempts: 9 },
    description: 'A first text',
  })
  async draft({ topic, notes }: In<S.Draft>, { write, vars, session, run, memo, log }: Ctx) {
    log.info('drafting')
    session.update(({ drafts }) => ({ drafts: drafts + 1 }))
    const text = await memo('text', () => write(topic))
    seen.push([
      notes,
      await memo('text', () => 'made twice'),
      session.drafts,
      run.idempotencyKey.slice(run.id.length),
      run.attempt,
    ])
    if (topic === 'astray') return { state: S.Mended } as never
    return T.go(S.Review, { text }, { rounds: vars.rounds + 1 })
  }
  @T.wait(S.Review, {
    on: { approve: S.Published, revise: [S.Draft, S.Mended], 'order.paid': S.Mended },
    expires: { after: '48h', to: S.Draft, with: { topic: 'nobody looked' } },
  })
  review(e: Signal<D, 'approve' | 'revise' | 'order.paid'>, { text }: In<S.Review>) {
    if (e.type === 'approve') return T.go(S.Published, { text, by: e.by })
    if (e.type === 'order.paid') return T.go(S.Mended, { why: 'paid' })
    // the types refuse an undeclared target, so one is smuggled in
    return T.go(
      (e.notes === 'astray' ? S.Published : S.Draft) as S.Draft,
      { topic: e.notes },
      { last: e.notes },
    )
  }
  @T.step(S.Mended, { to: S.Published }) mended({ why }: In<S.Mended>) {
    return T.go(S.Published, { text: why, by: 'nobody' })
  }
  @T.step(S.Published) closing() {
    seen.push('closing')
  }
}
const definition = readDefinition(Article)
const write = (topic: string): string => {
  if (topic === 'bad') throw new FatalError('no such owl')
  return `on ${topic}`
}

function begin(topic: string, options: ProjectionOptions = {}) {
  seen.length = 0
  const clock = new SimulatedClock()
  const machine = project(definition, { resources: { write }, ...options })
  const actor: AnyActor = createActor(machine, { clock, id: 'a1', input: { topic } })
  actor.subscribe({ error: () => undefined })
  const send = (type: string, payload: object = {}): void => actor.send({ type, ...payload })
  return { actor: actor.start(), clock, send }
}
const awaiting = (actor: AnyActor) =>
  waitFor(actor, (s) => (s as { matches(v: object): boolean }).matches({ review: 'awaiting' }))

test('a definition runs by itself under createActor, in memory', async () => {
  const { actor, send } = begin('owls', { session: { drafts: 4 } })
  await awaiting(actor)
  expect(actor.getSnapshot().context).toEqual({
    data: { text: 'on owls' },
    vars: { rounds: 1, last: '' },
    visits: { draft: 1, review: 1 },
  })
  send('revise', { notes: 'bats' })
  expect(actor.getSnapshot().value).toEqual({ review: 'handling' })
  await awaiting(actor)
  expect(actor.getSnapshot().context).toEqual({
    data: { text: 'on bats' },
    vars: { rounds: 2, last: 'bats' },
    visits: { draft: 2, review: 2 },
  })
  send('approve', { by: 'ada' })
  expect(await toPromise(actor)).toEqual({ text: 'on bats', by: 'ada' })
  // schema defaults, memos, the session and the visit are those of the engine; the closing handler is not run
  expect(seen).toEqual([
    ['none', 'on owls', 4, '/draft/1', 1],
    ['none', 'on bats', 5, '/draft/2', 1],
  ])
})

test('a signal that does not fit its schema, or is not awaited, moves nothing', async () => {
  const { actor, send } = begin('owls')
  send('approve', { by: 'too early' })
  await awaiting(actor)
  send('approve', { by: 7 })
  send('step.published')
  expect(actor.getSnapshot().value).toEqual({ review: 'awaiting' })
  send('order.paid')
  expect(await toPromise(actor)).toEqual({ text: 'paid', by: 'nobody' })
})

test('a wait expires by the clock of the actor', async () => {
  const { actor, clock } = begin('owls')
  await awaiting(actor)
  clock.increment(48 * 36e5 - 1)
  expect(actor.getSnapshot().value).toEqual({ review: 'awaiting' })
  clock.increment(1)
  expect([actor.getSnapshot().value, actor.getSnapshot().context.data]).toEqual([
    'draft',
    { topic: 'nobody looked', notes: 'none' },
  ])
  actor.stop()
})

test('a failed handler takes the catch edge', async () => {
  const { actor } = begin('bad')
  expect(await toPromise(actor)).toEqual({ text: 'no such owl', by: 'nobody' })
})

test('I2 a move that is not declared is an error, also of a replaced actor', async () => {
  const { actor, send } = begin('owls')
  await awaiting(actor)
  send('revise', { notes: 'astray' })
  await expect(toPromise(actor)).rejects.toThrow(/"review" does not go to "published" by signal:revise/)

  const machine = project(definition).provide({
    actors: { draft: fromPromise(() => Promise.resolve({ to: 'published' })) },
  } as never)
  const replaced = createActor(machine, { input: { topic: 'x' } })
  replaced.subscribe({ error: () => undefined })
  await expect(toPromise(replaced.start())).rejects.toThrow(/"draft" does not go to "published" by step/)
})

test('what is not a move, and an input that does not fit, are errors', async () => {
  const { actor } = begin('astray')
  expect(await toPromise(actor)).toMatchObject({
    text: expect.stringContaining('instead of a move') as string,
  }) // caught
  const wrong = createActor(project(definition), { input: { topic: 7 } })
  wrong.subscribe({ error: () => undefined })
  expect(wrong.start().getSnapshot()).toMatchObject({ status: 'error', error: { code: 'invalid-data' } })
})

test('states are the members of the enum; policies and descriptions are shown', () => {
  const { config } = project(definition)
  expect(Object.keys(config.states ?? {})).toEqual(Object.values(S))
  expect(config).toMatchObject({ id: 'article', version: '3', description: 'Writes.' })
  expect(config.states?.['draft']).toMatchObject({
    description: 'A first text',
    meta: { kind: 'step', method: 'draft', maxAttempts: 9, timeoutMs: 7000 },
    invoke: { id: 'draft', src: 'draft' },
  })
  expect(config.states?.['published']).toMatchObject({
    type: 'final',
    meta: { kind: 'final', method: 'closing' },
  })
})
