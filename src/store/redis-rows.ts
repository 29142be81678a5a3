import type { RedisClientType } from '@keyv/redis'
import { collections, type Collection } from './store.ts'

type Ask = <T>(work: (client: RedisClientType) => Promise<T>) => Promise<T>

/** Keys asked for at once. */
const COUNT = 500

/** The keys that begin with `prefix`, each once: a scan may come by a key twice while the server moves its table. */
export async function* scanKeys(ask: Ask, prefix: string): AsyncGenerator<readonly string[]> {
  const seen = new Set<string>()
  const MATCH = `${prefix.replaceAll(/[\\*?[\]^]/g, '\\$&')}*`
  for (let cursor = '0'; ;) {
    const found = await ask((client) => client.scan(cursor, { MATCH, COUNT }))
    const fresh = found.keys.filter((key) => !seen.has(key))
    for (const key of fresh) seen.add(key)
    if (fresh.length > 0) yield fresh
    cursor = found.cursor
    if (cursor === '0') return
  }
}

/** What a key without its prefix stands for; nothing where it is not one of ours. */
export function placeOf(key: string): readonly { readonly collection: Collection; readonly key: string }[] {
  const cut = key.indexOf(':')
  const collection = collections.find((name) => name === key.slice(0, cut))
  return collection ? [{ collection, key: key.slice(cut + 1) }] : []
}
