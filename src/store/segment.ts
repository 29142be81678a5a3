/**
 * Sealed parts of histories, each in a piece of its own. A segment names its run and carries a seal of its own, so it can
 * be told without the document that refers to it: by who reads the history, and by who has lost that document.
 */
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import type { Seal } from './seal.ts'
import type { Store } from './store.ts'

/** A sealed part of a history. */
export interface Segment {
  readonly run: string
  /** The segments before it that the document named when this one took them over; mostly none. */
  readonly before: readonly string[]
  /** The hash where it begins. */
  readonly base: string
  readonly entries: readonly HistoryEvent[]
}

/** A segment as it is stored; its entries are JSON text already. */
export function segmentText(
  seal: Seal,
  { run, before, base }: Omit<Segment, 'entries'>,
  entries: readonly string[],
): string {
  const body = `"run":${JSON.stringify(run)},"before":${JSON.stringify(before)},"base":"${base}","entries":[${entries.join(',')}]`
  return `{${seal.mark(body)},${body}}`
}

/** A stored text as a segment of that run; `undefined` where it is none, was changed, or is another run's. */
export function segmentIn(text: string, seal: Seal, run: string): Segment | undefined {
  const body = text.slice(text.indexOf(',') + 1, -1)
  if (!body.startsWith(`"run":${JSON.stringify(run)},`) || text !== `{${seal.mark(body)},${body}}`)
    return undefined
  return JSON.parse(text) as Segment
}

/** Segments of a run. Throws `corrupt-document` for one that is not there, or was changed. */
export async function readSegments(
  store: Store,
  seal: Seal,
  run: string,
  ids: readonly string[],
): Promise<readonly Segment[]> {
  const rows = await store.get('piece', ids)
  return rows.map((row, i) => {
    const segment = row && segmentIn(row.value, seal, run)
    if (segment) return segment
    throw damaged(`The history segment ${ids[i]} is ${row ? 'damaged' : 'missing'} in ${store.name}`, run)
  })
}

/** The entries of a history after number `after`, oldest first, still encoded. */
export async function readHistory(
  store: Store,
  seal: Seal,
  {
    id,
    history: { segments = [] },
    tail,
  }: {
    readonly id: string
    readonly history: { readonly segments?: readonly string[] }
    readonly tail: readonly HistoryEvent[]
  },
  after: number,
): Promise<readonly HistoryEvent[]> {
  const parts: (readonly HistoryEvent[])[] = [tail]
  let next = segments
  while (next.length > 0 && (parts[0]?.[0]?.seq ?? Infinity) > after + 1) {
    const found = await readSegments(store, seal, id, next)
    parts.unshift(...found.map(({ entries }) => entries))
    next = found[0]?.before ?? []
  }
  const entries = parts.flat()
  const gap = entries.findIndex(({ seq }, i) => i > 0 && seq !== (entries[i - 1]?.seq ?? 0) + 1)
  if (gap > 0)
    throw damaged(`The history of run ${JSON.stringify(id)} has a gap before entry ${entries[gap]?.seq}`, id)
  return entries.filter((entry) => entry.seq > after)
}

function damaged(what: string, run: string): StepwrightError {
  return new StepwrightError('corrupt-document', {
    what,
    remedy: 'Restore the store from a backup; `stepwright verify` says what else is damaged',
    details: { run },
  })
}
