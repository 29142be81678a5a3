import { EventEmitter } from 'node:events'
import type { KeyvStoreAdapter, StoredData } from 'keyv'
import { collections, type Collection, type Store } from './store.ts'

/**
 * A store as a Keyv storage adapter: `new Keyv({ store: keyvAdapter(store), useKeyPrefix: false })` reads the
 * documents (`run:<id>`, `session:<id>`, ...) and keeps values of your own under any other key. The engine's own rows
 * are read-only here.
 *
 * @example
 * const keyv = new Keyv({ store: keyvAdapter(engine.store), useKeyPrefix: false })
 * const document = await keyv.get('run:article-7')
 */
export function keyvAdapter(store: Store): KeyvStoreAdapter {
  return new StoreAdapter(store)
}

class StoreAdapter extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {}
  namespace?: string
  readonly #store: Store

  constructor(store: Store) {
    super()
    this.#store = store
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    const [collection, inner] = place(key)
    const [row] = await this.#store.get(collection, [inner])
    if (!row) return undefined as StoredData<Value>
    return (
      collection === 'value' ? (JSON.parse(row.value) as string) : `{"value":${row.value},"expires":null}`
    ) as StoredData<Value>
  }

  async set(key: string, value: unknown): Promise<boolean> {
    return this.#store.write({ put: [{ collection: 'value', key: own(key), value: JSON.stringify(value) }] })
  }

  async delete(key: string): Promise<boolean> {
    return this.#store.write({ delete: [{ collection: 'value', key: own(key), must: true }] })
  }

  async clear(): Promise<void> {
    const rows = await this.#store.list('value', { limit: Number.MAX_SAFE_INTEGER })
    await this.#store.write({ delete: rows.map(({ key }) => ({ collection: 'value', key })) })
  }
}

function place(key: string): readonly [Collection, string] {
  const cut = key.indexOf(':')
  const collection = collections.find((name) => name === key.slice(0, cut))
  return collection && collection !== 'value' ? [collection, key.slice(cut + 1)] : ['value', key]
}

function own(key: string): string {
  if (place(key)[0] === 'value') return key
  throw new TypeError(`"${key}" belongs to the engine and is read-only here`)
}
