import { createHash } from 'node:crypto'
import type { RedisClientOptions, RedisClientType } from '@keyv/redis'
import { StepwrightError } from '../errors/stepwright-error.ts'
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

const WRITE_SHA = createHash('sha1').update(WRITE_SCRIPT).digest('hex')
const REVISION_WIDTH = 15

/**
 * Redis through `@keyv/redis`. Holds I1 by one Lua script per batch. The client is made here, with settings under
 * which nothing hangs and nothing is queued to be written later: a `KeyvRedis` that was passed in gives only its
 * address and credentials.
 */
export class RedisStore implements Store {
  readonly name: string
  readonly shared = true
  readonly snapshots = false
  readonly #connection: RedisClientOptions
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #convoy = new WriteConvoy((batches) => this.#writeAll(batches))
  #client: RedisClientType | undefined

  constructor(
    connection: string | RedisClientOptions,
    { prefix = 'stepwright', timeoutMs = 5_000 }: RedisOptions = {},
  ) {
    this.#connection = typeof connection === 'string' ? { url: connection } : connection
    this.#prefix = prefix
    this.#timeoutMs = timeoutMs
    this.name = nameWithoutPassword(this.#connection)
  }

  async open(): Promise<readonly string[]> {
    const { default: KeyvRedis } = await import('@keyv/redis').catch((cause: unknown) => {
      throw new StepwrightError('module-missing', {
        what: `${this.name} needs the package @keyv/redis`,
        remedy: 'Run npm install @keyv/redis',
        cause,
      })
    })
    const timeout = this.#timeoutMs
    let connected = false
    const socket = {
      ...this.#connection.socket,
      connectTimeout: timeout,
      socketTimeout: timeout,
      // the first failure is the caller's to know; later ones are waited out
      reconnectStrategy: (tries: number, cause: Error) =>
        connected ? Math.min(50 * 2 ** tries, 2_000) : cause,
    } as NonNullable<RedisClientOptions['socket']>
    const adapter = new KeyvRedis<string>(
      // pings are shorter than the socket's timeout, or an idle socket would be cut
      {
        ...this.#connection,
        disableOfflineQueue: true,
        pingInterval: Math.max(250, Math.floor(timeout / 3)),
        socket,
      },
      { throwOnConnectError: true, throwOnErrors: true },
    )
    let refused: unknown
    adapter.on('error', (error: unknown) => (refused ??= error)) // each call reports its own failure
    try {
      return await this.#ask(async () => {
        this.#client = (await adapter.getClient()) as RedisClientType
        connected = true
        return durabilityWarnings(this.#client, this.name)
      })
    } catch (error) {
      const client = adapter.client as RedisClientType
      if (client.isOpen) client.destroy()
      throw connected || !(refused instanceof Error) ? error : this.#unavailable(refused.message, refused)
    }
  }

  async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    if (keys.length === 0) return []
    const values = await this.#ask((client) => client.mGet(keys.map((key) => this.#row(collection, key))))
    return values.map((text) => (text === null ? undefined : this.#open(text)))
  }

  write(batch: Batch): Promise<boolean> {
    return this.#convoy.write(batch)
  }

  async #writeAll(batches: readonly Batch[]): Promise<readonly boolean[]> {
    const script = {
      arguments: batches.flatMap((batch) => {
        const operations = this.#operations(batch)
        return ['|', String(operations.length), ...operations]
      }),
    }
    const answer = await this.#ask(async (client) => {
      try {
        return await client.evalSha(WRITE_SHA, script)
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
        return client.eval(WRITE_SCRIPT, script)
      }
    })
    if (typeof answer === 'string' && answer.length === batches.length)
      return Array.from(answer, (one) => one === '1')
    throw this.#unavailable(`answered ${JSON.stringify(answer)} to a write`)
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
    const members = await this.#ask((client) =>
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
    for await (const keys of scanKeys((work) => this.#ask(work), prefix)) {
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
    await this.#ask((client) => client.eval(WRITE_SCRIPT, { arguments: batch }))
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client?.isOpen) client.destroy()
    await Promise.resolve()
  }

  /** Rows with their tags; those that are gone by now are left out. */
  async #stored(collection: Collection, keys: string[]): Promise<readonly StoredRow[]> {
    const rows = await this.get(collection, keys)
    const { tagged } = COLLECTIONS[collection]
    const tags = tagged ? await this.#ask((client) => client.hmGet(this.#tags(collection), keys)) : []
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

  /** Asks the server and bounds the wait; whatever goes wrong is an error, never an empty answer (I7). */
  async #ask<T>(work: (client: RedisClientType) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#unavailable(`did not answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs * 1.5,
      )
    })
    try {
      return await Promise.race([work(this.#client as RedisClientType), limit])
    } catch (error) {
      if (error instanceof StepwrightError) throw error
      throw this.#unavailable(error instanceof Error ? error.message : String(error), error)
    } finally {
      clearTimeout(timer)
    }
  }

  #unavailable(said: string, cause?: unknown): StepwrightError {
    return new StepwrightError('store-unavailable', {
      what: `${this.name} ${said}`,
      remedy: 'See that the Redis server runs and can be reached; runs go on as soon as it answers',
      cause,
      details: { store: this.name },
    })
  }
}

function seal(value: string, revision: number): string {
  return `{"expires":null,"value":${value},"revision":${String(revision).padStart(REVISION_WIDTH)}}`
}

function nameWithoutPassword(connection: RedisClientOptions): string {
  const { socket } = connection as { socket?: { host?: string; port?: number } }
  const url = new URL(connection.url ?? `redis://${socket?.host ?? '127.0.0.1'}:${socket?.port ?? 6379}`)
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
}
