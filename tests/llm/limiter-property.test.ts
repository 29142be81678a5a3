import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limited, MemoryMeter, type Limit, type Meter } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { ask, httpError, scripted } from './scripted.ts'
import { mostIn, type Used } from './windows.ts'

const limit: fc.Arbitrary<Limit> = fc
  .record({
    per: fc.constantFrom('model' as const, 'tenant' as const),
    requests: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    tokens: fc.option(fc.integer({ min: 100, max: 300 }), { nil: undefined }),
    concurrency: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    every: fc.constantFrom('1s' as const, '3s' as const),
  })
  .filter((one) => one.requests !== undefined || one.tokens !== undefined || one.concurrency !== undefined)
  .map(
    (one) =>
      Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)) as unknown as Limit,
  )
const call = fc.record({
  tenant: fc.constantFrom('a', 'b', 'c'),
  after: fc.integer({ min: 0, max: 800 }),
  output: fc.integer({ min: 1, max: 90 }),
  ms: fc.integer({ min: 0, max: 900 }),
  ends: fc.constantFrom('well', 'well', 'well', 'with 503', 'aborted', 'meter fails'),
})

interface Sent extends Used {
  readonly tenant: string
  readonly until: number
  readonly tokens: number
}

/** The most that are under way at once. */
function atOnce(sent: readonly Sent[]): number {
  return Math.max(0, ...sent.map(({ at }) => sent.filter((one) => one.at <= at && at < one.until).length))
}

describe('a limiter', () => {
  it('is never over a limit and leaves nobody waiting, whatever comes, fails and leaves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(limit, { minLength: 1, maxLength: 3 }),
        fc.array(call, { minLength: 1, maxLength: 25 }),
        async (limits, calls) => {
          const clock = new TestClock()
          const inner = new MemoryMeter(clock)
          let failing = 0
          const meter: Meter = {
            reserve: (reservation) =>
              failing > 0 ? ((failing -= 1), Promise.reject(new Error('down'))) : inner.reserve(reservation),
            settle: (grant, used) => inner.settle(grant, used),
            keep: (grants) => inner.keep(grants),
          }
          const sent: Sent[] = []
          const bare = scripted(
            'm',
            ({ how, request }) => {
              const { ends, tenant } = calls[Number(how.idempotencyKey)] ?? calls[0]!
              const output = request.maxTokens ?? 0
              if (ends === 'with 503') return httpError(503)
              return { text: tenant, usage: { input: 1, output } }
            },
            { clock, ms: (i) => calls[Number(bare.calls[i - 1]?.how.idempotencyKey)]?.ms ?? 0 },
          )
          const watched = {
            ...bare,
            complete: async (...args: Parameters<typeof bare.complete>) => {
              const at = clock.now()
              const [{ maxTokens = 0 }, how] = args
              let refused = false
              try {
                return await bare.complete(...args)
              } catch (error) {
                refused = 'status' in (error as object)
                throw error
              } finally {
                const tokens = refused ? 0 : 1 + maxTokens
                sent.push({ at, until: clock.now(), amount: 1, tokens, tenant: how?.for?.tenant ?? '' })
              }
            },
          }
          const model = limited(watched, { limits, clock, meter, maxWait: '10m' })
          let left = calls.length
          for (const [i, { tenant, after, output, ends }] of calls.entries()) {
            await clock.advance(after)
            const leaving = new AbortController()
            if (ends === 'meter fails') failing += 1
            void model
              .complete(ask('abcd', output), {
                for: { tenant },
                idempotencyKey: String(i),
                signal: leaving.signal,
              })
              .catch(() => undefined)
              .finally(() => (left -= 1))
            if (ends === 'aborted') clock.alarm(clock.now() + 300, () => leaving.abort())
          }
          await clock.advance('9m')
          expect(left).toBe(0)
          expect(clock.next).toBeUndefined()
          for (const { per, requests, tokens, concurrency, every } of limits) {
            const ms = every === '1s' ? 1_000 : 3_000
            const groups = per === 'model' ? [sent] : [...Map.groupBy(sent, ({ tenant }) => tenant).values()]
            for (const own of groups) {
              if (requests !== undefined) expect(mostIn(ms, own)).toBeLessThanOrEqual(requests)
              if (concurrency !== undefined) expect(atOnce(own)).toBeLessThanOrEqual(concurrency)
              if (tokens !== undefined)
                expect(
                  mostIn(
                    ms,
                    own.map((one) => ({ at: one.at, amount: one.tokens })),
                  ),
                ).toBeLessThanOrEqual(tokens)
            }
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})
