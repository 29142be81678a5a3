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
  #carried: unknown
  /** Among the newest entries, which are never sealed at once, is the one that carries the data. */
  #carriedByNew = false
  /** How many entries of the tail were there before the newest commit. */
  #sealable = 0

  /** `carried`: the decoded data of the newest checkpoint, where the document leaves it to the tail. */
  constructor(position?: HistoryPosition, tail: readonly unknown[] = [], carried?: unknown) {
    this.#carried = carried
    this.#seq = position?.seq ?? 0
    this.#chain = position?.chain ?? ''
    this.#segment = position?.segment
    this.#tail = tail.map((entry) => JSON.stringify(entry))
  }

  /**
   * A copy with more entries; this one stays, for when the write is refused. Values in them must be encoded already;
   * `carried` is the decoded data that one of them holds.
   */
  with(happenings: readonly Happening[], at: number, carried: unknown): HistoryLog {
    const next = new HistoryLog()
    next.#seq = this.#seq
    next.#chain = this.#chain
    next.#segment = this.#segment
    next.#carried = carried ?? this.#carried
    next.#carriedByNew = carried !== undefined
    next.#sealable = this.#tail.length
    const entries = happenings.map((happening) => {
      const text = JSON.stringify({ seq: ++next.#seq, at, ...happening })
      next.#chain = hash('sha256', next.#chain + text, 'base64url')
      return text
    })
    next.#tail = [...this.#tail, ...entries]
    return next
  }

  /**
   * The fields of the document that hold data and history, as JSON text. Data that stands in the tail is not written
   * twice. Where the tail does not fit, all but its newest entries are sealed.
   */
  write(headLength: number, data: unknown, encoded: unknown, shelf: PieceShelf): string {
    let own = this.#data(data, encoded)
    let tail = this.#tail.join(',')
    if (this.#sealable > 0 && headLength + own.length + tail.length > PAGE) {
      const before = this.#segment === undefined ? 'null' : `"${this.#segment}"`
      const sealed = this.#tail.slice(0, this.#sealable).join(',')
      this.#segment = shelf.add(`{"before":${before},"entries":[${sealed}]}`)
      this.#tail = this.#tail.slice(this.#sealable)
      if (!this.#carriedByNew) this.#carried = undefined
      own = this.#data(data, encoded)
      tail = this.#tail.join(',')
    }
    const segment = this.#segment === undefined ? '' : `,"segment":"${this.#segment}"`
    return `"data":${own},"history":{"seq":${this.#seq},"chain":"${this.#chain}"${segment}},"tail":[${tail}]`
  }

  #data(data: unknown, encoded: unknown): string {
    return data === this.#carried && typeof data === 'object' ? `"${IN_TAIL}"` : JSON.stringify(encoded)
  }
}

/** Stands for data that the newest checkpoint in the tail holds. The codec writes no text that begins so. */
const IN_TAIL = '\\u0000t'

/** Whether what happened put the run into a state with data: one can be forked from it. */
export function isCheckpoint<H extends Happening>(
  happening: H,
): happening is Extract<H, { type: 'started' | 'moved' | 'migrated' | 'retried-by-hand' }> {
  const { type } = happening
  if (type === 'retried-by-hand') return happening.data !== undefined
  return type === 'moved' || type === 'started' || type === 'migrated'
}

/** The encoded data of a stored document, wherever it stands. */
export function findData(
  data: unknown,
  tail: readonly HistoryEvent[],
): { readonly data: unknown; readonly inTail: boolean } {
  if (data !== '\0t') return { data, inTail: false }
  const checkpoint = tail.findLast(isCheckpoint)
  return { data: checkpoint?.data, inTail: true }
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
      throw new StepwrightError('corrupt-document', {
        what: `The history segment ${next} is missing from ${store.name}`,
        remedy: 'Restore the store from a backup',
      })
    }
    const found = JSON.parse(row.value) as Segment
    parts.unshift(found.entries)
    next = found.before
  }
  return parts.flat().filter((entry) => entry.seq > after)
}
