import { crc32 } from 'node:zlib'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { piecesIn } from './codec.ts'
import { idOf, PieceShelf, referencesIn } from './piece-shelf.ts'
import type { Batch, Delete, Store } from './store.ts'

/** A session as it is stored: its state and the revision that a change must name. */
export class SessionDocument {
  readonly #shelf: PieceShelf
  /** The pieces it refers to, directly and through others. */
  readonly #pieces: ReadonlyMap<string, string>
  readonly id: string
  readonly revision: number
  /** `undefined` where nothing was stored yet. */
  readonly state: unknown

  private constructor(
    shelf: PieceShelf,
    id: string,
    revision: number,
    state: unknown,
    pieces: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#pieces = pieces
    this.#shelf = shelf
    this.id = id
    this.revision = revision
    this.state = state
  }

  static async load(store: Store, id: string, newId: () => string): Promise<SessionDocument> {
    const shelf = new PieceShelf(newId)
    const [row] = await store.get('session', [id])
    if (!row) return new SessionDocument(shelf, id, 0, undefined)
    let parsed: { crc?: unknown; state?: unknown }
    try {
      parsed = JSON.parse(row.value) as typeof parsed
    } catch {
      parsed = {}
    }
    if (parsed.crc !== crc32(row.value.slice(row.value.indexOf(',') + 1))) {
      throw new StepwrightError('corrupt-document', {
        what: `The document of session ${JSON.stringify(id)} is damaged`,
        remedy: 'Restore it from a backup; other sessions are not affected',
        details: { session: id },
      })
    }
    const pieces = new Map<string, string>()
    try {
      const state = await shelf.decode(parsed.state, remembering(store, pieces))
      return new SessionDocument(shelf, id, row.revision, state, pieces)
    } catch (error) {
      const [now] = await store.get('session', [id])
      if (now?.revision === row.revision) throw error
      return SessionDocument.load(store, id, newId) // it was replaced meanwhile, and old pieces went with that
    }
  }

  /** The writes that replace its state, and take away the pieces it no longer refers to; refused by the store if another change came first. */
  replaced(state: unknown): Required<Pick<Batch, 'put' | 'delete'>> {
    const encoded = this.#shelf.encode(state, 'session')
    const body = `"state":${JSON.stringify(encoded)}}`
    const value = `{"crc":${crc32(body)},${body}`
    const fresh = this.#shelf.takeFresh()
    const texts = new Map([...this.#pieces, ...fresh.map((put) => [put.key, put.value] as const)])
    const needed = new Set<string>()
    for (let wanted: readonly string[] = piecesIn(encoded); wanted.length > 0;) {
      const ids = wanted.map(idOf).filter((id) => !needed.has(id))
      for (const id of ids) needed.add(id)
      wanted = ids.flatMap((id) => referencesIn(texts.get(id) ?? ''))
    }
    return {
      put: [...fresh, { collection: 'session', key: this.id, value, expect: this.revision }],
      delete: [...this.#pieces.keys()]
        .filter((id) => !needed.has(id))
        .map((key): Delete => ({ collection: 'piece', key })),
    }
  }
}

/** A store that notes which pieces are read from it. */
function remembering(store: Store, pieces: Map<string, string>): Pick<Store, 'name' | 'get'> {
  return {
    name: store.name,
    async get(collection, keys) {
      const rows = await store.get(collection, keys)
      for (const [i, row] of rows.entries()) if (row) pieces.set(keys[i] ?? '', row.value)
      return rows
    },
  }
}
