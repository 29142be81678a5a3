import type { Note } from '../model/history.ts'
import { decode, encode } from './codec.ts'
import { unseal } from './sealed-row.ts'

/** A result that the history tells of: with the next commit, and until then it is a note beside it. */
export interface Saved {
  /** Its number among those of the visit or part. */
  readonly n: number
  readonly value: unknown
  readonly note?: Note | undefined
}

/** As it is written: a long text that the note repeats of the value stands there once. */
interface Packed extends Omit<Saved, 'note'> {
  readonly note?: Readonly<Record<string, unknown>>
  /** Fields of the note, each with the field of the value that it repeats, or `true` for all of the value. */
  readonly same?: Readonly<Record<string, string | true>>
}

/** Texts shorter than this are written twice. */
const LONG = 64

/** What is written of a record; `where` names it in errors. */
export function encodeRecord(saved: Saved, where: string): { readonly value: unknown } {
  const { n, value, note, same } = pack(saved)
  const told = note ? { note: encode(note, where), same: encode(same, where) } : {}
  return Object.assign({ n, value: encode(value, where) }, told)
}

/** The record that was written. */
export function decodeRecord(encoded: unknown): Saved {
  return unpack(decode(encoded) as Packed)
}

/** One that was written just now: its note is read back when it is told. */
export class FreshRecord implements Saved {
  readonly n: number
  readonly value: unknown
  readonly #row: string

  constructor({ n, value }: Saved, row: string) {
    this.n = n
    this.value = value
    this.#row = row
  }

  get note(): Note | undefined {
    return decodeRecord(unseal(this.#row, 'A record')).note
  }
}

function pack({ note, ...kept }: Saved): Packed {
  if (!note) return kept
  const rest: Record<string, unknown> = {}
  const same: Record<string, string | true> = {}
  for (const [name, said] of Object.entries(note)) {
    const twin = typeof said === 'string' && said.length >= LONG ? twinOf(said, kept.value) : undefined
    if (twin === undefined) rest[name] = said
    else same[name] = twin
  }
  return { ...kept, note: rest, same }
}

function unpack({ note, same = {}, ...kept }: Packed): Saved {
  if (!note) return kept
  const fields = kept.value as Readonly<Record<string, unknown>>
  const repeated = Object.entries(same).map(([name, twin]) => [
    name,
    twin === true ? kept.value : fields[twin],
  ])
  return { ...kept, note: { ...note, ...Object.fromEntries(repeated) } as Note }
}

function twinOf(said: string, value: unknown): string | true | undefined {
  if (value === said) return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.entries(value).find(([, own]) => own === said)?.[0]
}
