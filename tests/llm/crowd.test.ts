import { describe, expect, it } from 'vitest'
import { limited } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { ask, scripted } from './scripted.ts'
import { mostIn } from './windows.ts'

const MINUTE = 60_000

interface Done {
  readonly tenant: string
  readonly sent: number
  readonly tokens: number
}

/** Ten thousand calls of twenty tenants: the first has more than half of them, and comes first. */
async function crowd(tokensOf: (i: number) => number): Promise<{ done: readonly Done[]; ms: number }> {
  const clock = new TestClock()
  const start = clock.now()
  const bare = scripted(
    'small',
    ({ request }) => ({ usage: { input: 10, output: request.maxTokens ?? 0 } }),
    { clock, ms: (i) => 200 + (i % 7) * 300 },
  )
  const model = limited(bare, {
    ...{ clock, maxWait: '2h' },
    limits: [{ per: 'model', requests: 600, tokens: 60_000, every: '1m' }],
  })
  const tenants = Array.from({ length: 20 }, (_, i) => ({ name: `t${i}`, calls: i === 0 ? 5_250 : 250 }))
  const answers = tenants.flatMap(({ name, calls }) =>
    Array.from({ length: calls }, (_, i) => {
      const text = 'x'.repeat(40)
      return model.complete(ask(text, tokensOf(i) - 10), { for: { tenant: name } })
    }),
  )
  let left = answers.length
  for (const one of answers) void one.then(() => (left -= 1))
  while (left > 0) await clock.advance('1m')
  await Promise.all(answers)
  const done = bare.calls.map(({ at, how, request }) => ({
    tenant: how.for?.tenant ?? '',
    sent: at - start,
    tokens: 10 + (request.maxTokens ?? 0),
  }))
  return { done, ms: Math.max(...done.map(({ sent }) => sent)) }
}

/** When each tenant's last call is sent if what there is were divided evenly among those who still wait. */
function fairEnds(
  done: readonly Done[],
  perMs: (all: readonly Done[]) => number,
): ReadonlyMap<string, number> {
  const left = new Map(
    [...Map.groupBy(done, ({ tenant }) => tenant)].map(([tenant, own]) => [tenant, own.length] as const),
  )
  const rate = perMs(done)
  const ends = new Map<string, number>()
  let now = 0
  for (let served = 0; left.size > 0;) {
    const [tenant, calls] = [...left].sort((a, b) => a[1] - b[1])[0] ?? ['', 0]
    now += ((calls - served) * left.size) / rate
    served = calls
    ends.set(tenant, now)
    left.delete(tenant)
  }
  return ends
}

describe('10,000 calls of 20 tenants under 600 requests and 60,000 tokens a minute', () => {
  it.each([
    ['of one size: requests and tokens end together', () => 100, 100],
    ['of many sizes: tokens are what there is too little of', (i: number) => 60 + (i % 5) * 40, 140],
    ['of a small size: requests are what there is too little of', () => 50, 50],
  ])('%s', async (_name, tokensOf, mean) => {
    const { done, ms } = await crowd(tokensOf)
    expect(done).toHaveLength(10_000)
    const requests = mostIn(
      MINUTE,
      done.map(({ sent: at }) => ({ at, amount: 1 })),
    )
    const tokens = mostIn(
      MINUTE,
      done.map(({ sent: at, tokens: amount }) => ({ at, amount })),
    )
    expect(requests).toBeLessThanOrEqual(600)
    expect(tokens).toBeLessThanOrEqual(60_000)
    expect(Math.max(requests / 600, tokens / 60_000)).toBeGreaterThan(0.99)
    // nothing is given away: the whole takes no longer than it must, to 1% and a window
    const rate = Math.min(600, 60_000 / mean)
    expect(ms).toBeLessThan((10_000 / rate) * MINUTE * 1.01 + MINUTE)
    const fair = fairEnds(done, () => rate / MINUTE)
    for (const [tenant, own] of Map.groupBy(done, (one) => one.tenant)) {
      const last = Math.max(...own.map(({ sent }) => sent))
      expect(last, tenant).toBeLessThanOrEqual(2 * (fair.get(tenant) ?? 0))
    }
  })
})
