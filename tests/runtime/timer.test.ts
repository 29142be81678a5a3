import { describe, expect, it } from 'vitest'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { HoursWorkflow, State, UNTIL, type Ctx, type Hands } from '../support/hours.ts'
import { pass, until } from '../support/passing.ts'
import { crashAllAlong, crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const START = Date.UTC(2026, 0, 1)
const DAY = 864e5

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('time: $kind', (kind) => {
  const open = (hands: Hands = {}, { name = freshName(), at = START } = {}) => {
    const clock = new TestClock(at, at % 1e9)
    const test = createTestEngine({
      workflows: [HoursWorkflow],
      store: kind.make(name),
      clock,
      resources: { hands },
    })
    const start = (to: State, length?: unknown, more = {}) =>
      test.engine.start(
        HoursWorkflow,
        { to, ...(length === undefined ? {} : { length }) },
        { id: 'r', ...more },
      )
    return { test, clock, start, name }
  }

  it('I9 for: not a millisecond early, and once', async () => {
    let awake = 0
    const { test, start } = open({ awake: () => (awake += 1) })
    const run = await start(State.For)
    await pass(test, 3 * DAY - 1)
    expect(await run.view()).toMatchObject({
      status: 'waiting',
      timer: { kind: 'timer', at: START + 3 * DAY },
    })
    await pass(test, 1)
    expect(await run.view()).toMatchObject({ status: 'completed', data: { from: 'for' } })
    await pass(test, 30 * DAY)
    expect(awake).toBe(1)
    await test.close()
  })

  it.each([
    ['a length from the input', State.ForInput, '90s', 90_000],
    ['no length at all', State.ForInput, 0, 0],
    ['90 years', State.ForInput, 90 * 365 * DAY, 90 * 365 * DAY],
    ['a date', State.Until, undefined, UNTIL.getTime() - START],
    [
      'a date from the input, in 12 years',
      State.UntilInput,
      new Date(Date.UTC(2038, 3, 1)),
      Date.UTC(2038, 3, 1) - START,
    ],
    ['a date that has passed', State.UntilInput, new Date(0), 0],
  ])('I9 %s', async (_, to, length, ms) => {
    const { test, start } = open()
    const run = await start(to, length)
    await test.settle()
    if (ms > 0) {
      expect(await run.view()).toMatchObject({ status: 'waiting', timer: { at: START + ms } })
      await pass(test, ms - 1)
      expect(await run.view()).toMatchObject({ status: 'waiting' })
      await pass(test, 1)
    }
    expect(await run.view()).toMatchObject({ status: 'completed', data: { from: to } })
    await test.close()
  })

  it.each([
    ['300 years', State.ForInput, '15700w'],
    ['a negative length', State.ForInput, -1],
    ['what is no length', State.ForInput, 'soon'],
    ['a date in 300 years', State.UntilInput, new Date(START + 300 * 365.25 * DAY)],
    ['the last date there is', State.UntilInput, new Date(8.64e15)],
    ['what is no date', State.UntilInput, new Date(NaN)],
  ])('%s is refused with a code, and what was done is undone', async (_, to, length) => {
    const undone: string[] = []
    const { test, start } = open({ undo: (what) => undone.push(what) })
    const view = await test.finish(await start(to, length))
    expect(view.failure).toMatchObject({
      code: 'invalid-options',
      message: expect.stringMatching(/years|valid Date/),
    })
    expect(view.status).toBe('failed') // the step did not move: there is nothing to undo
    expect(undone).toEqual([])
    await test.close()
  })

  it('I9 a timer that was due while no process ran fires once at the next start', async () => {
    let awake = 0
    const hands: Hands = { awake: () => (awake += 1) }
    const first = open(hands)
    await first.start(State.For)
    await first.test.settle()
    await first.test.close()
    const second = open(hands, { name: first.name, at: START + 30 * DAY })
    await second.test.settle()
    const run = await second.test.engine.get('r')
    expect(await run.view()).toMatchObject({ status: 'completed' })
    await second.test.close()
    const third = open(hands, { name: first.name, at: START + 60 * DAY })
    await third.test.settle()
    expect(awake).toBe(1)
    await third.test.close()
  })

  it('a heartbeat that is missed is a TimeoutError, and the step is tried again', async () => {
    const attempts: number[] = []
    const { test, clock, start } = open({
      work: ({ run, heartbeat }) => {
        attempts.push(run.attempt)
        if (run.attempt === 2) return heartbeat()
        return new Promise(() => undefined)
      },
    })
    const run = await start(State.Work)
    await until(test, () => attempts.length === 1)
    await clock.advance(9_999)
    expect(attempts).toEqual([1])
    await clock.advance(1)
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    expect(attempts).toEqual([1, 2])
    const failed = []
    for await (const event of run.events()) if (event.type === 'attempt-failed') failed.push(event.failure)
    expect(failed).toMatchObject([
      { name: 'TimeoutError', message: expect.stringContaining('heartbeat of 10.0s') },
    ])
    await test.close()
  })

  it('with signs of life a step may take its whole timeout, and no longer', async () => {
    let told: unknown
    let begun = false
    const { test, clock, start } = open({
      work: async ({ heartbeat, run }) => {
        begun = true
        run.signal.addEventListener('abort', () => (told = run.signal.reason))
        for (;;) {
          await new Promise<void>((resolve) => clock.alarm(clock.now() + 5_000, resolve))
          heartbeat()
        }
      },
    })
    const run = await start(State.Work)
    await until(test, () => begun)
    await clock.advance('59s')
    expect(told).toBeUndefined()
    expect(await run.view()).toMatchObject({ status: 'running', attempt: 1 })
    await clock.advance('1s')
    expect(told).toMatchObject({ name: 'TimeoutError' })
    begun = false
    await until(test, async () => begun || (await test.clock.advance('1s'), false))
    await clock.advance('60s')
    await test.settle()
    expect(await run.view()).toMatchObject({
      state: State.Caught,
      data: { why: expect.stringContaining('timeout of 1m') },
    })
    expect(told).toMatchObject({ name: 'TimeoutError' })
    await test.close()
  })

  it('a deadline aborts the handler at work, fails the run, and undoes what was done', async () => {
    let told: unknown
    let begun = false
    const undone: string[] = []
    const { test, clock, start } = open({
      work: ({ run }) =>
        new Promise((_, reject) => {
          begun = true
          run.signal.addEventListener('abort', () => {
            told = run.signal.reason
            reject(run.signal.reason as Error)
          })
        }),
      undo: (what) => undone.push(what),
    })
    const run = await start(State.Work, undefined, { deadline: '5s' })
    await until(test, () => begun)
    await clock.advance('4s')
    expect(await run.view()).toMatchObject({ status: 'running', state: State.Work })
    await clock.advance('1s')
    await test.settle()
    expect(await run.view()).toMatchObject({
      status: 'compensated',
      failure: { name: 'TimeoutError', message: 'the run took longer than its deadline' },
    })
    expect(told).toMatchObject({ name: 'CancelledError' })
    expect(undone).toEqual(['start'])
    await test.close()
  })

  it('I9 a deadline ends a wait too, also where it passed while nothing ran', async () => {
    const undone: string[] = []
    const hands: Hands = { undo: (what) => undone.push(what) }
    const first = open(hands)
    await first.start(State.Ask, undefined, { deadline: '2d' })
    await first.test.settle()
    await first.test.close()
    const second = open(hands, { name: first.name, at: START + 9 * DAY })
    await second.test.settle()
    expect(await (await second.test.engine.get('r')).view()).toMatchObject({ status: 'compensated' })
    expect(undone).toEqual(['start'])
    expect(await second.test.engine.store.list('due', { limit: 9 })).toEqual([])
    await second.test.close()
  })

  it('maxVisits: a wait that is entered once too often is left at once, with its edge', async () => {
    const { test, start } = open()
    const run = await start(State.Ask)
    for (let i = 0; i < 3; i++) {
      await test.settle()
      expect(await run.view()).toMatchObject({ status: 'waiting', visits: { ask: i + 1 } })
      await run.signal('again', {})
    }
    expect(await test.finish(run)).toMatchObject({
      status: 'completed',
      state: State.Caught,
      data: { why: 'asked too often in ask' },
    })
    await test.close()
  })

  it('maxVisits: a step is not called once too often, and that visit is not undone', async () => {
    const calls: string[] = []
    const { test, start } = open({ undo: (what) => calls.push(what) })
    const run = await start(State.Again)
    expect(await test.finish(run)).toMatchObject({ state: State.Caught, visits: { again: 5 } })
    expect(calls).toEqual(['visit 1', 'visit 2', 'visit 3', 'visit 4'])
    expect(await test.engine.store.list('undo', { limit: 99 })).toHaveLength(5) // with the start
    await test.close()
  })

  const scenario = (
    to: State,
    hands: (call: (key: string) => Promise<void>) => Hands,
  ): Scenario<unknown> => ({
    workflows: [HoursWorkflow],
    resources: (call) => ({ hands: hands(call) }),
    live: async (test) => {
      const run = await test.engine.start(HoursWorkflow, { to }, { id: 'r' })
      const { status, state, data, visits } = await test.finish(run)
      return { status, state, data, visits }
    },
  })
  const timer = scenario(State.For, (call) => ({ awake: ({ run }: Ctx) => call(run.idempotencyKey) }))
  const visits = scenario(State.Again, (call) => ({ undo: (what) => call(what) }))

  it('I4 I9 a crash at each write: a timer fires once', async () => {
    await crashAtEachWrite(kind, timer, 1)
    await crashAtEachWrite(kind, visits, 1)
  })

  it('I4 I9 crashes all along', async () => {
    expect((await crashAllAlong(kind, visits, 5, 1)).processes).toBeGreaterThan(1)
  })
})
