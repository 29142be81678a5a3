import type { Note } from '../model/history.ts'
import { joinKey } from '../model/identifier.ts'
import { visitOf, type Run } from '../model/run.ts'
import { decode, encode } from './codec.ts'
import { decodeRecord, FreshRecord, recordRow, type Result, type Saved } from './saved-record.ts'
import { isSound, seal, unseal } from './sealed-row.ts'
import type { Batch, Delete, Put, Store } from './store.ts'

type Visit = Pick<Run, 'id' | 'state' | 'visits'>

/** Before the name of a part, where the key of a memo would stand. */
const PART = '/'
/** Before the key of a record; in that of a memo it would be escaped. */
const RECORD = '@'
/** Before the key of a text that is being streamed. */
const STREAM = '~'

/**
 * Results saved inside one visit.
 *
 * I4 A memo is written only while the run stands at the revision its attempt began with, so an attempt that has ended
 *    and still runs changes nothing.
 */
export class Memos {
  readonly #prefix: string
  readonly #values = new Map<string, unknown>()
  readonly #records = new Map<string, Saved>()
  readonly #streams = new Set<string>()

  /** They are those of a part. */
  readonly #ofPart: boolean

  private constructor(run: Visit, part?: string) {
    this.#ofPart = part !== undefined
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
      if (!own.includes('/')) memos.#read(own, unseal(value, `Memo ${key}`))
    }
    return memos
  }

  /** Those that were saved in the parts of a visit, by part. */
  static async loadParts(store: Store, run: Visit): Promise<Map<string, Memos>> {
    const prefix = visitPrefix(run)
    const entries = await store.list('memo', { prefix, limit: Number.MAX_SAFE_INTEGER, values: true })
    const parts = new Map<string, Memos>()
    for (const { key, value } of entries) {
      const [part = '', memo] = key.slice(prefix.length).split('/')
      if (memo === undefined) continue
      const name = decodeURIComponent(part).slice(PART.length)
      const memos = parts.get(name) ?? Memos.none(run, name)
      parts.set(name, memos)
      memos.#read(memo, unseal(value, `Memo ${key}`))
    }
    return parts
  }

  /** Drops those of a visit and of all its parts, with what is still to be told of them. */
  static async dropAll(store: Store, run: Visit): Promise<Dropped> {
    const prefix = visitPrefix(run)
    const entries = await store.list('memo', { prefix, limit: Number.MAX_SAFE_INTEGER, values: true })
    const records = entries.flatMap(({ key, value }) => {
      const isRecord = key.startsWith(RECORD, key.lastIndexOf('/') + 1)
      return isRecord && value !== undefined && isSound(value) ? [decodeRecord(unseal(value, key))] : [] // a damaged one goes unread, as the others
    })
    return { notes: notesOf(records), delete: entries.map(({ key }) => ({ collection: 'memo', key })) }
  }

  /** How many were saved in a visit and in all its parts. */
  static async count(store: Store, run: Visit): Promise<number> {
    return (await store.list('memo', { prefix: visitPrefix(run), limit: Number.MAX_SAFE_INTEGER })).length
  }

  #read(own: string, encoded: unknown): void {
    if (own.startsWith(STREAM)) this.#streams.add(decodeURIComponent(own.slice(1)))
    else if (own.startsWith(RECORD))
      this.#records.set(decodeURIComponent(own.slice(1)), decodeRecord(encoded))
    else this.#values.set(decodeURIComponent(own), decode(encoded))
  }

  /** What is still to be told, in the order in which it was saved. */
  get notes(): readonly Note[] {
    return notesOf([...this.#records.values()])
  }

  /** A result that was recorded. */
  recall(key: string): { readonly value: unknown } | undefined {
    return this.#records.get(key)
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
    const encoded = encode(value, `memo ${JSON.stringify(key)}`)
    const own = this.#prefix + joinKey(key)
    const saved = await write({ put: [{ collection: 'memo', key: own, value: seal(encoded) }] })
    if (saved) this.#values.set(key, decode(encoded))
    return saved
  }

  /** Saves a result with what the history is to tell of it, as `save` does. What it comes to is what a later attempt would read. */
  async record(
    key: string,
    result: Result,
    write: (batch: { readonly put: readonly [Put] }) => Promise<boolean>,
  ): Promise<{ readonly value: unknown } | undefined> {
    const n = this.#records.size
    const { row, value } = recordRow({ n, ...result }, `record ${JSON.stringify(key)}`)
    if (!(await write({ put: [this.#recordPut(key, row)] }))) return undefined
    this.#records.set(key, new FreshRecord(n, row))
    return { value }
  }

  /** Writes down how far a text that is being streamed has come. */
  async stream(
    key: string,
    said: Said,
    write: (batch: Pick<Batch, 'put'>) => Promise<boolean>,
  ): Promise<boolean> {
    this.#streams.add(key)
    const value = seal(encode(said, 'streamed text'))
    return write({ put: [{ collection: 'memo', key: this.#prefix + STREAM + joinKey(key), value }] })
  }

  /** What is written with a commit that tells of them and keeps them. */
  told(): readonly Put[] {
    return [...this.#records].flatMap(([key, { n, value, note }]) =>
      note ? [this.#recordPut(key, recordRow({ n, value }, key).row)] : [],
    )
  }

  /** That was written. */
  forgetNotes(): void {
    for (const [key, { n, value }] of this.#records) this.#records.set(key, { n, value })
  }

  /** Drops them, together with the commit that leaves the visit, or with the end of their part; then texts stay for those who follow, until the visit is left. */
  dropped(): readonly Delete[] {
    const keys = [
      ...[...this.#values.keys()].map((key) => joinKey(key)),
      ...[...this.#records.keys()].map((key) => RECORD + joinKey(key)),
      ...(this.#ofPart ? [] : [...this.#streams].map((key) => STREAM + joinKey(key))),
    ]
    return keys.map((key) => ({ collection: 'memo', key: this.#prefix + key }))
  }

  #recordPut(key: string, value: string): Put {
    return { collection: 'memo', key: this.#prefix + RECORD + joinKey(key), value }
  }
}

function notesOf(records: readonly Saved[]): readonly Note[] {
  return records.toSorted((a, b) => a.n - b.n).flatMap(({ note }) => note ?? [])
}

/** How far a text that is being streamed has come. */
export interface Said {
  readonly text: string
  readonly whole: boolean
}

/** The texts that are being streamed in the present visit of a run, and in its parts. */
export async function readStreams(
  store: Store,
  run: Visit,
): Promise<readonly (Said & { readonly call: string })[]> {
  const prefix = visitPrefix(run)
  const entries = await store.list('memo', { prefix, limit: Number.MAX_SAFE_INTEGER, values: true })
  return entries.flatMap(({ key, value }) => {
    const isStream = key.startsWith(STREAM, key.lastIndexOf('/') + 1)
    if (!isStream || value === undefined || !isSound(value)) return []
    return [{ call: key.slice(prefix.length), ...(decode(unseal(value, key)) as Said) }]
  })
}

/** What goes when a visit is left. */
interface Dropped {
  readonly notes: readonly Note[]
  readonly delete: readonly Delete[]
}

function visitPrefix(run: Visit): string {
  return `${joinKey(run.id, run.state, String(visitOf(run)))}/`
}
