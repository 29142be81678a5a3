import type { RedisClientOptions } from '@keyv/redis'
import { RedisConnection, redisScript } from './redis-connection.ts'
import { placeOf, scanKeys } from './redis-rows.ts'
import { WRITE_SCRIPT } from './redis-script.ts'
import { durabilityWarnings } from './redis-durability.ts'
import {
  COLLECTIONS,
  type Batch,
  type Collection,
  type Entry,
  type Range,
  type Row,
  type Store,
  type StoredRow,
} from './store.ts'
import { WriteConvoy } from './write-convoy.ts'

/** Options of {@link RedisStore}. */
export interface RedisOptions {
  /** First part of every key. Default `'stepwright'`. */
  readonly prefix?: string
  /** How long one answer is waited for, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number
}

const WRITE = redisScript(WRITE_SCRIPT)
const REVISION_WIDTH = 15

/** Redis through `@keyv/redis`. Holds I1 by one Lua script per batch. */
export class RedisStore implements Store {
  readonly name: string
  readonly shared = true
  readonly snapshots = false
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #convoy = new WriteConvoy((batches) => this.#writeAll(batches))

  constructor(
    connection: string | RedisClientOptions,
    { prefix = 'stepwright', timeoutMs = 5_000 }: RedisOptions = {},
  ) {
    this.#connection = new RedisConnection(connection, timeoutMs)
    this.#prefix = prefix
    this.name = this.#connection.name
  }

  async open(): Promise<readonly string[]> {
    await this.#connection.open()
    try {
      return await this.#connection.ask((client) => durabilityWarnings(client, this.name))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    if (keys.length === 0) return []
    const values = await this.#connection.ask((client) =>
      client.mGet(keys.map((key) => this.#row(collection, key))),
    )
    return values.map((text) => (text === null ? undefined : this.#open(text)))
  }

  write(batch: Batch): Promise<boolean> {
    return this.#convoy.write(batch)
  }

  async #writeAll(batches: readonly Batch[]): Promise<readonly boolean[]> {
    const script = batches.flatMap((batch) => {
      const operations = this.#operations(batch)
      return ['|', String(operations.length), ...operations]
    })
    const answer = await this.#connection.run(WRITE, script)
    if (typeof answer === 'string' && answer.length === batches.length)
      return Array.from(answer, (one) => one === '1')
    throw this.#connection.unavailable(`answered ${JSON.stringify(answer)} to a write`)
  }

  #operations({ put = [], delete: gone = [], check = [] }: Batch): string[] {
    const conditions: string[] = []
    const writes: string[] = []
    for (const { collection, key, revision } of check)
      conditions.push('=', this.#row(collection, key), String(revision))
    for (const { collection, key, value, expect, tag } of put) {
      const row = this.#row(collection, key)
      if (expect !== undefined) conditions.push('=', row, String(expect))
      writes.push('S', row, seal(value, (expect ?? 0) + 1))
      if (COLLECTIONS[collection].listed && !expect) writes.push('Z', this.#set(collection), key)
      if (tag !== undefined) writes.push('T', this.#tags(collection), this.#tagged(collection), key, tag)
    }
    for (const { collection, key, must } of gone) {
      const row = this.#row(collection, key)
      if (must) conditions.push('!', row)
      writes.push('D', row)
      const { listed, tagged } = COLLECTIONS[collection]
      if (listed) writes.push('z', this.#set(collection), key)
      if (tagged) writes.push('U', this.#tags(collection), this.#tagged(collection), key)
    }
    return [...conditions, ...writes]
  }

  async list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const { prefix = '', after, before, tag, limit, reverse = false, values = false } = range
    const set = tag === undefined ? this.#set(collection) : this.#tagged(collection)
    const start = tag ?? prefix
    const low =
      after !== undefined && tag === undefined && after >= start
        ? `(${after}`
        : start === ''
          ? '-'
          : `[${start}`
    const high =
      before !== undefined && tag === undefined ? `(${before}` : start === '' ? '+' : `(${start}\u{10ffff}`
    const bounds = reverse ? ([high, low] as const) : ([low, high] as const)
    const members = await this.#connection.ask((client) =>
      client.zRange(set, bounds[0], bounds[1], {
        BY: 'LEX',
        REV: reverse,
        LIMIT: { offset: 0, count: limit },
      }),
    )
    const entries = members
      .map((member): Entry => {
        const cut = tag === undefined ? -1 : member.indexOf('\0')
        return cut < 0 ? { key: member } : { key: member.slice(cut + 1), tag: member.slice(0, cut) }
      })
      .filter((entry) => entry.key.startsWith(tag === undefined ? prefix : ''))
    if (!values) return entries
    const rows = await this.get(
      collection,
      entries.map((entry) => entry.key),
    )
    return entries.flatMap((entry, i) => (rows[i] ? [{ ...entry, value: rows[i].value }] : []))
  }

  async *rows(): AsyncGenerator<readonly StoredRow[]> {
    const prefix = `${this.#prefix}:`
    for await (const keys of scanKeys((work) => this.#connection.ask(work), prefix)) {
      const places = keys.flatMap((key) => placeOf(key.slice(prefix.length)))
      for (const [collection, own] of Map.groupBy(places, (place) => place.collection))
        yield await this.#stored(
          collection,
          own.map(({ key }) => key),
        )
    }
  }

  async restore(rows: readonly StoredRow[]): Promise<void> {
    const writes = rows.flatMap(({ collection, key, revision, tag, value }) => [
      ...['S', this.#row(collection, key), seal(value, revision)],
      ...(COLLECTIONS[collection].listed ? ['Z', this.#set(collection), key] : []),
      ...(tag === undefined ? [] : ['T', this.#tags(collection), this.#tagged(collection), key, tag]),
    ])
    const batch = ['|', String(writes.length), ...writes]
    await this.#connection.run(WRITE, batch)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** Rows with their tags; those that are gone by now are left out. */
  async #stored(collection: Collection, keys: string[]): Promise<readonly StoredRow[]> {
    const rows = await this.get(collection, keys)
    const { tagged } = COLLECTIONS[collection]
    const tags = tagged
      ? await this.#connection.ask((client) => client.hmGet(this.#tags(collection), keys))
      : []
    return keys.flatMap((key, i) => {
      const row = rows[i]
      const tag = tags[i] ?? undefined
      return row ? [{ collection, key, ...row, ...(tag === undefined ? {} : { tag }) }] : []
    })
  }

  #row(collection: Collection, key: string): string {
    return `${this.#prefix}:${collection}:${key}`
  }

  /** The keys of a listed collection, in order. */
  #set(collection: Collection): string {
    return `${this.#prefix}@${collection}`
  }

  /** `tag NUL key` of a tagged collection, in order. */
  #tagged(collection: Collection): string {
    return `${this.#prefix}@${collection}@tag`
  }

  /** The tag of each key. */
  #tags(collection: Collection): string {
    return `${this.#prefix}@${collection}@tags`
  }

  /** I10 What was cut off or is foreign is given as it is, for whoever reads that row to refuse: the others are not in it. */
  #open(text: string): Row {
    const start = '{"expires":null,"value":'.length
    const end = text.length - ',"revision":}'.length - REVISION_WIDTH
    const revision = Number(text.slice(-1 - REVISION_WIDTH, -1))
    return end > start && Number.isSafeInteger(revision)
      ? { revision, value: text.slice(start, end) }
      : { revision: 1, value: text }
  }
}

function seal(value: string, revision: number): string {
  return `{"expires":null,"value":${value},"revision":${String(revision).padStart(REVISION_WIDTH)}}`
}
