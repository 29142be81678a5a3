import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  FatalError,
  RefusedError,
  resources,
  states,
  type Context,
  type HistoryEvent,
  type Input,
  type Moved,
  type RunHandle,
  type ShapeOf,
  type Signal,
  type Standing,
  type Store,
} from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { crashAtEachWrite } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

enum State {
  Open = 'open',
  Talk = 'talk',
  Lost = 'lost',
  Done = 'done',
}
const cart = z.object({ items: z.array(z.string()) })
const Cart = states(
  State,
  { [State.Open]: cart, [State.Talk]: cart, [State.Lost]: z.object({ why: z.string() }), [State.Done]: cart },
  {
    initial: State.Open,
    final: [State.Done, State.Lost],
    signals: {
      add: z.object({
        item: z.string(),
        mode: z.enum(['ok', 'slow', 'fatal', 'silent', 'wrong', 'caught']).default('ok'),
      }),
      close: z.object({ note: z.string().default('') }),
    },
    replies: { add: z.object({ count: z.number(), by: z.string().default('nobody') }) },
    queries: {
      count: z.object({ count: z.number(), state: z.enum(State), tag: z.string() }),
      broken: z.string(),
      odd: z.number(),
    },
    vars: z.object({ tag: z.string().default('t') }),
    resources: resources<{ tokens: string[]; slow?: () => Promise<unknown>; expires?: '1h' }>(),
  },
)
type D = ShapeOf<typeof Cart>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

@Cart.workflow({ name: 'cart' })
class CartWorkflow {
  @Cart.step(State.Open, { to: State.Talk })
  async open({ items }: In<State.Open>, { callbackToken, tokens, expires }: Ctx) {
    tokens.push(await callbackToken('close', expires ? { expires } : {}))
    return Cart.go(State.Talk, { items })
  }
  @Cart.compensate(State.Open)
  unopen(_: In<State.Open>, _went: Moved<D>) {
    return undefined
  }
  @Cart.wait(State.Talk, {
    on: { add: State.Talk, close: State.Done },
    retry: { maxAttempts: 2 },
    catch: { error: 'Caught', to: State.Lost, with: ({ message }) => ({ why: message }) },
  })
  async talk(e: Signal<D, 'add' | 'close'>, { items }: In<State.Talk>, { reply, run, slow }: Ctx) {
    if (e.type === 'close') return Cart.go(State.Done, { items: e.note ? [...items, e.note] : items })
    if (e.item === '') throw new RefusedError('an item needs a name')
    if (e.mode === 'slow' && run.attempt === 1) throw new Error('busy')
    if (e.mode === 'slow') await slow?.()
    if (e.mode === 'fatal') throw new FatalError('no more room')
    if (e.mode === 'caught') throw Object.assign(new FatalError('fell over'), { code: 'Caught' })
    const count = items.length + 1
    if (e.mode === 'wrong') reply({ count: 'many' } as never)
    else if (e.mode === 'ok') reply({ count, ...(run.caller ? { by: run.caller.id } : {}) })
    else if (e.mode === 'slow') reply({ count: -1 })
    return Cart.go(State.Talk, { items: [...items, e.item] })
  }
  @Cart.query('count')
  count({ data, state, vars }: Standing<D>) {
    ;(vars as { tag: string }).tag += '!'
    const count = 'items' in data ? data.items.push('x') - 1 : 0
    return { count, state, tag: vars.tag }
  }
  @Cart.query('broken')
  broken(_: Standing<D>): string {
    throw new TypeError('cannot say')
  }
  @Cart.query('odd')
  odd(_: Standing<D>) {
    return 'text' as never as number
  }
}

async function opened(store: Store, more: { slow?: () => Promise<unknown>; expires?: '1h' } = {}) {
  const tokens: string[] = []
  const test = createTestEngine({ workflows: [CartWorkflow], store, resources: { tokens, ...more } })
  const run = await test.engine.start(CartWorkflow, { items: [] }, { id: 'c' })
  await test.finish(run)
  return { test, run, engine: test.engine, token: tokens[0] ?? '' }
}

async function historyOf(run: RunHandle<D>): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('updates: $kind', (kind) => {
  it('are answered with what the handler replied, once its move was committed', async () => {
    const { test, run } = await opened(kind.make(freshName()))
    expect(await run.update('add', { item: 'a' })).toEqual({ count: 1, by: 'nobody' })
    expect(await run.update('add', { item: 'b' }, { as: { id: 'ada' } })).toEqual({ count: 2, by: 'ada' })
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', data: { items: ['a', 'b'] } })
    await test.close()
  })

  it('I6 the same id again gives the same answer, also at once, after a restart, and after the end', async () => {
    const name = freshName()
    const { test, run } = await opened(kind.make(name))
    const both = await Promise.all([1, 2].map(() => run.update('add', { item: 'a' }, { id: 'u' })))
    expect(both).toEqual([
      { count: 1, by: 'nobody' },
      { count: 1, by: 'nobody' },
    ])
    await run.signal('close', {})
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { items: ['a'] } })
    await test.close()
    const later = createTestEngine({
      workflows: [CartWorkflow],
      store: kind.make(name),
      resources: { tokens: [] },
    })
    const again = await later.engine.get<typeof CartWorkflow>('c')
    expect(await again.update('add', { item: 'a' }, { id: 'u' })).toEqual({ count: 1, by: 'nobody' })
    await expect(again.update('add', { item: 'b' }, { id: 'v' })).rejects.toMatchObject({ code: 'run-ended' })
    await later.close()
  })

  it('one that the handler refuses is told why, and the run goes on waiting', async () => {
    const { test, run } = await opened(kind.make(freshName()))
    await expect(run.update('add', { item: '' }, { id: 'u' })).rejects.toMatchObject({
      code: 'signal-refused',
      details: { run: 'c', signal: 'add', id: 'u', reason: 'an item needs a name' },
    })
    await expect(run.update('add', { item: '' }, { id: 'u' })).rejects.toMatchObject({
      code: 'signal-refused',
    })
    expect(await test.finish(run)).toMatchObject({ status: 'waiting', attempt: 1, data: { items: [] } })
    expect((await run.view()).votes ?? []).toEqual([])
    expect(await run.update('add', { item: 'a' })).toMatchObject({ count: 1 })
    await test.close()
  })

  it.each([
    ['its handler fails for good', 'fatal', /no more room/, 'compensated'],
    ['its handler fails and the run goes another way', 'caught', /fell over/, 'completed'],
    ['its handler gives no answer', 'silent', /reply to "add" does not fit/, 'compensated'],
    ['its handler gives an answer that does not fit', 'wrong', /count/, 'compensated'],
  ] as const)('one is refused where %s', async (_what, mode, why, status) => {
    const { test, run } = await opened(kind.make(freshName()))
    const refused = { code: 'signal-refused', details: { reason: expect.stringMatching(why) as string } }
    await expect(run.update('add', { item: 'a', mode })).rejects.toMatchObject(refused)
    expect(await test.finish(run)).toMatchObject({ status })
    await test.close()
  })

  it('one waits over the attempts of its handler', async () => {
    const { test, run } = await opened(kind.make(freshName()))
    const update = run.update('add', { item: 'a', mode: 'slow' })
    for (let i = 0; i < 50 && (await run.view()).timer?.kind !== 'retry'; i++) await test.settle()
    await test.clock.advance('1m')
    expect(await update).toEqual({ count: -1, by: 'nobody' })
    await test.close()
  })

  it.each(['close', 'cancel', 'terminate'] as const)(
    'one to a run that ends first is refused: %s',
    async (end) => {
      let ready = (): void => undefined
      const slow = () => new Promise<void>((resolve) => (ready = resolve))
      const { test, run } = await opened(kind.make(freshName()), { slow })
      await run.pause()
      if (end === 'close') await run.signal('close', {})
      const update = run.update('add', { item: 'late' }).catch((error: unknown) => error)
      await test.settle()
      if (end === 'close') await run.resume()
      else await run[end]()
      ready()
      expect(await update).toMatchObject({ code: 'signal-refused', details: { reason: /^it is / } })
      await test.close()
    },
  )

  it('bad ones are refused before anything is stored', async () => {
    const { test, run } = await opened(kind.make(freshName()))
    await expect(run.update('add', {} as never)).rejects.toMatchObject({ code: 'invalid-signal' })
    await expect(run.update('no' as never, {} as never)).rejects.toMatchObject({ code: 'unknown-signal' })
    await expect(run.update('close' as never, {} as never)).rejects.toMatchObject({ code: 'unknown-signal' })
    expect(await test.engine.store.list('inbox', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('I1 I3 I4 I6 a crash at each write: answered once, with the same answer', async () => {
    await crashAtEachWrite(
      kind,
      {
        workflows: [CartWorkflow],
        resources: () => ({ tokens: [] }),
        live: async (test) => {
          const run = (await test.engine.start(CartWorkflow, { items: [] } as never, {
            id: 'c',
          })) as unknown as RunHandle<D>
          const answers: unknown[] = []
          for (const item of ['a', '', 'b'])
            answers.push(
              await run.update('add', { item }, { id: `u${item}` }).catch(({ code }) => code as unknown),
            )
          await run.signal('close', {}, { id: 'end' })
          return [answers, (await test.finish(run)).data]
        },
      },
      1,
      ({ value }) =>
        expect(value).toEqual([
          [{ count: 1, by: 'nobody' }, 'signal-refused', { count: 2, by: 'nobody' }],
          { items: ['a', 'b'] },
        ]),
    )
  })
})

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('queries: $kind', (kind) => {
  it('read where the run stands, and write nothing, whatever they do with what they get', async () => {
    const { test, run } = await opened(kind.make(freshName()))
    await run.update('add', { item: 'a' })
    const before = await run.view()
    for (const _ of [1, 2]) expect(await run.query('count')).toEqual({ count: 1, state: 'talk', tag: 't!' })
    expect(await run.view()).toEqual(before)
    await expect(run.query('nothing' as never)).rejects.toMatchObject({ code: 'unknown-query' })
    await expect(run.query('toString' as never)).rejects.toMatchObject({ code: 'unknown-query' })
    await expect(run.query('broken')).rejects.toThrow('cannot say')
    await expect(run.query('odd')).rejects.toMatchObject({ code: 'invalid-data' })
    await run.signal('close', {})
    await test.finish(run)
    expect(await run.query('count')).toMatchObject({ state: 'done' })
    expect((await run.view()).revision).toBe(before.revision + 2)
    await test.close()
  })
})

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('callback tokens: $kind', (kind) => {
  const unknown = { code: 'unknown-token' }

  it('send one signal, once, also when they are used many times at once', async () => {
    const { test, run, engine, token } = await opened(kind.make(freshName()))
    const rows = await Promise.allSettled([1, 2, 3, 4].map(() => engine.callback(token, { note: 'paid' })))
    expect(rows.filter(({ status }) => status === 'fulfilled')).toMatchObject([
      { value: { run: 'c', duplicate: false } },
    ])
    for (const row of rows) if (row.status === 'rejected') expect(row.reason).toMatchObject(unknown)
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { items: ['paid'] } })
    await expect(engine.callback(token, {})).rejects.toMatchObject(unknown)
    await test.close()
  })

  it('last over a restart, and are not in the store as they are', async () => {
    const name = freshName()
    const { test, token } = await opened(kind.make(name))
    await test.close()
    const later = createTestEngine({
      workflows: [CartWorkflow],
      store: kind.make(name),
      resources: { tokens: [] },
    })
    await later.engine.open()
    expect(await later.engine.store.get('token', [token])).toEqual([undefined])
    await later.engine.callback(token, {})
    expect(await later.finish(await later.engine.get('c'))).toMatchObject({ status: 'completed' })
    await later.close()
  })

  it.each([
    ['empty', ''],
    ['short', 'x'],
    ['long', 'x'.repeat(10_000)],
    ['no text', 7],
    ['nothing', undefined],
    ['null', null],
    ['an object', {}],
  ])('forged ones are refused: %s', async (_what, token) => {
    const { test, engine } = await opened(kind.make(freshName()))
    await expect(engine.callback(token as string, {})).rejects.toMatchObject(unknown)
    await test.close()
  })

  it('expire; a payload that does not fit, or a run that has ended, does not use one up', async () => {
    const { test, run, engine, token } = await opened(kind.make(freshName()), { expires: '1h' })
    await expect(engine.callback(token, { note: 7 })).rejects.toMatchObject({ code: 'invalid-signal' })
    await test.clock.advance('59m')
    await run.pause()
    await run.resume()
    await test.clock.advance('1m')
    await expect(engine.callback(token, {})).rejects.toMatchObject(unknown)
    await run.terminate()
    const other = await opened(kind.make(freshName()))
    await other.run.terminate()
    await expect(other.engine.callback(other.token, {})).rejects.toMatchObject({ code: 'run-ended' })
    expect(await historyOf(run)).not.toContainEqual(expect.objectContaining({ type: 'signalled' }))
    await test.close()
    await other.test.close()
  })
})
