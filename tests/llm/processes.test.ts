import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limited, RedisMeter, type Limit } from 'stepwright/llm'
import type { Model } from '../../src/llm/model.ts'
import { hasRedis, startRedis, type RedisServer } from '../support/redis.ts'
import { ask, scripted } from './scripted.ts'
import { mostIn } from './windows.ts'

const caller = fileURLToPath(new URL('fixtures/caller.ts', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

interface Report {
  readonly sent: readonly { readonly tenant: string; readonly at: number; readonly tokens: number }[]
  readonly granted: readonly number[]
  readonly answers: number
}

/** A process that waits to begin. */
async function start(url: string, limits: readonly Limit[], tenants: Record<string, number>) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', caller, url, JSON.stringify(limits), JSON.stringify(tenants)],
    { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return {
    child,
    begin: () => child.stdin.end(),
    report: async () => JSON.parse((await lines.next()).value as string) as Report,
  }
}

describe.skipIf(!hasRedis)('1,200 calls of four processes under 600 requests in ten seconds', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'no'])
  })
  afterAll(() => redis.stop())

  it('stay under it in any window, share it, and none is lost', async () => {
    const limits: Limit[] = [{ per: 'model', requests: 600, tokens: 9_600, every: '10s' }]
    // 1,200 calls; the first process has most of them, all of one tenant
    const shares = [{ big: 900 }, { a: 50, b: 50 }, { c: 50, d: 50 }, { e: 50, f: 50 }]
    const callers = await Promise.all(shares.map((tenants) => start(redis.url, limits, tenants)))
    const began = Date.now()
    for (const { begin } of callers) begin()
    const reports = await Promise.all(callers.map(({ report }) => report()))
    expect(reports.map(({ answers }) => answers)).toEqual([900, 100, 100, 100])
    const sent = reports.flatMap((one) => one.sent)
    const granted = reports.flatMap((one) => one.granted)
    expect(new Set(sent).size).toBe(1_200)
    expect(granted).toHaveLength(1_200)
    // exact by the meter's clock; by that of the machine but for the way from the meter to the call
    expect(
      mostIn(
        10_000,
        granted.map((at) => ({ at, amount: 1 })),
      ),
    ).toBe(600)
    expect(
      mostIn(
        9_500,
        sent.map(({ at }) => ({ at, amount: 1 })),
      ),
    ).toBeLessThanOrEqual(600)
    const tokens = mostIn(
      9_500,
      sent.map(({ at, tokens: amount }) => ({ at, amount })),
    )
    expect(tokens).toBeLessThanOrEqual(9_600)
    // divided evenly, each of the six small ones is done when 50 calls of each of seven tenants are
    const last = (tenant: string) =>
      Math.max(...sent.filter((one) => one.tenant === tenant).map(({ at }) => at))
    for (const tenant of 'abcdef')
      expect(last(tenant) - began, tenant).toBeLessThan((2 * 50 * 7 * 10_000) / 600)
    expect(last('big') - began).toBeLessThan(20_000)
  })

  it('share each window by who has how many waiting, and leave nothing unused', async () => {
    const limits: Limit[] = [{ per: 'model', requests: 60, every: '1s' }]
    const sent: { readonly tenant: string; readonly at: number }[] = []
    const bare = scripted('shared', ({ how }) => {
      sent.push({ tenant: how.for?.tenant ?? '', at: Date.now() })
      return 'yes'
    })
    const meters = [1, 2, 3].map(() => new RedisMeter(redis.url))
    const [first, second, third] = meters.map((meter) => limited(bare, { meter, limits, maxWait: '1m' }))
    const calls = (model: Model | undefined, tenant: string, count: number) =>
      Array.from({ length: count }, () => model?.complete(ask('x'), { for: { tenant } }))
    const began = Date.now()
    await Promise.all([
      ...[...calls(first, 'a', 150), ...calls(second, 'b', 50), ...calls(second, 'c', 50)],
      ...calls(third, 'd', 50),
    ])
    expect(Date.now() - began).toBeLessThan(5_500) // five windows' worth, of which the first is there at once
    // after the first window all four wait, and have equal shares of the second
    const now = sent.filter(({ at }) => at >= began + 900 && at < began + 1_800)
    for (const tenant of 'abcd') {
      const share = now.filter((one) => one.tenant === tenant).length
      expect(share, tenant).toBeGreaterThanOrEqual(10)
      expect(share, tenant).toBeLessThanOrEqual(20)
    }
    await Promise.all(meters.map((meter) => meter.close()))
  })

  it('do not wait for each other where one has had much of this and the other much of that', async () => {
    const limits: Limit[] = [{ per: 'model', requests: 20, tokens: 2_000, every: '500ms' }]
    const bare = scripted('mixed', ({ request }) => ({ usage: { input: 1, output: request.maxTokens ?? 0 } }))
    const meters = [1, 2].map(() => new RedisMeter(redis.url))
    const [many, large] = meters.map((meter) => limited(bare, { meter, limits, maxWait: '1m' }))
    const began = Date.now()
    await Promise.all([
      ...Array.from({ length: 60 }, () => many?.complete(ask('abcd', 9))),
      ...Array.from({ length: 10 }, () => large?.complete(ask('abcd', 599))),
    ])
    expect(Date.now() - began).toBeLessThan(5_000)
    await Promise.all(meters.map((meter) => meter.close()))
  })

  it('hold up nobody when they leave or are gone', async () => {
    const [leaving, staying] = [1, 2].map(() => new RedisMeter(redis.url, { prefix: 'leaving' }))
    const ask = (meter: RedisMeter | undefined, id: string, amount: number) =>
      meter?.reserve({
        ...{ id, flows: 1, group: 'g' },
        claims: [{ kind: 'window', key: 'k', amount, most: 10, ms: 60_000, waits: true }],
      })
    const first = await ask(staying, 'a', 10)
    expect(await ask(leaving, 'b', 5)).toMatchObject({ granted: false })
    await leaving?.close() // it would have come again in a minute
    if (first?.granted) await staying?.settle(first, [2])
    expect(await ask(staying, 'c', 8)).toMatchObject({ granted: true })
    await staying?.close()
  })
})
