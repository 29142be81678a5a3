import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyv } from 'keyv'
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

/** Kinds of stores, with the folder and the server that they stand on. */
export class StoreKinds {
  readonly all: readonly StoreKind[]
  readonly #dir = mkdtempSync(join(tmpdir(), 'stepwright-store-'))
  readonly #memories = new Map<string, Store>()
  readonly #maps = new Map<string, Map<string, unknown>>()
  #redis: RedisServer | undefined

  constructor(kinds: readonly StoreKind['kind'][]) {
    const all: readonly StoreKind[] = [
      { kind: 'memory', make: (name) => kept(this.#memories, name, () => new MemoryStore()) },
      { kind: 'sqlite', make: (name) => new SqliteStore(join(this.#dir, `${name}.db`)) },
      { kind: 'redis', make: (name) => new RedisStore(this.#redis?.url ?? '', { prefix: name }) },
      {
        kind: 'keyv',
        make: (name) =>
          new KeyvStore(new Keyv({ store: kept(this.#maps, name, () => new Map<string, unknown>()) })),
      },
    ]
    this.all = all.filter(({ kind }) => kinds.includes(kind) && (kind !== 'redis' || hasRedis))
  }

  async start(): Promise<void> {
    if (this.all.some(({ kind }) => kind === 'redis')) this.#redis = await startRedis()
  }

  async stop(): Promise<void> {
    await this.#redis?.stop()
    rmSync(this.#dir, { recursive: true, force: true })
  }
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
