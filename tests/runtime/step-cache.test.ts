import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  FatalError,
  resources,
  states,
  type Context,
  type HistoryEvent,
  type Input,
  type RunHandle,
  type ShapeOf,
  type Store,
} from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { crashAtEachWrite } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

enum State {
  Ask = 'ask',
  Done = 'done',
}
const declare = () =>
  states(
    State,
    {
      [State.Ask]: z.object({ question: z.string(), noise: z.string().default('') }),
      [State.Done]: z.object({ answer: z.string() }),
    },
    {
      initial: State.Ask,
      final: State.Done,
      vars: z.object({ asked: z.number().default(0) }),
      resources: resources<{ model: (question: string, key: string, attempt: number) => unknown }>(),
    },
  )
type D = ShapeOf<ReturnType<typeof declare>>

/** A workflow of that version, which asks a model and recalls its answer for a day. */
function makeAsk(version: number, name = 'ask') {
  const { workflow, step, go } = declare()
  @workflow({ name, version })
  class Ask {
    @step(State.Ask, {
      to: State.Done,
      cache: {
        key: ({ question }) => {
          if (question === 'no key') throw new TypeError('nothing to go by')
          return question === 'odd key' ? { f: () => 1 } : question
        },
        ttl: '1d',
      },
      retry: { maxAttempts: 2, initialInterval: '1m', jitter: 'none' },
    })
    async ask({ question }: Input<D, State.Ask>, { model, run, vars }: Context<D>) {
      const answer = (await model(question, run.idempotencyKey, run.attempt)) as string
      return go(State.Done, { answer }, { asked: vars.asked + 1 })
    }
  }
  return Ask
}
const Ask = makeAsk(1)
const Ask2 = makeAsk(2)
const Other = makeAsk(1, 'other')

class Model {
  readonly asked: string[] = []
  gate: Promise<void> | undefined
  fails = 0
  readonly answer = async (question: string): Promise<string> => {
    this.asked.push(question)
    await this.gate
    if (this.fails-- > 0) throw new FatalError('no answer')
    return `${question}: ${this.asked.length}`
  }
}

function open(store: Store, model: Model, more: object = {}) {
  const test = createTestEngine({
    workflows: [Ask, Ask2, Other],
    store,
    resources: { model: model.answer },
    ...more,
  } as never)
  const start = async (
    question: string,
    { as, of = Ask, ...rest }: { as?: object; of?: unknown; noise?: string } = {},
  ) => {
    const start = as ? { as: as as never } : {}
    return (await test.engine.start(
      of as never,
      { question, ...rest } as never,
      start,
    )) as unknown as RunHandle<D>
  }
  const ask = async (...given: Parameters<typeof start>): Promise<unknown> => {
    const view = await test.finish(await start(...given))
    return view.status === 'completed' ? (view.data as { answer: string }).answer : view.status
  }
  return { test, start, ask }
}

async function historyOf(run: Pick<RunHandle, 'events'>): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('the step cache: $kind', (kind) => {
  it('recalls a move across runs, with its vars, by what the key says', async () => {
    const model = new Model()
    const { test, ask, start } = open(kind.make(freshName()), model)
    expect(await ask('a')).toBe('a: 1')
    const again = await start('a', { noise: 'other' })
    expect(await test.finish(again)).toMatchObject({ data: { answer: 'a: 1' }, vars: { asked: 1 } })
    expect((await historyOf(again)).map(({ type }) => type)).toEqual(['started', 'log', 'moved', 'completed'])
    expect(await ask('b')).toBe('b: 2')
    expect(model.asked).toEqual(['a', 'b'])
    await test.close()
  })

  it('not across workflows, versions or tenants; callers of one tenant share it', async () => {
    const model = new Model()
    const { test, ask } = open(kind.make(freshName()), model)
    const answers = [
      await ask('a'),
      await ask('a', { of: Ask2 }),
      await ask('a', { of: Other }),
      await ask('a', { as: { id: 'ada', tenant: 't1' } }),
      await ask('a', { as: { id: 'bob', tenant: 't2' } }),
      await ask('a', { as: { id: 'eve', tenant: 't1' } }),
      await ask('a', { as: { id: 'eve' } }),
    ]
    expect(answers).toEqual(['a: 1', 'a: 2', 'a: 3', 'a: 4', 'a: 5', 'a: 4', 'a: 1'])
    await test.close()
  })

  it('for as long as ttl says, over a restart, and then anew', async () => {
    const name = freshName()
    const model = new Model()
    const first = open(kind.make(name), model)
    await first.ask('a')
    const { clock } = first.test
    await first.test.close()
    const { test, ask } = open(kind.make(name), model, { clock })
    await clock.advance(86_399_999)
    expect(await ask('a')).toBe('a: 1')
    await clock.advance(1)
    expect(await ask('a')).toBe('a: 2')
    expect(await ask('a')).toBe('a: 2')
    await test.close()
  })

  it('20 runs at once ask once', async () => {
    const model = new Model()
    let opened = (): void => undefined
    model.gate = new Promise((resolve) => (opened = resolve))
    const { test, start } = open(kind.make(freshName()), model)
    const runs = await Promise.all(Array.from({ length: 20 }, () => start('a')))
    while (model.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
    opened()
    for (const run of runs) expect(await run.result()).toMatchObject({ data: { answer: 'a: 1' } })
    expect(model.asked).toEqual(['a'])
    await test.close()
  })

  it('one that fails is not kept: the next that waited tries for itself', async () => {
    const model = new Model()
    model.fails = 2
    const { test, start } = open(kind.make(freshName()), model)
    const runs = await Promise.all([1, 2, 3, 4].map(() => start('a')))
    const ends = await Promise.all(runs.map(async (run) => (await test.finish(run)).status))
    expect(ends.sort()).toEqual(['completed', 'completed', 'failed', 'failed'])
    expect(model.asked).toHaveLength(3)
    await test.close()
  })

  it('a run that waits for the answer of another can be cancelled', async () => {
    const model = new Model()
    let opened = (): void => undefined
    model.gate = new Promise((resolve) => (opened = resolve))
    const { test, start } = open(kind.make(freshName()), model)
    const [first, second] = [await start('a'), await start('a')]
    while (model.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await second.cancel()
    await expect(second.result()).rejects.toMatchObject({ details: { status: 'cancelled' } })
    opened()
    expect(await first.result()).toMatchObject({ data: { answer: 'a: 1' } })
    await test.close()
  })

  it.each(['no key', 'odd key'])(
    'a key that cannot be made fails the run, and no other: %s',
    async (question) => {
      const model = new Model()
      const { test, ask } = open(kind.make(freshName()), model)
      expect(await ask(question)).toBe('failed')
      expect(await ask('a')).toBe('a: 1')
      expect(model.asked).toEqual(['a'])
      await test.close()
    },
  )

  it('what is recalled and does not fit the code any more is made anew', async () => {
    const name = freshName()
    const model = new Model()
    const first = open(kind.make(name), model)
    await first.ask('a')
    const { store } = first.test.engine
    const [entry] = await store.list('cache', { limit: 1, values: true })
    const value = (entry?.value ?? '').replace('"answer"', '"reply"')
    await store.write({ put: [{ collection: 'cache', key: entry?.key ?? '', value }] })
    expect(await first.ask('a')).toBe('a: 2')
    expect(await first.ask('a')).toBe('a: 2')
    await first.test.close()
  })

  it('I1 I4 a crash at each write: made at most once more', async () => {
    await crashAtEachWrite(
      kind,
      {
        workflows: [Ask],
        resources: (call) => ({
          model: async (question: string, _key: string, attempt: number) => {
            await call(question)
            if (attempt === 1) throw new Error('busy')
            return 'yes'
          },
        }),
        live: async (test) => {
          const answers: unknown[] = []
          for (const id of ['r1', 'r2']) {
            const run = await test.engine.start(Ask as never, { question: 'a' } as never, { id })
            answers.push((await test.finish(run)).data)
          }
          return answers
        },
      },
      1,
      ({ value }) => expect(value).toEqual([{ answer: 'yes' }, { answer: 'yes' }]),
    )
  })
})

describe.each(storeKinds(['sqlite', 'redis']))('the step cache of two processes: $kind', (kind) => {
  it('one asks, the other waits for it; one whose process died is asked again', async () => {
    const name = freshName()
    const clock = new TestClock()
    const model = new Model()
    let opened = (): void => undefined
    model.gate = new Promise((resolve) => (opened = resolve))
    const one = open(kind.make(name), model, { clock })
    const two = open(kind.make(name), model, { clock })
    const first = await one.start('a')
    while (model.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const second = await two.start('a')
    for (let i = 0; i < 5; i++) {
      await clock.advance('100ms')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(model.asked).toEqual(['a'])
    opened()
    await first.result()
    for (let i = 0; i < 200 && (await second.view()).status !== 'completed'; i++) {
      await clock.advance('100ms')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(await second.view()).toMatchObject({ data: { answer: 'a: 1' } })
    expect(model.asked).toEqual(['a'])
    await one.test.close()
    await two.test.close()
  })
})
