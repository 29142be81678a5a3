import { hash } from 'node:crypto'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Happening, HistoryEvent } from '../model/history.ts'
import type { PieceShelf } from './piece-shelf.ts'
import type { Store } from './store.ts'

/** Where a run's history stands: its newest entries, what came before them, and the chain of hashes up to here. */
export interface HistoryPosition {
  /** Number of entries so far. */
  readonly seq: number
  /** SHA-256 over the chain before and the newest entry, so that any later edit shows. */
  readonly chain: string
  /** The piece with the entries before the tail. */
  readonly segment?: string
}

/** A sealed part of a history, in a piece of its own. */
interface Segment {
  readonly before: string | null
  readonly entries: readonly HistoryEvent[]
}

/** When document and tail together grow over this many characters, the tail is sealed: one database page with its overhead. */
const PAGE = 3_800

/** The newest part of a history, kept as text so that an entry is written down once. */
export class HistoryLog {
  #seq: number
  #chain: string
  #segment: string | undefined
  #tail: readonly string[]

  constructor(position?: HistoryPosition, tail: readonly unknown[] = []) {
    this.#seq = position?.seq ?? 0
    this.#chain = position?.chain ?? ''
    this.#segment = position?.segment
    this.#tail = tail.map((entry) => JSON.stringify(entry))
  }

  get chain(): string {
    return this.#chain
  }

  /** A copy with more entries; this one stays, for when the write is refused. Data in them must be encoded already. */
  with(happenings: readonly Happening[], at: number): HistoryLog {
    const next = new HistoryLog()
    next.#seq = this.#seq
    next.#chain = this.#chain
    next.#segment = this.#segment
    const entries = happenings.map((happening) => {
      const text = JSON.stringify({ seq: ++next.#seq, at, ...happening })
      next.#chain = hash('sha256', next.#chain + text, 'base64url')
      return text
    })
    next.#tail = [...this.#tail, ...entries]
    return next
  }

  /** The fields of the document that hold the history, as JSON text; seals the tail where it does not fit. */
  write(documentLength: number, shelf: PieceShelf): string {
    let tail = this.#tail.join(',')
    if (documentLength + tail.length > PAGE) {
      const before = this.#segment === undefined ? 'null' : `"${this.#segment}"`
      this.#segment = shelf.add(`{"before":${before},"entries":[${tail}]}`)
      this.#tail = []
      tail = ''
    }
    const segment = this.#segment === undefined ? '' : `,"segment":"${this.#segment}"`
    return `"history":{"seq":${this.#seq},"chain":"${this.#chain}"${segment}},"tail":[${tail}]`
  }
}

/** The entries of a history after number `after`, oldest first, still encoded. */
export async function readHistory(
  store: Store,
  { segment }: Pick<HistoryPosition, 'segment'>,
  tail: readonly HistoryEvent[],
  after: number,
): Promise<readonly HistoryEvent[]> {
  const parts: (readonly HistoryEvent[])[] = [tail]
  let next = segment ?? null
  while (next !== null && (parts[0]?.[0]?.seq ?? Infinity) > after + 1) {
    const [row] = await store.get('piece', [next])
    if (!row) {
      throw new StepwrightError('corrupt-document', { what: `The history segment ${next} is missing from ${store.name}`, remedy: 'Restore the store from a backup' })
    }
    const found = JSON.parse(row.value) as Segment
    parts.unshift(found.entries)
    next = found.before
  }
  return parts.flat().filter((entry) => entry.seq > after)
}
