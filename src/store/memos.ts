import { joinKey } from '../model/identifier.ts'
import { visitOf, type Run } from '../model/run.ts'
import { decode, encode } from './codec.ts'
import type { Batch, Delete, Store } from './store.ts'

type Fence = NonNullable<Batch['check']>[number]

/**
 * Results saved inside one visit.
 *
 * I4 A memo is written only while the run stands at the revision its attempt began with, so an attempt that has ended
 *    and still runs changes nothing.
 */
export class Memos {
  readonly #store: Store
  readonly #run: Run
  readonly #values = new Map<string, unknown>()

  private constructor(store: Store, run: Run) {
    this.#store = store
    this.#run = run
  }

  get #prefix(): string {
    return `${joinKey(this.#run.id, this.#run.state, String(visitOf(this.#run)))}/`
  }

  /** Those of a visit that has just begun: none. */
  static none(store: Store, run: Run): Memos {
    return new Memos(store, run)
  }

  /** Those that earlier attempts of this visit have saved. */
  static async load(store: Store, run: Run): Promise<Memos> {
    const memos = new Memos(store, run)
    const entries = await store.list('memo', {
      prefix: memos.#prefix,
      limit: Number.MAX_SAFE_INTEGER,
      values: true,
    })
    for (const { key, value } of entries) {
      memos.#values.set(
        decodeURIComponent(key.slice(memos.#prefix.length)),
        decode(JSON.parse(value ?? 'null')),
      )
    }
    return memos
  }

  get size(): number {
    return this.#values.size
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  get(key: string): unknown {
    return this.#values.get(key)
  }

  /** `false`: the run has moved on, nothing was saved. Gives back what a later attempt would read. */
  async save(key: string, value: unknown, fence: Fence): Promise<boolean> {
    const text = JSON.stringify(encode(value, `memo ${JSON.stringify(key)}`))
    const saved = await this.#store.write({
      put: [{ collection: 'memo', key: this.#prefix + joinKey(key), value: text }],
      check: [fence],
    })
    if (saved) this.#values.set(key, decode(JSON.parse(text)))
    return saved
  }

  /** Drops them, together with the commit that leaves the visit. */
  dropped(): readonly Delete[] {
    return [...this.#values.keys()].map((key) => ({ collection: 'memo', key: this.#prefix + joinKey(key) }))
  }
}
