import { StepwrightError } from '../errors/stepwright-error.ts'
import { mustRest } from './backup.ts'
import { damaged, isEnvelope, readEnvelope, seal, unseal, type Place } from './envelope.ts'
import { KeyRing, type Keys } from './key-ring.ts'
import { lockedRow, storedOf } from './locked-row.ts'
import { PassingStore } from './passing-store.ts'
import type { Batch, Collection, Entry, Put, Range, Row, Store, StoredRow } from './store.ts'

/** What a row belongs to: a run, a session, or neither (cached results, schedules, values of your own). */
export interface RowOwner {
  readonly run?: string
  readonly session?: string
}

/** How a store is encrypted. */
export interface EncryptionOptions {
  /** The first is the current one: new rows are written with it. The others are for rows that were written before. */
  readonly keys: Keys
  /** The name of the key for what belongs to a run or a session, such as that of its tenant. Default: the current one. */
  readonly keyFor?: (owner: RowOwner) => string | undefined
  /** Rows that are not encrypted are read too, while a store goes over. Default `false`: they are `corrupt-document`. */
  readonly plain?: boolean
}

/** What holds no payload, and is looked at in passing: times, ids, leases, the names in definitions. */
const CLEAR: ReadonlySet<Collection> = new Set([
  ...(['started', 'member', 'due', 'seen', 'worker', 'definition', 'token', 'callback'] as const),
])
/** Keys that begin with the id of a run; all of these rows have a checksum of their own. */
const OF_RUN: ReadonlySet<Collection> = new Set(['inbox', 'memo', 'part', 'undo', 'reply'] as const)

/**
 * A store around another one that keeps payloads encrypted with AES-256-GCM. Ids, statuses, times, and the names of
 * workflows and states in definitions stay in the clear.
 *
 * @throws StepwrightError `invalid-options` for keys that are none
 * @example
 * const keys = { 'k-2027': process.env.KEY_2027, 'k-2026': process.env.KEY_2026 }
 * createEngine({ workflows, store: encrypted(makeStore('sqlite:runs.db'), { keys }) })
 */
export function encrypted(store: Store, options: EncryptionOptions): EncryptedStore {
  return new EncryptedStore(store, options)
}

/**
 * Made by {@link encrypted}. Its `rows` are as they lie, encrypted: so a backup needs no key and shows nothing, and its copy
 * is read with the same keys.
 */
export class EncryptedStore extends PassingStore {
  readonly #keys: KeyRing
  readonly #keyFor: (owner: RowOwner) => string | undefined
  readonly #plain: boolean

  /** @internal */
  constructor(inner: Store, { keys, keyFor = () => undefined, plain = false }: EncryptionOptions) {
    super(inner)
    this.#keys = new KeyRing(keys)
    this.#keyFor = keyFor
    this.#plain = plain
  }

  override async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    const rows = await this.inner.get(collection, keys)
    if (CLEAR.has(collection)) return rows
    return rows.map(
      (row, i) => row && { ...row, value: this.#open({ collection, key: keys[i] ?? '' }, row.value) },
    )
  }

  override async list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const entries = await this.inner.list(collection, range)
    if (CLEAR.has(collection) || !range.values) return entries
    return entries.map((entry) => ({
      ...entry,
      value: this.#openOneOf({ collection, key: entry.key }, entry.value ?? ''),
    }))
  }

  override write(batch: Batch): Promise<boolean> {
    const { put } = batch
    if (!put || put.every(({ collection }) => CLEAR.has(collection))) return this.inner.write(batch)
    const ownerOf = owners(put)
    const sealed = put.map((row) => ({ ...row, value: this.#close(row, row.value, ownerOf(row)) }))
    return this.inner.write({ ...batch, put: sealed })
  }

  /**
   * Encrypts every row with the key that is the right one for it now, also those that were in the clear where `plain`
   * is set; after that keys that are not current may go. No worker may be at work. Gives the number of rows.
   *
   * @throws StepwrightError `store-in-use`, `key-missing`
   */
  async rekey(): Promise<number> {
    await mustRest(this.inner, 'would mix what they write with what is encrypted anew')
    let count = 0
    for await (const page of this.inner.rows()) {
      const fresh = page.filter((row) => !CLEAR.has(row.collection)).flatMap((row) => this.#anew(row))
      if (fresh.length > 0) await this.inner.restore(fresh)
      count += fresh.length
    }
    return count
  }

  #anew(row: StoredRow): readonly StoredRow[] {
    const { aes, of } = isEnvelope(row.value) ? readEnvelope(row.value) : {}
    const owner = of === undefined ? owners([])(row) : ownerFrom(of)
    if (aes === this.#nameFor(owner)) return []
    return [{ ...row, value: this.#close(row, this.#read(row, row.value), owner) }]
  }

  #nameFor(owner: RowOwner): string {
    return this.#keyFor(owner) ?? this.#keys.current
  }

  #close(place: Place, text: string, owner: RowOwner): string {
    if (CLEAR.has(place.collection)) return text
    const stored = place.collection === 'run' ? storedOf(text) : undefined
    if (stored !== undefined) return stored
    const of = place.collection === 'piece' ? nameOf(owner) : undefined
    return seal(text, place, this.#nameFor(owner), this.#keys, of)
  }

  /** A document that cannot be read is for its reader to tell. */
  #open(place: Place, value: string): string {
    try {
      return this.#read(place, value)
    } catch (error) {
      if (place.collection !== 'run' || !(error instanceof StepwrightError)) throw error
      return lockedRow(error, value)
    }
  }

  /** A damaged one of many must not hide the others: it is given as a text that fits no checksum, so its reader names it. */
  #openOneOf(place: Place, value: string): string {
    try {
      return this.#open(place, value)
    } catch (error) {
      const isDamaged = error instanceof StepwrightError && error.code === 'corrupt-document'
      if (!isDamaged || !OF_RUN.has(place.collection)) throw error
      return ''
    }
  }

  #read(place: Place, value: string): string {
    if (isEnvelope(value)) return unseal(value, place, this.#keys)
    if (this.#plain) return value
    throw damaged(place, new Error('it is not encrypted'))
  }
}

/** Whose each row of a batch is. A piece is of the document that refers to it, which is written with it. */
function owners(puts: readonly Put[]): (place: Place) => RowOwner {
  const run = puts.find(({ collection }) => collection === 'run')?.key
  const session = puts.find(({ collection }) => collection === 'session')
  const pieces = puts.filter(({ collection }) => collection === 'piece')
  const ofSession = new Set<string>()
  for (let texts = session && run !== undefined ? [session.value] : []; texts.length > 0;) {
    const found = pieces.filter(({ key }) => !ofSession.has(key) && texts.some((text) => text.includes(key)))
    for (const { key } of found) ofSession.add(key)
    texts = found.map(({ value }) => value)
  }
  return ({ collection, key }) => {
    if (collection === 'run') return { run: key }
    if (collection === 'session') return { session: key }
    if (OF_RUN.has(collection)) return { run: decodeURIComponent(key.split('/', 1)[0] ?? '') }
    if (collection !== 'piece') return {}
    if (session && (run === undefined || ofSession.has(key))) return { session: session.key }
    return run === undefined ? {} : { run }
  }
}

function nameOf({ run, session }: RowOwner): string | undefined {
  return run !== undefined ? `run ${run}` : session !== undefined ? `session ${session}` : undefined
}

function ownerFrom(name: string): RowOwner {
  const cut = name.indexOf(' ')
  const id = name.slice(cut + 1)
  return name.slice(0, cut) === 'run' ? { run: id } : { session: id }
}
