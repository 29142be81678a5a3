import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreOption } from '../src/index.ts'
import { rawMemory, rawRedis, rawSqlite, type RawStore } from './floor.ts'

/** A store to measure on: ours and the raw one of the floor, each fresh by name. */
export interface Target {
  readonly store: string
  engine(name: string): StoreOption
  raw(name: string): RawStore | Promise<RawStore>
  /** Another process can open it: `resume` needs that. */
  readonly durable: boolean
  /** The one bench it is for, where it is not for all. */
  readonly only?: string
  /** Bytes of the store's own file so far, where it is not this process that writes it. */
  readonly written?: () => number
  close(): void
}

/** Memory, SQLite with both settings, and Redis with both where redis-server is installed. */
export async function openTargets(): Promise<readonly Target[]> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-bench-'))
  const sqlite = (synchronous: 'normal' | 'full'): Target => ({
    store: `sqlite ${synchronous}`,
    engine: (name) => `sqlite:${join(dir, `${synchronous}-${name}.db`)}?synchronous=${synchronous}`,
    raw: (name) => rawSqlite(join(dir, `${synchronous}-${name}-floor.db`), synchronous),
    durable: true,
    close: () => rmSync(dir, { recursive: true, force: true }),
  })
  const memory: Target = {
    store: 'memory',
    engine: () => 'memory',
    raw: rawMemory,
    durable: false,
    close: () => undefined,
  }
  const targets = [memory, sqlite('normal'), sqlite('full')]
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    console.error('redis-server is not installed: nothing is measured on Redis')
    return targets
  }
  return [
    ...targets,
    await redisTarget(dir, 'everysec'),
    { ...(await redisTarget(dir, 'always')), only: 'sequential' },
  ]
}

async function redisTarget(dir: string, appendfsync: 'everysec' | 'always'): Promise<Target> {
  const folder = join(dir, `redis-${appendfsync}`)
  mkdirSync(folder)
  const { url, server } = await startRedis(folder, appendfsync)
  return {
    store: `redis ${appendfsync}`,
    engine: (name) => `${url}?prefix=${name}` as StoreOption,
    raw: () => rawRedis(url),
    durable: true,
    written: () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => statSync(join(folder, name)))
        .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0),
    close: () => void server.kill(),
  }
}

export function closeTargets(targets: readonly Target[]): void {
  for (const target of targets.toReversed()) target.close()
}

async function startRedis(
  dir: string,
  appendfsync: string,
): Promise<{ url: `redis://${string}`; server: ChildProcess }> {
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as AddressInfo
      probe.close(() => resolve(free))
    })
  })
  const settings = {
    port,
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'yes',
    appendfsync,
    'auto-aof-rewrite-percentage': 0, // the file only grows, so its size is what was written
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = spawn('redis-server', args, { stdio: 'ignore' })
  await sleep(500)
  return { url: `redis://127.0.0.1:${port}`, server }
}

/** The middle one, so that one slow round does not count. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}
