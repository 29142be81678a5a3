import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createEngine } from 'stepwright'
import { hasRedis, startRedis, type RedisServer } from '../support/redis.ts'
import { paid, ShopWorkflow, State } from '../support/shop.ts'

const dir = mkdtempSync(join(tmpdir(), 'stepwright-processes-'))
const life = fileURLToPath(new URL('fixtures/life.ts', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
let redis: RedisServer | undefined
beforeAll(async () => {
  if (hasRedis) redis = await startRedis()
})
afterAll(async () => {
  await redis?.stop()
  rmSync(dir, { recursive: true, force: true })
})

interface Life {
  readonly child: ChildProcess
  /** The next line that it prints. */
  line(): Promise<Record<string, unknown>>
  readonly ended: Promise<number | null>
}

function live(verb: string, store: string): Life {
  const child = spawn(process.execPath, ['--import', 'tsx', life, verb, store], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    line: async () => JSON.parse((await lines.next()).value as string) as Record<string, unknown>,
    ended: new Promise((resolve) => child.once('exit', resolve)),
  }
}

const stores = [
  ['sqlite', () => `sqlite:${join(dir, 'p.db')}`],
  ...(hasRedis ? [['redis', () => redis?.url ?? ''] as const] : []),
] as const

describe.each(stores)('one run, several processes: %s', (_kind, url) => {
  it('started in one that is killed, signalled from a second, finished by a third through session.resume(), watched by an inspector', async () => {
    const first = live('start', url())
    expect(await first.line()).toMatchObject({ type: 'moved', to: 'charge' })
    expect(await first.line()).toMatchObject({ type: 'moved', to: 'review' })
    first.child.kill('SIGKILL')
    await first.ended
    const third = live('resume', url())
    const { url: inspectUrl } = await third.line()
    const seen: string[] = []
    const inspector = new WebSocket(String(inspectUrl))
    inspector.on('message', (data: Buffer) =>
      seen.push((JSON.parse(data.toString()) as { type: string }).type),
    )
    await new Promise((resolve) => inspector.once('open', resolve))
    const second = live('signal', url())
    expect(await second.line()).toEqual({ id: 'yes', duplicate: false })
    expect(await second.ended).toBe(0)
    expect(await third.line()).toEqual({ state: State.Done, data: { receipt: 'receipt 7', by: 'second' } })
    expect(await third.ended).toBe(0)
    expect(seen[0]).toBe('service.register')
    expect(seen.filter((type) => type === 'service.state').length).toBeGreaterThanOrEqual(2)
    expect(seen.at(-1)).toBe('service.stop')
  })

  it('I4 I6 the run of a killed process goes on here at once, long before its lease is over', async () => {
    const dying = live('hang', url())
    expect(await dying.line()).toEqual({ charging: true })
    const options = {
      workflows: [ShopWorkflow],
      store: url() as 'memory',
      resources: { hands: paid },
      onWarning: () => undefined,
    } as const
    await using engine = createEngine(options)
    const run = await engine.get('hung')
    await sleep(700) // its owner lives, so nobody takes it
    expect(await run.view()).toMatchObject({ status: 'running', state: State.Charge })
    dying.child.kill('SIGKILL')
    await dying.ended
    const killed = performance.now()
    while ((await run.view()).state !== State.Review) await sleep(10)
    expect(performance.now() - killed).toBeLessThan(3_000)
    const types: string[] = []
    for await (const event of run.events({ follow: false })) types.push(event.type)
    expect(types).toEqual(['started', 'moved', 'recovered', 'moved'])
  })
})
