import { randomUUID } from 'node:crypto'
import { RedisConnection } from '../../store/redis-connection.ts'
import { MemoryMeter } from './memory-meter.ts'
import type { Claim, Grant, Meter, Refusal, Reservation } from './meter.ts'
import { KEEP, RESERVE, SETTLE } from './redis-meter-scripts.ts'

/** How what is shared over Redis is reached. */
export interface RedisShareOptions {
  /** First part of every key. Default `'stepwright-llm'`. */
  readonly prefix?: string
  /** How long one answer is waited for, in milliseconds. Default 5,000; of breakers, which are asked before each call, 1,000. */
  readonly timeoutMs?: number
}

/**
 * Counts for many processes, in one Redis, by its clock. Connects with the first call. What a run knows to have spent
 * is counted here in the process: a run is in one process at a time.
 *
 * @example
 * const meter = new RedisMeter('redis://127.0.0.1:6379')
 * const model = limited(openAiModel({ model: 'gpt-5-mini' }), { meter, limits: [{ per: 'tenant', tokens: 100_000, every: '1m' }] })
 */
export class RedisMeter implements Meter {
  readonly #redis: RedisConnection
  readonly #prefix: string
  readonly #who = randomUUID()
  readonly #runs = new MemoryMeter()
  readonly #ofRuns = new WeakMap<Grant, Grant>()

  constructor(url: string, { prefix = 'stepwright-llm', timeoutMs = 5_000 }: RedisShareOptions = {}) {
    this.#redis = new RedisConnection(url, timeoutMs)
    this.#prefix = prefix
  }

  async reserve(reservation: Reservation): Promise<Grant | Refusal> {
    const { id, claims, flows, group } = reservation
    const own = await this.#runs.reserve({ ...reservation, claims: claims.filter(isKnown) })
    if (!own.granted) return own
    try {
      const shared = claims.filter((claim) => !isKnown(claim))
      const args = shared.flatMap((claim) => [
        ...[claim.kind, this.#key(claim), String(claim.amount)],
        ...[String(claim.most), String(claim.ms), claim.waits ? '1' : '0'],
      ])
      const from = [id, this.#who, String(flows), `${this.#prefix}:turns:${group}`]
      const [granted, at = 0, wait = 0] = await this.#run(RESERVE, [...from, ...args])
      if (granted === 1) {
        const grant: Grant = { granted: true, reservation, at }
        this.#ofRuns.set(grant, own)
        return grant
      }
      await this.#giveBack(own)
      return { granted: false, key: shared[at - 1]?.key ?? '', retryAfterMs: wait < 0 ? undefined : wait }
    } catch (error) {
      await this.#giveBack(own)
      throw error
    }
  }

  async settle(grant: Grant, used: readonly number[]): Promise<void> {
    const { reservation, at } = grant
    const actual = reservation.claims.map((claim, i) => [claim, used[i] ?? claim.amount] as const)
    const own = this.#ofRuns.get(grant)
    const known = actual.filter(([claim]) => isKnown(claim)).map(([, amount]) => amount)
    if (own) await this.#runs.settle(own, known)
    const args = actual
      .filter(([claim, amount]) => !isKnown(claim) && (claim.kind === 'seat' || amount !== claim.amount))
      .flatMap(([claim, amount]) => [
        ...[claim.kind, this.#key(claim), String(claim.ms)],
        String(amount - claim.amount),
      ])
    if (args.length > 0) await this.#run(SETTLE, [reservation.id, String(at), ...args])
  }

  async keep(grants: readonly Grant[]): Promise<void> {
    const args = grants.flatMap(({ reservation: { id, claims } }) =>
      claims.flatMap((claim) => (claim.kind === 'seat' ? [this.#key(claim), id, String(claim.ms)] : [])),
    )
    if (args.length > 0) await this.#run(KEEP, args)
  }

  /** Lets go of the connection. */
  close(): Promise<void> {
    return this.#redis.close()
  }

  #giveBack(own: Grant): Promise<void> {
    return this.#runs.settle(
      own,
      own.reservation.claims.map(() => 0),
    )
  }

  #key({ key }: Claim): string {
    return `${this.#prefix}:meter:${key}`
  }

  async #run(script: typeof RESERVE, args: readonly string[]): Promise<readonly number[]> {
    return [await this.#redis.run(script, args)].flat() as readonly number[]
  }
}

function isKnown({ known }: Claim): boolean {
  return known !== undefined
}
