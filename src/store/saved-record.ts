import type { EarlyNote, LateNote, Note } from '../model/history.ts'
import { decode, encode } from './codec.ts'
import { sealJson, unseal } from './sealed-row.ts'

/** A result that the history tells of: with the next commit, and until then it is a note beside it. */
export interface Saved {
  /** Its number among those of the visit or part. */
  readonly n: number
  readonly value: unknown
  readonly note?: Note | undefined
}

/** What is to be recorded. */
export interface Result {
  readonly value: unknown
  readonly note?: Note | LateNote | undefined
  /** The text of what was known of the note before there was a result. */
  readonly early?: string | undefined
}

/** As it is written: what the note repeats of the value stands there once. */
interface Packed {
  readonly n: number
  readonly value: unknown
  readonly note?: Readonly<Record<string, unknown>>
  /** Fields of the note, each with the field of the value that it repeats, or `true` for all of the value. */
  readonly same?: Readonly<Record<string, string | true>>
  /** More fields of the note, which were written down before there was a value. */
  readonly early?: EarlyNote
}

/** Texts shorter than this are written twice. */
const LONG = 16

/** The row of a record, and its value as it will be read; `where` names it in errors. */
export function recordRow(
  { n, value, note, early }: Result & Pick<Saved, 'n'>,
  where: string,
): { readonly row: string; readonly value: unknown } {
  const own = { n, value: encode(value, where) }
  const json = JSON.stringify(note ? { ...own, ...encodeNote(note, value, where) } : own)
  const row = sealJson(early === undefined ? json : `${json.slice(0, -1)},"early":${early}}`)
  return { row, value: own.value === value ? value : decode(own.value) }
}

/** The text of what is known of a note before there is a result. */
export function earlyText(early: EarlyNote, where: string): string {
  return JSON.stringify(encode(early, where))
}

/** The record that was written. */
export function decodeRecord(encoded: unknown): Saved {
  return unpack(decode(encoded) as Packed)
}

/** One that was written just now: it is read back when somebody asks for it. */
export class FreshRecord implements Saved {
  readonly n: number
  readonly #row: string

  constructor(n: number, row: string) {
    this.n = n
    this.#row = row
  }

  get value(): unknown {
    return this.#read().value
  }

  get note(): Note | undefined {
    return this.#read().note
  }

  #read(): Saved {
    return decodeRecord(unseal(this.#row, 'A record'))
  }
}

function encodeNote(note: Note | LateNote, value: unknown, where: string): object {
  const twins = twinsIn(value)
  const rest: Record<string, unknown> = {}
  const same: Record<string, string | true> = {}
  for (const [name, said] of Object.entries(note)) {
    const twin = twins.get(said)
    if (twin === undefined) rest[name] = said
    else same[name] = twin
  }
  return { note: encode(rest, where), same: encode(same, where) }
}

/** What a note may repeat: the value, or its fields; all but numbers and the like, which are as short as a name. */
function twinsIn(value: unknown): ReadonlyMap<unknown, string | true> {
  const twins = new Map<unknown, string | true>()
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, own] of Object.entries(value)) if (isLong(own)) twins.set(own, name)
  } else if (isLong(value)) twins.set(value, true)
  return twins
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' ? value.length >= LONG : typeof value === 'object' && value !== null
}

function unpack({ n, value, note, same = {}, early }: Packed): Saved {
  if (!note) return { n, value }
  const fields = value as Readonly<Record<string, unknown>>
  const repeated = Object.entries(same).map(([name, twin]) => [name, twin === true ? value : fields[twin]])
  return {
    n,
    value,
    note: { type: note['type'], ...early, ...note, ...Object.fromEntries(repeated) } as Note,
  }
}
