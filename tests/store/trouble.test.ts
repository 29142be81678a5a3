import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine } from 'stepwright'
import { makeStore } from '../../src/store/open-store.ts'
import { RedisStore } from '../../src/store/redis-store.ts'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import { freePort, hasRedis, startRedis, type RedisServer } from '../support/redis.ts'
import { paid, ShopWorkflow, State } from '../support/shop.ts'

const dir = mkdtempSync(join(tmpdir(), 'stepwright-trouble-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const at = (name: string): string => join(dir, name)
const one = { put: [{ collection: 'run' as const, key: 'a', value: '1', expect: 0 }] }

describe('store options', () => {
  it.each([
    ['postgres://x'],
    ['sqlite:'],
    ['sqlite:x.db?synchronous=maybe'],
    [7],
    [null],
    [{}],
    ['redis://'],
  ])('%j is refused', (store) => {
    expect(() =>
      createEngine({ workflows: [ShopWorkflow], store: store as never, resources: { hands: paid } }),
    ).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  })
})

describe('SQLite in trouble', () => {
  it('a folder, a text file, another application, a newer format', async () => {
    writeFileSync(at('text.db'), 'this is no database, '.repeat(100))
    const foreign = new DatabaseSync(at('foreign.db'))
    foreign.exec('create table theirs(x)')
    foreign.close()
    const ours = new SqliteStore(at('newer.db'))
    await ours.open()
    await ours.close()
    const newer = new DatabaseSync(at('newer.db'))
    newer.exec('pragma user_version = 99')
    newer.close()
    for (const [path, code] of [
      [dir, 'store-unusable'],
      [at('text.db'), 'store-unusable'],
      [at('foreign.db'), 'store-unusable'],
      [at('newer.db'), 'store-newer'],
      [at('no/such/folder/x.db'), 'store-unusable'],
    ] as const) {
      await expect(new SqliteStore(path).open(), path).rejects.toMatchObject({
        code,
        remedy: expect.any(String) as string,
      })
    }
  })

  it('a database that cannot be written', async () => {
    const store = new SqliteStore(at('ro.db'))
    await store.open()
    await store.close()
    const again = new SqliteStore(`file:${at('ro.db')}?mode=ro`) // root may write any file, so the flag of SQLite's own
    await expect(again.open().then(() => again.write(one))).rejects.toMatchObject({ code: 'store-unusable' })
    await again.close()
  })

  it('locked by another process: waits without blocking this one, then says so, then works', async () => {
    const store = new SqliteStore(at('locked.db'), { busyTimeoutMs: 200 })
    await store.open()
    const other = new DatabaseSync(at('locked.db'))
    other.exec('begin immediate')
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    await expect(store.write(one)).rejects.toMatchObject({ code: 'store-busy' })
    expect(ticks).toBeGreaterThan(5)
    clearInterval(ticking)
    const patient = store.write(one)
    other.exec('commit')
    expect(await patient).toBe(true)
    other.close()
    await store.close()
  })

  it('I1 four processes on one file: every acknowledged increment is there', async () => {
    const store = new SqliteStore(at('shared.db'))
    await store.open()
    await store.write({ put: [{ collection: 'session', key: 'n', value: '0', expect: 0 }] })
    const script = `
      import { SqliteStore } from ${JSON.stringify(new URL('../../src/store/sqlite-store.ts', import.meta.url).href)}
      const store = new SqliteStore(${JSON.stringify(at('shared.db'))}, { synchronous: 'normal', busyTimeoutMs: 20000 })
      await store.open()
      for (let done = 0; done < 100; ) {
        const [row] = await store.get('session', ['n'])
        if (await store.write({ put: [{ collection: 'session', key: 'n', value: String(Number(row.value) + 1), expect: row.revision }] })) done++
      }`
    const codes = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise((resolve) =>
            spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
              stdio: 'inherit',
            }).once('exit', resolve),
          ),
      ),
    )
    expect(codes).toEqual([0, 0, 0, 0])
    expect(await store.get('session', ['n'])).toEqual([{ revision: 401, value: '400' }])
    await store.close()
  })
})

describe.skipIf(!hasRedis)('Redis in trouble', () => {
  let redis: RedisServer
  beforeEach(async () => {
    // while an fsync is slow, `everysec` acknowledges what it has not handed to the system yet: killed then, it loses that
    redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
  })
  afterEach(() => redis.stop())
  const engineOn = (url: string) =>
    createEngine({
      workflows: [ShopWorkflow],
      store: url as 'redis://',
      resources: { hands: paid },
      onWarning: () => undefined,
    })

  it('down at the start: an error within the limit, and work as soon as it is there', async () => {
    const port = await freePort()
    const engine = createEngine({
      workflows: [ShopWorkflow],
      store: new RedisStore(`redis://127.0.0.1:${port}`, { timeoutMs: 500 }),
      resources: { hands: paid },
      onWarning: () => undefined,
    })
    const began = performance.now()
    await expect(engine.start(ShopWorkflow, { amount: 1 })).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    expect(performance.now() - began).toBeLessThan(5_000)
    await engine.close()
  })

  it('I7 a server that accepts and never answers ends in an error, not in an absent run', async () => {
    const silent: Server = createServer(() => undefined)
    const port = await new Promise<number>((resolve) =>
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port)),
    )
    const store = new RedisStore(`redis://127.0.0.1:${port}`, { timeoutMs: 300 })
    await expect(store.open()).rejects.toMatchObject({ code: 'store-unavailable' })
    silent.close()
  })

  it('I7 frozen in the middle: calls fail within the limit; thawed: they work again', async () => {
    const store = new RedisStore(redis.url, { timeoutMs: 400 })
    await store.open()
    await store.write(one)
    redis.process.kill('SIGSTOP')
    await expect(store.get('run', ['a'])).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.write(one)).rejects.toMatchObject({ code: 'store-unavailable' })
    redis.process.kill('SIGCONT')
    for (let tries = 0; ; tries++) {
      const rows = await store.get('run', ['a']).catch(() => undefined)
      if (rows) {
        expect(rows).toEqual([{ revision: 1, value: '1' }])
        break
      }
      expect(tries).toBeLessThan(100)
      await sleep(50)
    }
    await store.close()
  })

  it('I3 I6 killed in the middle and started again: what was acknowledged is there and the run goes on', async () => {
    const engine = engineOn(redis.url)
    const run = await engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    while ((await run.view()).status !== 'waiting') await sleep(10)
    await redis.kill()
    await expect(run.signal('approve', { by: 'ada' }, { id: 'yes' })).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    await redis.start()
    for (let tries = 0; tries < 100; tries++) {
      const sent = await run.signal('approve', { by: 'ada' }, { id: 'yes' }).catch(() => undefined)
      if (sent) break
      await sleep(50)
    }
    for (
      let tries = 0;
      tries < 100 && (await run.view().catch(() => undefined))?.status !== 'completed';
      tries++
    )
      await sleep(50)
    expect(await run.view()).toMatchObject({ status: 'completed', state: State.Done })
    await engine.close()
  })

  it('warns of settings that lose acknowledged writes', async () => {
    const plain = await startRedis(['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'])
    const store = new RedisStore(plain.url)
    const warnings = await store.open()
    expect(warnings.join('\n')).toMatch(/appendonly is off[\s\S]*maxmemory-policy is allkeys-lru/)
    await store.close()
    await plain.stop()
    const good = new RedisStore(redis.url)
    expect(await good.open()).toEqual([])
    await good.close()
  })

  it('a KeyvRedis that was passed in gives its address, and its password is in no message', async () => {
    const keyv = new Keyv(new KeyvRedis(redis.url))
    const store = makeStore(keyv)
    expect(store).toBeInstanceOf(RedisStore)
    await store.open()
    expect(await store.write(one)).toBe(true)
    await store.close()
    expect(new RedisStore('redis://user:secret@127.0.0.1:1').name).toBe('redis://127.0.0.1:1')
    await keyv.disconnect()
  })
})
