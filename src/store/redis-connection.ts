import { createHash } from 'node:crypto'
import type { RedisClientOptions, RedisClientType } from '@keyv/redis'
import { StepwrightError } from '../errors/stepwright-error.ts'

/** A Lua script, and the hash by which the server knows it. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

/** A script that {@link RedisConnection.run} runs. */
export function redisScript(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/**
 * A Redis server through `@keyv/redis`. The client is made here, with settings under which nothing hangs and nothing is
 * queued to be written later: a `KeyvRedis` that was passed in gives only its address and credentials.
 */
export class RedisConnection {
  /** The address, without its password. */
  readonly name: string
  readonly #options: RedisClientOptions
  readonly #timeoutMs: number
  #client: RedisClientType | undefined
  #connecting: Promise<void> | undefined

  constructor(connection: string | RedisClientOptions, timeoutMs: number) {
    this.#options = typeof connection === 'string' ? { url: connection } : connection
    this.#timeoutMs = timeoutMs
    this.name = nameWithoutPassword(this.#options)
  }

  async open(): Promise<void> {
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
      ...this.#options.socket,
      connectTimeout: timeout,
      socketTimeout: timeout,
      // the first failure is the caller's to know; later ones are waited out
      reconnectStrategy: (tries: number, cause: Error) =>
        connected ? Math.min(50 * 2 ** tries, 2_000) : cause,
    } as NonNullable<RedisClientOptions['socket']>
    const adapter = new KeyvRedis<string>(
      // pings are shorter than the socket's timeout, or an idle socket would be cut
      {
        ...this.#options,
        disableOfflineQueue: true,
        pingInterval: Math.max(250, Math.floor(timeout / 3)),
        socket,
      },
      { throwOnConnectError: true, throwOnErrors: true },
    )
    let refused: unknown
    adapter.on('error', (error: unknown) => (refused ??= error)) // each call reports its own failure
    try {
      await this.#bounded(async () => {
        this.#client = (await adapter.getClient()) as RedisClientType
        connected = true
      })
    } catch (error) {
      const client = adapter.client as RedisClientType
      if (client.isOpen) client.destroy()
      throw connected || !(refused instanceof Error) ? error : this.unavailable(refused.message, refused)
    }
  }

  /** Asks the server and bounds the wait; whatever goes wrong is an error, never an empty answer (I7). */
  ask<T>(work: (client: RedisClientType) => Promise<T>): Promise<T> {
    return this.#bounded(() => work(this.#client as RedisClientType))
  }

  /** What a script answers. Connects where that was not done. */
  async run(script: RedisScript, args: readonly string[]): Promise<unknown> {
    const options = { arguments: [...args] }
    if (!this.#client) await this.#connect()
    return this.ask(async (client) => {
      try {
        return await client.evalSha(script.sha, options)
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
        return client.eval(script.text, options)
      }
    })
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client?.isOpen) client.destroy()
    await Promise.resolve()
  }

  /** Once, whoever asks; one that failed is tried again by the next. */
  #connect(): Promise<void> {
    this.#connecting ??= this.open().finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.unavailable(`did not answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs * 1.5,
      )
    })
    try {
      return await Promise.race([work(), limit])
    } catch (error) {
      if (error instanceof StepwrightError) throw error
      throw this.unavailable(error instanceof Error ? error.message : String(error), error)
    } finally {
      clearTimeout(timer)
    }
  }

  unavailable(said: string, cause?: unknown): StepwrightError {
    return new StepwrightError('store-unavailable', {
      what: `${this.name} ${said}`,
      remedy: 'See that the Redis server runs and can be reached; runs go on as soon as it answers',
      cause,
      details: { store: this.name },
    })
  }
}

function nameWithoutPassword(connection: RedisClientOptions): string {
  const { socket } = connection as { socket?: { host?: string; port?: number } }
  const url = new URL(connection.url ?? `redis://${socket?.host ?? '127.0.0.1'}:${socket?.port ?? 6379}`)
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
}
