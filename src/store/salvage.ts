/**
 * What is left of a history whose run document is damaged: the sealed segments, found by what can still be read of the
 * document, or by looking at every piece there is, since each segment names its run.
 */
import type { HistoryEvent } from '../model/history.ts'
import { chainOf } from './history-log.ts'
import type { Seal } from './seal.ts'
import { segmentIn, type Segment } from './segment.ts'
import type { Store } from './store.ts'

/** Segments that link from the beginning, and the newest entries as far as they fit. */
export interface Salvage {
  readonly links: readonly Link[]
  readonly tail: readonly HistoryEvent[]
  /** What the damaged document still says of itself, where its seal fits that. */
  readonly head: WreckedHead | undefined
}

/** A segment, without what it holds. */
export interface Link {
  readonly piece: string
  readonly before: readonly string[]
  readonly base: string
  /** The hash where it ends. */
  readonly end: string
}

/** A head whose tail is damaged or gone. */
export interface WreckedHead {
  readonly status: string
  readonly state: string
  readonly history: Position
}

interface Position {
  readonly seq: number
  readonly chain: string
  readonly base?: string
  readonly segments?: readonly string[]
}

/** Looks for the history of a run whose document is this text. */
export async function salvage(store: Store, seal: Seal, run: string, text: string): Promise<Salvage> {
  const head = headIn(text, seal, run)
  const positions = head ? [head.history] : positionsIn(text)
  let links: readonly Link[] | undefined
  for (const position of positions) links ??= await follow(store, seal, run, position)
  links ??= await search(store, seal, run)
  const tail = tailIn(text, seal, links.at(-1)?.end ?? '', positions)
  return { links, tail, head }
}

/** The head of a document that is damaged behind it. */
function headIn(text: string, seal: Seal, run: string): WreckedHead | undefined {
  const [frame = '', name = '', mark = '', length = ''] =
    /^\{"(crc|mac)":"?([^",]+)"?,"head":(\d+),/.exec(text) ?? []
  const head = text.slice(frame.length, frame.length + Number(length))
  if (frame === '' || !seal.fits(name === 'crc' ? { crc: Number(mark) } : { mac: mark }, head))
    return undefined
  const parsed = JSON.parse(`{${head}}`) as WreckedHead & { readonly id: unknown }
  return parsed.id === run ? parsed : undefined
}

const POSITION =
  /"history":(\{"seq":\d+,"chain":"[\w-]+"(?:,"base":"[\w-]+")?(?:,"segments":\["[^\]]*"\])?\})/g

/** Whatever in a damaged text looks like the place where a history stands. */
function positionsIn(text: string): readonly Position[] {
  return [...text.matchAll(POSITION)].flatMap(([, json = '']) => {
    try {
      return [JSON.parse(json) as Position]
    } catch {
      return []
    }
  })
}

/** The segments that a document names, if they link from the beginning to where it says. */
async function follow(
  store: Store,
  seal: Seal,
  run: string,
  { base = '', segments = [] }: Position,
): Promise<readonly Link[] | undefined> {
  const links: Link[] = []
  const met = new Set<string>()
  let next = segments
  while (next.length > 0 && !next.some((id) => met.has(id))) {
    const rows = await store.get('piece', next)
    const found = rows.flatMap((row, i) => linkOf(seal, run, next[i] ?? '', row?.value))
    if (found.length < next.length) return undefined
    for (const { piece } of found) met.add(piece)
    links.unshift(...found)
    next = found[0]?.before ?? []
  }
  const fits = links.every((link, i) => link.base === (links[i - 1]?.end ?? ''))
  return fits && links.length > 0 && links.at(-1)?.end === base ? links : undefined
}

/** Where two continue the same entries, the newer one is what the run went on with. */
async function search(store: Store, seal: Seal, run: string): Promise<readonly Link[]> {
  const byBase = new Map<string, Link>()
  for await (const page of store.rows())
    for (const { collection, key, value } of page) {
      if (collection !== 'piece') continue
      for (const link of linkOf(seal, run, key, value))
        if (key > (byBase.get(link.base)?.piece ?? '')) byBase.set(link.base, link)
    }
  const links: Link[] = []
  for (let next = byBase.get(''); next; next = byBase.get(next.end)) {
    byBase.delete(next.base)
    links.push(next)
  }
  return links
}

function linkOf(seal: Seal, run: string, piece: string, text: string | undefined): readonly Link[] {
  const segment = text === undefined ? undefined : segmentIn(text, seal, run)
  if (!segment) return []
  const { before, base } = segment
  return [{ piece, before, base, end: endOf(seal, segment) }]
}

function endOf(seal: Seal, { base, entries }: Segment): string {
  return (
    chainOf(
      seal,
      base,
      entries.map((entry) => JSON.stringify(entry)),
    ).at(-1) ?? base
  )
}

/** The newest entries, where the text is JSON all the same and they fit a hash that it holds. */
function tailIn(
  text: string,
  seal: Seal,
  end: string,
  positions: readonly Position[],
): readonly HistoryEvent[] {
  try {
    const { tail } = JSON.parse(text) as { readonly tail: readonly HistoryEvent[] }
    const texts = tail.map((entry) => JSON.stringify(entry))
    const chain = chainOf(seal, end, texts).at(-1) ?? end
    return positions.some((position) => position.chain === chain) ? tail : []
  } catch {
    return []
  }
}
