import { describe, expect, it } from 'vitest'
import { FatalError, RetryableError } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import {
  paid,
  ShopWorkflow,
  State,
  toExtraKey,
  toNowhere,
  toReview,
  toWrongData,
  type Hands,
} from '../support/shop.ts'

async function charged(charge: Hands['charge']) {
  const test = createTestEngine({ workflows: [ShopWorkflow], resources: { hands: { charge } } })
  const run = await test.engine.start(ShopWorkflow, { amount: 5 }, { id: 'r' })
  return { test, run }
}

async function happenings(run: { events(o: { follow: boolean }): AsyncIterable<{ type: string }> }) {
  const types: string[] = []
  for await (const event of run.events({ follow: false })) types.push(event.type)
  return types
}

describe('retries', () => {
  it('I9 tries again at the due time, not before, and then goes on', async () => {
    let calls = 0
    const { test, run } = await charged(() =>
      ++calls < 3 ? Promise.reject(new Error('busy')) : toReview('ok'),
    )
    await test.settle()
    const first = await run.view()
    expect(first).toMatchObject({
      status: 'waiting',
      state: State.Charge,
      attempt: 1,
      timer: { kind: 'retry' },
    })
    const wait = (first.timer?.at ?? 0) - test.clock.now()
    expect(wait).toBeGreaterThanOrEqual(0)
    expect(wait).toBeLessThanOrEqual(10_000)
    await test.clock.advance(wait - 1)
    expect(calls).toBe(1)
    await test.clock.advance(1)
    expect(calls).toBe(2)
    expect(await test.finish(run)).toMatchObject({ state: State.Review, attempt: 1 })
    expect(await happenings(run)).toEqual([
      'started',
      'moved',
      'attempt-failed',
      'retried',
      'attempt-failed',
      'retried',
      'moved',
    ])
    await test.close()
  })

  it('takes the catch edge when attempts are used up, with the failure and the input', async () => {
    const { test, run } = await charged(() => Promise.reject(new Error('declined')))
    expect(await test.finish(run)).toMatchObject({
      status: 'completed',
      state: State.Refused,
      data: { reason: 'Error: declined (5)' },
    })
    await test.close()
  })

  it('a FatalError is not tried again', async () => {
    let calls = 0
    const { test, run } = await charged(() => {
      calls++
      throw new FatalError('stolen card')
    })
    expect(await test.finish(run)).toMatchObject({
      state: State.Refused,
      data: { reason: 'FatalError: stolen card (5)' },
    })
    expect(calls).toBe(1)
    await test.close()
  })

  it.each([
    ['RetryableError', new RetryableError('later', { retryAfter: '3h' })],
    [
      'an HTTP error with Retry-After in seconds',
      Object.assign(new Error('429'), { status: 429, headers: new Headers({ 'retry-after': '10800' }) }),
    ],
    [
      'an HTTP error with Retry-After as a date',
      Object.assign(new Error('503'), {
        status: 503,
        headers: new Headers({ 'retry-after': new Date(Date.UTC(2026, 0, 1, 3)).toUTCString() }),
      }),
    ],
  ])('waits as long as %s asks for, longer than the policy', async (_name, error) => {
    let calls = 0
    const { test, run } = await charged(() => (++calls === 1 ? Promise.reject(error) : toReview('ok')))
    await test.settle()
    expect((await run.view()).timer?.at).toBe(Date.UTC(2026, 0, 1, 3))
    expect(await test.finish(run)).toMatchObject({ state: State.Review })
    await test.close()
  })

  it.each([
    ['a duration that is none', 'soon' as never],
    ['a negative one', -5],
    ['an invalid date', new Date(NaN)],
    ['longer than any life', '99w' as const],
  ])('a RetryableError with %s is tried again all the same', async (_name, retryAfter) => {
    let calls = 0
    const { test, run } = await charged(() =>
      ++calls === 1 ? Promise.reject(new RetryableError('x', { retryAfter })) : toReview('ok'),
    )
    expect(await test.finish(run)).toMatchObject({ state: State.Review })
    await test.close()
  })

  it.each([400, 401, 404, 422])('HTTP %i is not tried again', async (status) => {
    let calls = 0
    const { test, run } = await charged(() => {
      calls++
      throw Object.assign(new Error('no'), { status })
    })
    expect(await test.finish(run)).toMatchObject({ state: State.Refused })
    expect(calls).toBe(1)
    await test.close()
  })

  it('without a catch edge the run fails, and its result says why', async () => {
    const hands: Hands = { ...paid, ship: () => Promise.reject(new Error('no van')) }
    const test = createTestEngine({ workflows: [ShopWorkflow], resources: { hands } })
    const run = await test.engine.start(ShopWorkflow, { amount: 1 })
    await test.finish(run)
    await run.signal('approve', { by: 'ada' })
    expect(await test.finish(run)).toMatchObject({
      status: 'failed',
      state: State.Ship,
      attempt: 2,
      failure: { message: 'no van' },
    })
    await expect(run.result()).rejects.toMatchObject({
      code: 'run-failed',
      details: { failure: { message: 'no van' } },
    })
    await test.close()
  })
})

describe('timeouts', () => {
  it('I4 an attempt that outlives its timeout is aborted, and its late result is ignored', async () => {
    const late: (() => void)[] = []
    let aborted = 0
    const { test, run } = await charged(({ run: { signal } }) => {
      signal.addEventListener('abort', () => aborted++)
      return new Promise((resolve) => late.push(() => resolve(toReview('late'))))
    })
    await test.clock.advance('29s')
    expect(aborted).toBe(0)
    await test.clock.advance('1s')
    expect(aborted).toBe(1)
    expect(await run.view()).toMatchObject({
      status: 'waiting',
      state: State.Charge,
      timer: { kind: 'retry' },
    })
    late[0]?.()
    await test.clock.advance(0)
    expect((await run.view()).state).toBe(State.Charge)
    await test.clock.advance('10m')
    expect(await run.view()).toMatchObject({
      state: State.Refused,
      data: {
        reason: expect.stringContaining(
          'TimeoutError: "charge" took longer than its timeout of 30.0s',
        ) as string,
      },
    })
    await test.close()
  })

  it('I4 memo, log and session of an attempt that is over change nothing', async () => {
    let go: (() => void) | undefined
    const after: unknown[] = []
    let attempts = 0
    const { test, run } = await charged(async (context) => {
      if (++attempts > 1) return toReview('second')
      await new Promise<void>((resolve) => (go = resolve))
      context.log.info('late')
      context.session.update((s) => ({ total: s.total + 100 }))
      after.push(await context.memo('late', () => 1).catch((error: unknown) => error))
      return toReview('late')
    })
    await test.clock.advance('30s')
    go?.()
    await test.finish(run)
    expect(after).toMatchObject([{ code: 'attempt-over' }])
    expect(await test.engine.session(run.id).state()).toBeUndefined()
    expect(await happenings(run)).not.toContain('log')
    expect((await run.view()).data).toEqual({ receipt: 'second' })
    await test.close()
  })
})

describe('handlers that do it wrong', () => {
  it.each([
    ['returns nothing', () => undefined, /no-move/],
    ['returns a look-alike of a move', () => ({ state: State.Review, data: { receipt: 'x' } }), /no-move/],
    ['goes to a state it does not declare', toNowhere, /illegal-move/],
    ['hands over data that does not fit', toWrongData, /receipt: .*invalid-data/],
    ['hands over a key the schema would drop', toExtraKey, /extra: not in the schema.*invalid-data/],
    [
      'throws a string',
      () => {
        throw 'plain text' as unknown
      },
      /threw "plain text", not an Error/,
    ],
    ['throws undefined', () => Promise.reject(undefined as unknown as Error), /threw/],
  ])('%s: the run takes its catch edge and the engine lives', async (_name, charge, reason) => {
    const { test, run } = await charged(charge)
    const view = await test.finish(run)
    expect(view.state).toBe(State.Refused)
    expect((view.data as { reason: string }).reason).toMatch(reason)
    await test.close()
  })
})
