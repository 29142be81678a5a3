import { hash } from 'node:crypto'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { decode, encode, piecesIn } from './codec.ts'
import type { Put, Store } from './store.ts'

/** All that is needed of a store to read pieces. */
type Reading = Pick<Store, 'name' | 'get'>

/**
 * The large parts of one document, each written once and then referred to, so that what is written is in proportion
 * to what changed (I11). Ids sort by time, so pieces of all runs are added at the end of their table.
 */
export class PieceShelf {
  readonly #newId: () => string
  readonly #known = new Map<string, string>()
  #fresh: Put[] = []

  constructor(newId: () => string) {
    this.#newId = newId
  }

  /** Encodes a value; its large parts that are not yet known wait to be written. */
  encode(value: unknown, where: string): unknown {
    return encode(value, where, (text, json) => this.#shelve(text, json))
  }

  /** Keeps a text under a new id, also if it is known. */
  add(json: string): string {
    const id = this.#newId()
    this.#fresh.push({ collection: 'piece', key: id, value: json })
    return id
  }

  /** The pieces that must be written with, or before, the document that refers to them. */
  takeFresh(): readonly Put[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** Gives up pieces that were not written after all. */
  forget(puts: readonly Put[]): void {
    const gone = new Set(puts.map((put) => put.key))
    if (gone.size === 0) return
    for (const [text, ref] of this.#known) if (gone.has(idOf(ref))) this.#known.delete(text)
  }

  /** Decodes a value, reading the pieces it refers to. */
  async decode(encoded: unknown, store: Reading): Promise<unknown> {
    const texts = await readPieces(encoded, store)
    for (const [ref, json] of texts) {
      const piece = JSON.parse(json) as unknown
      this.#known.set(typeof piece === 'string' ? piece : json, ref)
    }
    return decode(encoded, (ref) => texts.get(ref) as string)
  }

  #shelve(text: string, json: () => string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const piece = json()
    const ref = `${this.add(piece)}.${hashOf(piece)}`
    this.#known.set(text, ref)
    return ref
  }
}

/** The key of the piece that a reference names. */
export function idOf(ref: string): string {
  return ref.slice(0, ref.indexOf('.'))
}

/** The references in the text of a piece: a group has them, a text has none. */
export function referencesIn(piece: string): readonly string[] {
  // most groups hold none, and need not be parsed to find that out
  return piece.startsWith('[') && piece.includes('\\u0000') ? piecesIn(JSON.parse(piece)) : []
}

const HASH_LENGTH = 16

/** 96 bits: whoever changes a piece has to change what refers to it, and the history that holds that. */
function hashOf(piece: string): string {
  return hash('sha256', piece, 'base64url').slice(0, HASH_LENGTH)
}

/** All pieces that an encoded value refers to. Throws `corrupt-document` for one that is not as it was written. */
async function readPieces(encoded: unknown, store: Reading): Promise<ReadonlyMap<string, string>> {
  const { texts, lost } = await gatherPieces(encoded, store)
  const [first] = lost
  if (!first) return texts
  throw new StepwrightError('corrupt-document', {
    what: `The piece ${first.piece} is ${first.why} in ${store.name}`,
    remedy: 'Restore the store from a backup',
  })
}

/** A piece that is not as it was written. */
export interface LostPiece {
  readonly piece: string
  readonly why: 'damaged' | 'missing'
}

/** The texts of all pieces that an encoded value refers to, through groups of groups; one read for each level. */
export async function gatherPieces(
  encoded: unknown,
  store: Reading,
): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly lost: readonly LostPiece[] }> {
  const texts = new Map<string, string>()
  const lost: LostPiece[] = []
  const asked = new Set(piecesIn(encoded))
  for (let wanted = [...asked]; wanted.length > 0;) {
    const rows = await store.get('piece', wanted.map(idOf))
    const next: string[] = []
    for (const [i, ref] of wanted.entries()) {
      const row = rows[i]
      if (!row || hashOf(row.value) !== ref.slice(-HASH_LENGTH)) {
        lost.push({ piece: idOf(ref), why: row ? 'damaged' : 'missing' })
        continue
      }
      texts.set(ref, row.value)
      next.push(...referencesIn(row.value))
    }
    wanted = [...new Set(next)].filter((ref) => !asked.has(ref))
    for (const ref of wanted) asked.add(ref)
  }
  return { texts, lost }
}
