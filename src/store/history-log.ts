import type { Happening, HistoryEvent } from '../model/history.ts'
import type { PieceShelf } from './piece-shelf.ts'
import type { Seal } from './seal.ts'
import { readSegments, segmentText } from './segment.ts'
import type { Store } from './store.ts'

/** Where a run's history stands: how long it is, the hash over all of it, and where what came before the tail lies. */
export interface HistoryPosition {
  /** Number of entries so far. */
  readonly seq: number
  /** Hash over the hash before and the newest entry, so that any later edit shows. */
  readonly chain: string
  /** That hash where the tail begins; left out where the history does. */
  readonly base?: string
  /** The pieces with the entries before the tail, oldest first. What came before those, the first of them names. */
  readonly segments?: readonly string[]
}

/** When document and tail together grow over this many characters, the tail is sealed: one database page with its overhead. */
const PAGE = 3_800
/** Segments that a document names before a segment takes them over. */
const MOST_SEGMENTS = 12

/** Stands for data that the newest checkpoint in the tail holds. The codec writes no text that begins so. */
const IN_TAIL = '\0t'
/** Before the id of the segment whose newest checkpoint holds the data. */
const IN_SEGMENT = '\0h'

/** The newest part of a history, kept as text so that an entry is written down once. */
export class HistoryLog {
  readonly #seal: Seal
  #seq = 0
  #chain = ''
  #base = ''
  #segments: readonly string[] = []
  #tail: readonly string[] = []
  /** The hash after each entry of the tail. */
  #after: readonly string[] = []
  /** The data of the run, where a checkpoint holds it, and where that stands: `undefined` in the tail. */
  #carried: unknown
  #carrier: string | undefined
  /** How many entries of the tail were there before the newest commit. */
  #old = 0
  /** Among the newest entries is the one that carries the data. */
  #carriedByNew = false

  constructor(seal: Seal) {
    this.#seal = seal
  }

  /** As it is stored; `data` is the decoded data of the run, and `carrier` says where a checkpoint holds it. */
  static stored(
    seal: Seal,
    { seq, chain, base = '', segments = [] }: HistoryPosition,
    tail: readonly unknown[],
    data: unknown,
    carrier: Carrier,
  ): HistoryLog {
    const log = new HistoryLog(seal)
    log.#seq = seq
    log.#chain = chain
    log.#base = base
    log.#segments = segments
    log.#tail = tail.map((entry) => JSON.stringify(entry))
    log.#after = chainOf(seal, base, log.#tail)
    if (carrier !== 'document') {
      log.#carried = data
      log.#carrier = carrier === 'tail' ? undefined : carrier.segment
    }
    return log
  }

  /**
   * A copy with more entries; this one stays, for when the write is refused. Values in them must be encoded already;
   * `carried` is the decoded data that one of them holds.
   */
  with(happenings: readonly Happening[], at: number, carried: unknown): HistoryLog {
    const next = new HistoryLog(this.#seal)
    next.#segments = this.#segments
    next.#base = this.#base
    next.#carriedByNew = carried !== undefined
    next.#carried = carried ?? this.#carried
    next.#carrier = next.#carriedByNew ? undefined : this.#carrier
    next.#old = this.#tail.length
    let seq = this.#seq
    let chain = this.#chain
    const tail = [...this.#tail]
    const after = [...this.#after]
    for (const happening of happenings) {
      const text = `{"seq":${++seq},"at":${at},${JSON.stringify(happening).slice(1)}`
      chain = this.#seal.chain(chain, text)
      tail.push(text)
      after.push(chain)
    }
    next.#seq = seq
    next.#chain = chain
    next.#tail = tail
    next.#after = after
    return next
  }

  /**
   * The fields of the document that hold data and history, as JSON text, and its tail. Data that a checkpoint holds is
   * not written twice. Where the tail does not fit, all but its newest entries are sealed; `whole`: those too. So it is
   * with the start of a run, which then outlives a document that is damaged, and where many runs write at once, since
   * their small rows share pages.
   */
  write(
    run: string,
    headLength: number,
    data: unknown,
    encoded: unknown,
    shelf: PieceShelf,
    whole: boolean,
  ): { readonly fields: string; readonly tail: string } {
    let own = this.#data(data, encoded)
    let tail = this.#tail.join(',')
    if (whole || (this.#old > 0 && headLength + own.length + tail.length > PAGE)) {
      this.#sealUp(run, whole ? this.#tail.length : this.#old, shelf)
      own = this.#data(data, encoded)
      tail = this.#tail.join(',')
    }
    const base = this.#base === '' ? '' : `,"base":"${this.#base}"`
    const segments = this.#segments.length === 0 ? '' : `,"segments":["${this.#segments.join('","')}"]`
    return {
      fields: `"data":${own},"history":{"seq":${this.#seq},"chain":"${this.#chain}"${base}${segments}}`,
      tail,
    }
  }

  /** The first entries of the tail become a segment. */
  #sealUp(run: string, count: number, shelf: PieceShelf): void {
    const full = this.#segments.length >= MOST_SEGMENTS
    const before = full ? this.#segments : []
    const id = shelf.add(
      segmentText(this.#seal, { run, before, base: this.#base }, this.#tail.slice(0, count)),
    )
    this.#segments = full ? [id] : [...this.#segments, id]
    this.#base = this.#after[count - 1] ?? this.#base
    this.#tail = this.#tail.slice(count)
    this.#after = this.#after.slice(count)
    if (
      this.#carried !== undefined &&
      this.#carrier === undefined &&
      !(this.#carriedByNew && count === this.#old)
    )
      this.#carrier = id
  }

  #data(data: unknown, encoded: unknown): string {
    if (data !== this.#carried || typeof data !== 'object') return JSON.stringify(encoded)
    return JSON.stringify(this.#carrier === undefined ? IN_TAIL : IN_SEGMENT + this.#carrier)
  }
}

/** What holds the data of a run: its document, or the newest checkpoint of the tail or of a segment. */
export type Carrier = 'document' | 'tail' | { readonly segment: string }

/** The hash after each of these entries, which begin at a hash. */
export function chainOf(seal: Seal, base: string, entries: readonly string[]): readonly string[] {
  let chain = base
  return entries.map((entry) => (chain = seal.chain(chain, entry)))
}

/** Whether what happened put the run into a state with data: one can be forked from it. */
export function isCheckpoint<H extends Happening>(
  happening: H,
): happening is Extract<H, { type: 'started' | 'moved' | 'migrated' | 'retried-by-hand' }> {
  const { type } = happening
  if (type === 'retried-by-hand') return happening.data !== undefined
  return type === 'moved' || type === 'started' || type === 'migrated'
}

/** The encoded data of a stored document, wherever it stands. */
export async function findData(
  { id, data, tail }: { readonly id: string; readonly data: unknown; readonly tail: readonly HistoryEvent[] },
  store: Store,
  seal: Seal,
): Promise<{ readonly data: unknown; readonly carrier: Carrier }> {
  if (data === IN_TAIL) return { data: tail.findLast(isCheckpoint)?.data, carrier: 'tail' }
  if (typeof data !== 'string' || !data.startsWith(IN_SEGMENT)) return { data, carrier: 'document' }
  const segment = data.slice(IN_SEGMENT.length)
  const [found] = await readSegments(store, seal, id, [segment])
  return { data: found?.entries.findLast(isCheckpoint)?.data, carrier: { segment } }
}
