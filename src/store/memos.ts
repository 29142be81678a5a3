import { joinKey } from '../model/identifier.ts'
import { visitOf, type Run } from '../model/run.ts'
import { decode, encode } from './codec.ts'
import { seal, unseal } from './sealed-row.ts'
import type { Batch, Delete, Store } from './store.ts'

type Visit = Pick<Run, 'id' | 'state' | 'visits'>

/** Before the name of a part, where the key of a memo would stand. */
const PART = '/'

/**
 * Results saved inside one visit.
 *
 * I4 A memo is written only while the run stands at the revision its attempt began with, so an attempt that has ended
 *    and still runs changes nothing.
 */
export class Memos {
  readonly #prefix: string
  readonly #values = new Map<string, unknown>()

  private constructor(run: Visit, part?: string) {
    const own = joinKey(run.id, run.state, String(visitOf(run)), ...(part === undefined ? [] : [PART + part]))
    this.#prefix = `${own}/`
  }

  /** Those of a visit, or of a part of it, that has just begun: none. */
  static none(run: Visit, part?: string): Memos {
    return new Memos(run, part)
  }

  /** Those that earlier attempts of this visit, or of a part of it, have saved. */
  static async load(store: Store, run: Visit, part?: string): Promise<Memos> {
    const memos = new Memos(run, part)
    const entries = await store.list('memo', {
      prefix: memos.#prefix,
      limit: Number.MAX_SAFE_INTEGER,
      values: true,
    })
    for (const { key, value } of entries) {
      const own = key.slice(memos.#prefix.length)
      if (!own.includes('/')) memos.#values.set(decodeURIComponent(own), decode(unseal(value, `Memo ${key}`)))
    }
    return memos
  }

  /** Those that were saved in the parts of a visit, by part. */
  static async loadParts(store: Store, run: Visit): Promise<Map<string, Memos>> {
    const prefix = visitPrefix(run)
    const entries = await store.list('memo', { prefix, limit: Number.MAX_SAFE_INTEGER, values: true })
    const parts = new Map<string, Memos>()
    for (const { key, value } of entries) {
      const [part = '', memo] = key.slice(prefix.length).split('/').map(decodeURIComponent)
      if (memo === undefined) continue
      const name = part.slice(PART.length)
      const memos = parts.get(name) ?? Memos.none(run, name)
      parts.set(name, memos)
      memos.#values.set(memo, decode(unseal(value, `Memo ${key}`)))
    }
    return parts
  }

  /** Drops those of a visit and of all its parts. */
  static async dropAll(store: Store, run: Visit): Promise<readonly Delete[]> {
    const prefix = visitPrefix(run)
    const entries = await store.list('memo', { prefix, limit: Number.MAX_SAFE_INTEGER })
    return entries.map(({ key }) => ({ collection: 'memo', key }))
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

  /** Saves a result with a write that is fenced by the run. `false`: the run has moved on, nothing was saved. What is kept is what a later attempt would read. */
  async save(
    key: string,
    value: unknown,
    write: (batch: Pick<Batch, 'put'>) => Promise<boolean>,
  ): Promise<boolean> {
    const text = seal(encode(value, `memo ${JSON.stringify(key)}`))
    const saved = await write({
      put: [{ collection: 'memo', key: this.#prefix + joinKey(key), value: text }],
    })
    if (saved) this.#values.set(key, decode(unseal(text, key)))
    return saved
  }

  /** Drops them, together with the commit that leaves the visit. */
  dropped(): readonly Delete[] {
    return [...this.#values.keys()].map((key) => ({ collection: 'memo', key: this.#prefix + joinKey(key) }))
  }
}

function visitPrefix(run: Visit): string {
  return `${joinKey(run.id, run.state, String(visitOf(run)))}/`
}
