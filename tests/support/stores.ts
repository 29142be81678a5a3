import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyv } from 'keyv'
import { afterAll, beforeAll } from 'vitest'
import { KeyvStore } from '../../src/store/keyv-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { RedisStore } from '../../src/store/redis-store.ts'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { hasRedis, startRedis, type RedisServer } from './redis.ts'

/** A kind of store under test: `make` gives a store on `name`'s data; the same name again is a restart. */
export interface StoreKind {
  readonly kind: 'memory' | 'sqlite' | 'redis' | 'keyv'
  make(name: string): Store
}

/** The kinds of stores that every suite runs on. Call it once at the top of a test file. */
export function storeKinds(
  kinds: readonly StoreKind['kind'][] = ['memory', 'sqlite', 'redis', 'keyv'],
): readonly StoreKind[] {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-store-'))
  const memories = new Map<string, Store>()
  const maps = new Map<string, Map<string, unknown>>()
  let redis: RedisServer | undefined
  beforeAll(async () => {
    if (kinds.includes('redis') && hasRedis) redis = await startRedis()
  })
  afterAll(async () => {
    await redis?.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  const all: readonly StoreKind[] = [
    { kind: 'memory', make: (name) => kept(memories, name, () => new MemoryStore()) },
    { kind: 'sqlite', make: (name) => new SqliteStore(join(dir, `${name}.db`)) },
    { kind: 'redis', make: (name) => new RedisStore(redis?.url ?? '', { prefix: name }) },
    {
      kind: 'keyv',
      make: (name) => new KeyvStore(new Keyv({ store: kept(maps, name, () => new Map<string, unknown>()) })),
    },
  ]
  return all.filter(({ kind }) => kinds.includes(kind) && (kind !== 'redis' || hasRedis))
}

function kept<T>(map: Map<string, T>, name: string, make: () => T): T {
  let value = map.get(name)
  if (value === undefined) map.set(name, (value = make()))
  return value
}

let count = 0
/** A name that no other test uses. */
export function freshName(): string {
  return `t${process.pid}-${++count}-${Math.random().toString(36).slice(2)}`
}
