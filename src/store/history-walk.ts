/** A stored history from its beginning, a few segments at a time, each checked against the one before. */
import type { HistoryEvent } from '../model/history.ts'
import { chainOf } from './history-log.ts'
import type { Seal } from './seal.ts'
import { segmentIn, type Segment } from './segment.ts'
import type { Store } from './store.ts'
import type { StoredRun } from './stored-run.ts'

/** What is wrong with what is stored of a run, in words for people. */
export interface Problem {
  readonly what: string
  /** The number of the history entry it concerns. */
  readonly entry?: number
  /** The key of the piece it concerns. */
  readonly piece?: string
  /** The row beside the document that it concerns, by its collection and its key. */
  readonly row?: { readonly collection: string; readonly key: string }
  /** What to do, where that is not to repair the run or to restore the store. */
  readonly remedy?: string
}

/** A stretch of a history, its values still encoded. */
export interface Stretch {
  readonly entries: readonly HistoryEvent[]
  readonly segments: number
  readonly problems: readonly Problem[]
}

/** Segments that are read at once. */
const AT_ONCE = 12

/** All of a history, oldest first. A segment that is not as it was written is left out, and said. */
export async function* walkHistory(
  store: Store,
  seal: Seal,
  { id: run, history, tail }: Pick<StoredRun, 'id' | 'history' | 'tail'>,
): AsyncGenerator<Stretch> {
  const { ids, heads, problems } = await findSegments(store, seal, run, history.segments ?? [])
  if (problems.length > 0) yield { entries: [], segments: 0, problems }
  const link = new Link(seal, problems.length === 0)
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const page = ids.slice(i, i + AT_ONCE)
    const rows = await store.get('piece', page)
    const found: Problem[] = []
    const entries: HistoryEvent[] = []
    for (const [j, piece] of page.entries()) {
      const row = rows[j]
      const segment = row && segmentIn(row.value, seal, run)
      if (segment) {
        if (!heads.has(piece) && segment.before.length > 0)
          found.push({
            what: 'A history segment names others before it, and did not when it was sealed',
            piece,
          })
        found.push(...link.next(segment, piece))
        entries.push(...segment.entries)
      } else {
        found.push({ what: `A history segment is ${row ? 'damaged' : 'missing'}`, piece, ...link.after })
        link.lose()
      }
    }
    yield { entries, segments: page.length, problems: found }
  }
  yield { entries: tail, segments: 0, problems: link.next({ base: history.base ?? '', entries: tail }) }
}

/** The ids of all segments, oldest first, and which of them name others; problems where they do not lead to the beginning. */
async function findSegments(
  store: Store,
  seal: Seal,
  run: string,
  named: readonly string[],
): Promise<{ ids: readonly string[]; heads: ReadonlySet<string>; problems: readonly Problem[] }> {
  const groups: (readonly string[])[] = []
  const heads = new Set<string>()
  for (let next = named; next.length > 0;) {
    groups.unshift(next)
    const [first = ''] = next
    if (heads.has(first))
      return { ids: named, heads, problems: [{ what: 'Its history goes in a circle', piece: first }] }
    heads.add(first)
    const [row] = await store.get('piece', [first])
    const segment = row && segmentIn(row.value, seal, run)
    if (!segment) {
      const what = 'What came before that segment of its history cannot be found'
      return { ids: groups.flat(), heads, problems: [{ what, piece: first }] }
    }
    next = segment.before
  }
  return { ids: groups.flat(), heads, problems: [] }
}

/** Where a history stands while it is read: the hash and the number that the next entry builds on. */
class Link {
  readonly #seal: Seal
  /** `undefined`: what came before could not be read. */
  #stand: { readonly chain: string; readonly seq: number } | undefined

  constructor(seal: Seal, fromBeginning: boolean) {
    this.#seal = seal
    if (fromBeginning) this.#stand = { chain: '', seq: 0 }
  }

  /** The entry after which something is missing. */
  get after(): Pick<Problem, 'entry'> {
    return this.#stand ? { entry: this.#stand.seq + 1 } : {}
  }

  lose(): void {
    this.#stand = undefined
  }

  next({ base, entries }: Pick<Segment, 'base' | 'entries'>, piece?: string): readonly Problem[] {
    const problems: Problem[] = []
    const of = piece === undefined ? {} : { piece }
    const [first] = entries
    const entry = first ? { entry: first.seq } : this.after
    if (this.#stand && base !== this.#stand.chain)
      problems.push({ what: 'The hash of the entries before does not fit', ...entry, ...of })
    let seq = this.#stand?.seq ?? (first ? first.seq - 1 : 0)
    for (const next of entries) {
      if (next.seq !== seq + 1)
        problems.push({ what: `Entry ${next.seq} follows entry ${seq}`, entry: next.seq, ...of })
      seq = next.seq
    }
    const texts = entries.map((each) => JSON.stringify(each))
    this.#stand = { chain: chainOf(this.#seal, base, texts).at(-1) ?? base, seq }
    return problems
  }
}
