import type { Keyv } from 'keyv'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Host } from '../model/host.ts'
import { CheckedStore } from './checked-store.ts'
import { KeyvStore } from './keyv-store.ts'
import { MemoryStore } from './memory-store.ts'
import { RedisStore } from './redis-store.ts'
import { SqliteStore } from './sqlite-store.ts'
import type { Store } from './store.ts'

/**
 * Where runs are kept: `'memory'`, `'sqlite:FILE'` (with `?synchronous=normal` for speed), `'redis://HOST:PORT'`
 * (or `rediss:`; with `?prefix=NAME`), any Keyv, or a store of your own.
 */
export type StoreOption =
  'memory' | `sqlite:${string}` | `redis://${string}` | `rediss://${string}` | Keyv | Store

/** The store behind an option. Connects nothing yet. */
export function makeStore(option: StoreOption): Store {
  if (typeof option === 'object' && option !== null) {
    if ('write' in option && 'list' in option) return option
    if ('getMany' in option && typeof option.getMany === 'function') return fromKeyv(option)
  }
  if (option === 'memory') return new MemoryStore()
  const text = String(option)
  if (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) {
    const [path = '', query = ''] = text.slice('sqlite:'.length).split('?', 2)
    const synchronous = new URLSearchParams(query).get('synchronous') ?? 'full'
    if (synchronous === 'full' || synchronous === 'normal') return new SqliteStore(path, { synchronous })
    throw new StepwrightError('invalid-options', {
      what: `store is ${quote(option)}, and synchronous is ${quote(synchronous)}`,
      remedy: 'Give full or normal',
    })
  }
  if (/^rediss?:\/\/[^/?]/.test(text) && URL.canParse(text)) {
    const url = new URL(text)
    const prefix = url.searchParams.get('prefix') ?? 'stepwright'
    url.search = ''
    return new RedisStore(url.href, { prefix })
  }
  throw new StepwrightError('invalid-options', {
    what: `store is ${quote(option)}`,
    remedy: "Give 'memory', 'sqlite:runs.db', 'redis://127.0.0.1:6379', or a Keyv",
  })
}

/** Ours bound their waits themselves; any other store is looked at, and given up on after a time. */
export function checkForeign(store: Store, host: Pick<Host, 'now' | 'alarm'>, timeoutMs: number): Store {
  const ours = [MemoryStore, SqliteStore, RedisStore].some((kind) => store instanceof kind)
  return ours ? store : new CheckedStore(store, host, timeoutMs)
}

/** A KeyvRedis gives its address; its own settings could hang or lose writes. Every other adapter is used as it is. */
function fromKeyv(keyv: Keyv): Store {
  const client = (keyv.store as { client?: { options?: object; isSentinel?: boolean; slots?: unknown } })
    .client
  if ((keyv.opts as { dialect?: unknown }).dialect !== 'redis' && !client?.options) return new KeyvStore(keyv)
  if (!client?.options || client.slots !== undefined) {
    throw new StepwrightError('store-unusable', {
      what: 'This KeyvRedis is a cluster or sentinel client',
      remedy: "Give the address of one server: 'redis://HOST:PORT'",
    })
  }
  return new RedisStore(client.options, {
    prefix: keyv.namespace === undefined || keyv.namespace === 'keyv' ? 'stepwright' : keyv.namespace,
  })
}
