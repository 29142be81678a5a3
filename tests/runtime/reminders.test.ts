import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  resources,
  states,
  type Context,
  type HistoryEvent,
  type Input,
  type RunHandle,
  type ShapeOf,
  type Signal,
  type Store,
} from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { crashAtEachWrite } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

enum State {
  Review = 'review',
  Done = 'done',
  Late = 'late',
}
const text = z.object({ text: z.string() })
const Review = states(
  State,
  { [State.Review]: text, [State.Done]: text, [State.Late]: text },
  {
    initial: State.Review,
    final: [State.Done, State.Late],
    signals: { approve: z.object({}), change: z.object({ text: z.string() }) },
    resources: resources<{ mail: (what: string, attempt: number, token: string) => unknown }>(),
  },
)
type D = ShapeOf<typeof Review>
type In<S extends State> = Input<D, S>

@Review.workflow({ name: 'review' })
class ReviewWorkflow {
  @Review.wait(State.Review, {
    on: { approve: State.Done, change: State.Review },
    expires: { after: '5d', to: State.Late, with: ({ text }) => ({ text }) },
  })
  review(e: Signal<D, 'approve' | 'change'>, { text }: In<State.Review>) {
    return e.type === 'approve' ? Review.go(State.Done, { text }) : Review.go(State.Review, { text: e.text })
  }
  @Review.reminder(State.Review, {
    after: '1d',
    every: '1d',
    times: 4,
    retry: { maxAttempts: 2, initialInterval: '10m', jitter: 'none' },
    timeout: '1m',
  })
  async remind({ text }: In<State.Review>, context: Context<D>) {
    const { mail, run, memo, callbackToken } = context
    await memo('sent', async () => {
      await mail(`remind ${text} ${run.idempotencyKey}`, run.attempt, await callbackToken('approve'))
    })
  }
  @Review.reminder(State.Review, { after: '60h', retry: { maxAttempts: 1 } })
  async escalate({ text }: In<State.Review>, { mail, run, callbackToken }: Context<D>) {
    await mail(`boss ${text} ${run.idempotencyKey}`, run.attempt, await callbackToken('approve'))
  }
}

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)

function open(
  store: Store,
  { clock = new TestClock(START), fails = (_: string, __: number): unknown => undefined } = {},
) {
  const mails: string[] = []
  const tokens = new Set<string>()
  const mail = async (what: string, attempt: number, token: string): Promise<void> => {
    mails.push(`${(clock.now() - START) / DAY}: ${what.replace('r/review/', '')}`)
    tokens.add(token)
    await fails(what, attempt)
  }
  const test = createTestEngine({ workflows: [ReviewWorkflow], store, clock, resources: { mail } })
  return { test, mails, tokens, clock, engine: test.engine }
}

async function historyOf(run: Pick<RunHandle, 'events'>): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('reminders: $kind', (kind) => {
  /** Goes on from one due time to the next until the day has come. */
  async function until(test: ReturnType<typeof open>, day: number): Promise<void> {
    await test.test.settle()
    for (;;) {
      const due = await test.engine.store.list('due', { limit: 1 })
      const at = Number(due[0]?.key.split('/')[0] ?? Infinity)
      if (at > START + day * DAY) break
      test.clock.jump(at)
      await test.test.settle()
    }
    test.clock.jump(START + day * DAY)
    await test.test.settle()
  }

  it('I9 an approval that takes days: reminded each day, escalated once, then approved', async () => {
    const all = open(kind.make(freshName()))
    const { test, mails, tokens, engine } = all
    const run = await engine.start(ReviewWorkflow, { text: 'a' }, { id: 'r' })
    await until(all, 3.5)
    const sent = [
      '1: remind a 1/remind/1',
      '2: remind a 1/remind/2',
      '2.5: boss a 1/escalate/1',
      '3: remind a 1/remind/3',
    ]
    expect(mails).toEqual(sent)
    expect(await run.view()).toMatchObject({ status: 'waiting', awaits: ['approve', 'change'], attempt: 1 })
    expect(tokens.size).toBe(1)
    expect((await historyOf(run)).filter(({ type }) => type === 'reminded')).toMatchObject([
      { method: 'remind', count: 1 },
      { method: 'remind', count: 2 },
      { method: 'escalate', count: 1 },
      { method: 'remind', count: 3 },
    ])
    await engine.callback([...tokens][0] ?? '', {})
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    expect(await engine.store.list('due', { limit: 9 })).toEqual([])
    expect(await engine.store.list('memo', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('only so many; then the wait ends in its own time; another visit begins anew', async () => {
    const all = open(kind.make(freshName()))
    const { test, mails, engine } = all
    const run = await engine.start(ReviewWorkflow, { text: 'a' }, { id: 'r' })
    await until(all, 1.5)
    await run.signal('change', { text: 'b' })
    await until(all, 6.4)
    expect(mails).toEqual([
      '1: remind a 1/remind/1',
      '2.5: remind b 2/remind/1',
      '3.5: remind b 2/remind/2',
      '4: boss b 2/escalate/1',
      '4.5: remind b 2/remind/3',
      '5.5: remind b 2/remind/4',
    ])
    await until(all, 6.5)
    expect(await test.finish(run)).toMatchObject({ status: 'completed', state: State.Late })
    await test.close()
  })

  it('I9 what was due while nothing ran is made up for by one, and not at all once the wait is over', async () => {
    const name = freshName()
    const first = open(kind.make(name))
    const run = await first.engine.start(ReviewWorkflow, { text: 'a' }, { id: 'r' })
    await first.test.finish(run)
    await first.test.close()
    const second = open(kind.make(name), { clock: new TestClock(START + 3.2 * DAY) })
    await second.test.settle()
    expect(second.mails.sort()).toEqual(['3.2: boss a 1/escalate/1', '3.2: remind a 1/remind/1'])
    await until(second, 4.1)
    expect(second.mails.slice(2)).toEqual(['4: remind a 1/remind/4'])
    await second.test.close()
    const third = open(kind.make(name), { clock: new TestClock(START + 6 * DAY) })
    expect(await third.test.finish(await third.engine.get('r'))).toMatchObject({ state: State.Late })
    expect(third.mails).toEqual([])
    await third.test.close()
  })

  it('a signal that comes after the end of the wait does not win, also where a reminder was due first', async () => {
    const name = freshName()
    const first = open(kind.make(name))
    await first.test.finish(await first.engine.start(ReviewWorkflow, { text: 'a' }, { id: 'r' }))
    await first.test.close()
    const clock = new TestClock(START + 6 * DAY)
    const idle = createTestEngine({
      ...{ workflows: [ReviewWorkflow], store: kind.make(name), clock, worker: false },
      resources: { mail: () => undefined },
    })
    await (await idle.engine.get<typeof ReviewWorkflow>('r')).signal('approve', {})
    await idle.close()
    const later = open(kind.make(name), { clock })
    expect(await later.test.finish(await later.engine.get('r'))).toMatchObject({ state: State.Late })
    expect(later.mails).toEqual([])
    await later.test.close()
  })

  it('one that fails is tried again by its own policy; one that fails for good is noted, and the run goes on', async () => {
    const fails = (what: string): void => {
      if (what.includes('remind a')) throw new Error('no post today')
    }
    const all = open(kind.make(freshName()), { fails })
    const { test, mails, engine } = all
    const run = await engine.start(ReviewWorkflow, { text: 'a' }, { id: 'r' })
    await until(all, 1 + 5 / 1440)
    expect(await run.view()).toMatchObject({
      status: 'waiting',
      awaits: ['approve', 'change'],
      timer: { kind: 'reminder' },
    })
    await until(all, 2.2)
    expect(mails.map((mail) => mail.split(' ').at(-1))).toEqual([
      ...['1/remind/1', '1/remind/1', '1/remind/2', '1/remind/2'],
    ])
    const noted = (await historyOf(run)).filter(({ type }) => type === 'reminded')
    expect(noted.at(-1)).toMatchObject({ count: 2, failure: { message: 'no post today' } })
    await run.signal('approve', {})
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    await test.close()
  })

  it('one that hangs is ended by its timeout; a signal that comes meanwhile is taken then', async () => {
    let hanging = false
    const fails = (what: string) =>
      what.includes('remind') ? new Promise(() => (hanging = true)) : undefined
    const { test, clock, engine } = open(kind.make(freshName()), { fails })
    const run = await engine.start(ReviewWorkflow, { text: 'a' }, { id: 'r' })
    await test.settle()
    clock.jump(START + DAY)
    while (!hanging) await new Promise((resolve) => setImmediate(resolve))
    await run.signal('approve', {})
    clock.jump(START + DAY + 60_000)
    expect(await test.finish(run)).toMatchObject({ status: 'completed', state: State.Done })
    await test.close()
  })

  it('none while the run is paused; cancelled, none at all', async () => {
    const all = open(kind.make(freshName()))
    const { test, mails, engine } = all
    const run = await engine.start(ReviewWorkflow, { text: 'a' }, { id: 'r' })
    await test.settle()
    await run.pause()
    await until(all, 2.1)
    expect(mails).toEqual([])
    await run.resume()
    await until(all, 2.2)
    expect(mails).toEqual(['2.1: remind a 1/remind/1'])
    await run.cancel()
    await until(all, 9)
    expect(mails).toHaveLength(1)
    expect(await run.view()).toMatchObject({ status: 'cancelled' })
    await test.close()
  })

  it('I1 I4 I9 a crash at each write: each at most once more, with the same key', async () => {
    await crashAtEachWrite(
      kind,
      {
        workflows: [ReviewWorkflow],
        resources: (call) => ({
          mail: async (what: string, attempt: number) => {
            await call(what)
            if (what.includes('remind/2') && attempt === 1) throw new Error('busy')
          },
        }),
        live: async (test) => {
          const start = { text: 'a' } as never
          const run = (await test.engine.start(ReviewWorkflow, start, { id: 'r' })) as unknown as RunHandle<D>
          for (;;) {
            const view = await test.finish(run)
            if (view.status === 'completed') return { state: view.state }
            if (!(await test.skip())) throw new Error('nothing is due')
          }
        },
      },
      1,
    )
  })
})
