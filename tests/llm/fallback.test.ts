import fc from 'fast-check'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FatalError, RetryableError } from 'stepwright'
import { fallback, limited, MemoryBreakers, RedisBreakers, type BreakerBook } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { AnswerError, RefusalError } from '../../src/llm/answer-error.ts'
import type { Model } from '../../src/llm/model.ts'
import { hasRedis, startRedis, type RedisServer } from '../support/redis.ts'
import { ABILITIES, answer, ask, httpError, scripted } from './scripted.ts'

const good = (name = 'b') => scripted(name, () => name)
const bad = (error: Error, name = 'a') => scripted(name, () => error)

describe('a fallback', () => {
  it.each([
    ...[401, 403, 404, 408, 409, 425, 429, 500, 503].map(
      (status) => [`status ${status}`, httpError(status)] as const,
    ),
    ['a socket', Object.assign(new TypeError('fetch failed'), { code: 'ECONNRESET' })],
    ['half an answer', new AnswerError('not-whole', 'cut off', 'half')],
    ['an answer of a wrong form', new AnswerError('wrong-form', 'no JSON', '{')],
    ['a model over its limit', new RetryableError('wait', { retryAfter: '1h' })],
  ] as const)('asks the next one after %s', async (_name, error) => {
    const switched: unknown[] = []
    const model = fallback([bad(error), good()], { onSwitch: (one) => switched.push(one) })
    expect((await model.complete(ask('x'))).text).toBe('b')
    expect(switched).toEqual([{ from: 'a', to: 'b', error }])
  })

  it.each([
    ...[400, 413, 422].map((status) => [`status ${status}`, httpError(status)] as const),
    ['a fatal error', new FatalError('no')],
    ['a model that would not answer', new RefusalError('no', 'I will not')],
  ] as const)('gives up after %s', async (_name, error) => {
    const second = good()
    await expect(fallback([bad(error), second]).complete(ask('x'))).rejects.toBe(error)
    expect(second.calls).toHaveLength(0)
  })

  it('ends with an abort, and with the last error where all fail', async () => {
    const clock = new TestClock()
    const slow = scripted('a', () => 'a', { clock, ms: 1_000 })
    const second = good()
    const leaving = new AbortController()
    const call = fallback([slow, second]).complete(ask('x'), { signal: leaving.signal })
    leaving.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
    expect(second.calls).toHaveLength(0)
    await expect(
      fallback([bad(httpError(500)), bad(httpError(503), 'b')]).complete(ask('x')),
    ).rejects.toThrow('503')
  })

  it('goes to the other model where one has no budget left', async () => {
    const first = limited(good('a'), { limits: [{ per: 'run', requests: 1 }] })
    const model = fallback([first, good()])
    expect((await model.complete(ask('x'))).text).toBe('a')
    expect((await model.complete(ask('x'))).text).toBe('b')
  })

  it('can do what all of its models can', () => {
    const able = (name: string, part: Partial<Model>): Model => ({ ...good(name), ...part })
    const embed: Model['embed'] = () =>
      Promise.resolve({ vectors: [], usage: { input: 0, output: 0 }, model: 'a' })
    const fill: Model['fill'] = () => Promise.resolve(answer('a'))
    const a = able('a', { embed, fill, abilities: { ...ABILITIES, images: true, window: 8_000 } })
    const b = able('b', { embed, fill, abilities: { ...ABILITIES, schema: false, images: true } })
    const both = fallback([a, b])
    expect(both.name).toBe('a | b')
    expect(both.abilities).toEqual({ ...ABILITIES, schema: false, images: true, window: 8_000 })
    expect([both.fill === undefined, both.embed === undefined]).toEqual([false, true])
    expect(fallback([a, { ...a }]).embed).toBeDefined()
  })

  it('divides calls by weights', async () => {
    const [a, b] = [good('a'), good('b')]
    const weighted = [
      { model: a, weight: 9 },
      { model: b, weight: 1 },
    ]
    const model = fallback(weighted, { clock: new TestClock() })
    for (let i = 0; i < 1_000; i++) await model.complete(ask('x'))
    expect(a.calls.length).toBeGreaterThan(860)
    expect(a.calls.length).toBeLessThan(940)
    expect(() => fallback([{ model: a, weight: 0 }])).toThrow('[invalid-options]')
    expect(() => fallback([])).toThrow('[invalid-options]')
  })
})

describe('a breaker', () => {
  it('tells two ways to one model from each other', async () => {
    const [broken, whole] = [bad(httpError(500), 'm'), good('m')]
    const model = fallback([broken, whole], { clock: new TestClock(), breaker: { calls: 1 } })
    for (let i = 0; i < 3; i++) expect((await model.complete(ask('x'))).text).toBe('m')
    expect([broken.calls.length, whole.calls.length]).toEqual([1, 3])
  })

  const breaker = { share: 0.8, within: '10m', calls: 10, rest: '30s' } as const

  it('switches within one window when over 80% fail, tries one call after a rest, and comes back', async () => {
    const clock = new TestClock()
    let broken = false
    const first = scripted('a', () => (broken ? httpError(500) : 'a'))
    const model = fallback([first, good()], { clock, breaker })
    const call = async (): Promise<string> => (await model.complete(ask('x'))).text
    const minute = async () => {
      await clock.advance('6s')
      return call()
    }
    for (let i = 0; i < 100; i++) expect(await minute()).toBe('a')
    broken = true
    const began = clock.now()
    let asked = first.calls.length
    for (;;) {
      expect(await minute()).toBe('b')
      if (first.calls.length === asked) break
      asked = first.calls.length
    }
    expect(clock.now() - began).toBeLessThan(600_000) // within one window
    // left alone: in ten minutes it is tried once in half a minute
    for (let i = 0; i < 100; i++) expect(await minute()).toBe('b')
    expect(first.calls.length - asked).toBeLessThanOrEqual(20)
    expect(first.calls.length - asked).toBeGreaterThanOrEqual(16)
    broken = false
    await clock.advance('31s')
    expect(await call()).toBe('a')
    for (let i = 0; i < 10; i++) expect(await call()).toBe('a')
  })

  it('lets one call try, and the others go on without it', async () => {
    const clock = new TestClock()
    let broken = true
    const first = scripted('a', () => (broken ? httpError(500) : 'a'), { clock, ms: 1_000 })
    const model = fallback([first, good()], { clock, breaker: { ...breaker, calls: 1 } })
    const one = model.complete(ask('x'))
    await clock.advance('2s')
    await one
    broken = false
    await clock.advance('31s')
    const calls = [1, 2, 3].map(() => model.complete(ask('x')))
    await clock.advance('2s')
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(['a', 'b', 'b'])
    expect(first.calls).toHaveLength(2)
  })

  it('says when to come again where all are left alone', async () => {
    const clock = new TestClock()
    const model = fallback([bad(httpError(500))], { clock, breaker: { ...breaker, calls: 1 } })
    await expect(model.complete(ask('x'))).rejects.toThrow('status 500')
    await clock.advance('10s')
    const call = model.complete(ask('x'))
    await expect(call).rejects.toBeInstanceOf(RetryableError)
    await expect(call).rejects.toMatchObject({ retryAfter: 20_000 })
  })

  it('that cannot be reached keeps nobody from a model', async () => {
    const failing = () => Promise.reject(new Error('down'))
    const model = fallback([good('a')], { breaker: { book: { ask: failing, tell: failing } } })
    expect((await model.complete(ask('x'))).text).toBe('a')
  })

  it('opens exactly when the share of the calls in its window says so', async () => {
    const call = fc.record({ wait: fc.integer({ min: 0, max: 120_000 }), ok: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 60 }), async (calls) => {
        const clock = new TestClock(0)
        const book = new MemoryBreakers(clock)
        const rule = { share: 0.6, withinMs: 600_000, calls: 5, restMs: 1_000 }
        const past: { part: number; ok: boolean }[] = []
        for (const { wait, ok } of calls) {
          clock.jump(clock.now() + wait)
          const part = Math.floor(clock.now() / 30_000)
          past.push({ part, ok })
          await book.tell('m', rule, ok ? 'good' : 'bad', false)
          const window = past.filter((one) => one.part > part - 20)
          const failed = window.filter((one) => !one.ok).length
          const open = window.length >= 5 && failed > 0.6 * window.length
          expect((await book.ask('m', rule)).go).toBe(open ? 'no' : 'always')
          if (open) return
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe.skipIf(!hasRedis)('breakers over Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'no'])
  })
  afterAll(() => redis.stop())

  it('what one worker has met, the others know; one of all tries, and all come back', async () => {
    const books = [1, 2, 3].map(() => new RedisBreakers(redis.url))
    let broken = true
    const first = scripted('a', () => (broken ? httpError(500) : 'a'))
    const workers = books.map((book) =>
      fallback([first, good()], { breaker: { book, calls: 6, rest: '300ms' } }),
    )
    const all = () => Promise.all(workers.map(async (model) => (await model.complete(ask('x'))).text))
    await all()
    await all()
    expect(first.calls).toHaveLength(6)
    expect(await all()).toEqual(['b', 'b', 'b'])
    expect(first.calls).toHaveLength(6)
    await pause(320)
    expect(await all()).toEqual(['b', 'b', 'b'])
    expect(first.calls).toHaveLength(7)
    broken = false
    await pause(320)
    expect((await all()).filter((text) => text === 'a')).toHaveLength(1)
    expect(await all()).toEqual(['a', 'a', 'a'])
    await Promise.all(books.map((book) => book.close()))
  })

  it('agree with those in memory', async () => {
    const rule = { share: 0.5, withinMs: 60_000, calls: 4, restMs: 60_000 }
    const redisBook = new RedisBreakers(redis.url, { prefix: 'agree' })
    const both: BreakerBook[] = [new MemoryBreakers(), redisBook]
    const told = ['good', 'none', 'good', 'good', 'bad', 'bad', 'bad', 'bad', 'good'] as const
    const said = await Promise.all(
      both.map(async (book) => {
        const go: string[] = []
        for (const outcome of told) {
          await book.tell('m', rule, outcome, false)
          go.push((await book.ask('m', rule)).go)
        }
        await book.tell('m', rule, 'none', true)
        go.push((await book.ask('m', rule)).go)
        await book.tell('m', rule, 'good', true)
        return [...go, (await book.ask('m', rule)).go]
      }),
    )
    expect(said[0]).toEqual(said[1])
    expect(said[0]).toEqual(
      [...Array<string>(6).fill('always'), ...['always', 'no', 'no', 'try', 'always']].slice(0, 11),
    )
    await redisBook.close()
  })
})
