import { isEnded, isParked } from '../model/status.ts'
import { readStreams } from '../store/memos.ts'
import { PartList } from '../store/part-list.ts'
import type { Store } from '../store/store.ts'
import type { Happening, HistoryEvent } from '../model/history.ts'
import type { ModelCall } from '../model/model-call.ts'
import type { Watch } from './feed.ts'
import type { RunStore } from './run-store.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/** A piece of a text that a model says in a step of a run. */
export interface StreamPiece {
  /** Which call it belongs to; the pieces of one call are in order. */
  readonly call: string
  readonly text: string
  /** The call was begun anew, as after a crash: what was said of it before does not count. */
  readonly restart?: true
  /** Its text is whole. */
  readonly end?: true
  /** Where to go on after this piece: `run.stream({ after })`, from any process. */
  readonly cursor: string
}

/** How far a follower is. */
interface Place {
  /** Of the history. */
  readonly seq: number
  /** Calls that have been seen and are not whole, with as much of their text as was given out. */
  readonly open: Readonly<Record<string, string>>
  /** Calls that were whole before the history told of them. */
  readonly whole: readonly string[]
}

interface Following {
  readonly runs: RunStore
  readonly store: Store
  readonly watch: Watch
}

/**
 * What models say in the steps of a run, as it is said: from what is written down of calls under way, and from the
 * history for calls that have ended. A follower that comes back goes on where its cursor says, whoever works on the run.
 */
export async function* followText(
  id: string,
  after: string | undefined,
  { runs, store, watch }: Following,
): AsyncGenerator<StreamPiece> {
  let { seq, open, whole } = after === undefined ? { seq: 0, open: {}, whole: [] } : readCursor(after)
  const pieceOf = (call: string, text: string, isWhole: boolean): StreamPiece | undefined => {
    const before = Object.hasOwn(open, call) ? (open[call] ?? '') : ''
    const goesOn = text.startsWith(before)
    const piece = goesOn ? text.slice(before.length) : text
    if (piece === '' && goesOn && !isWhole) return undefined
    const { [call]: _said, ...others } = open
    open = isWhole ? others : { ...others, [call]: text }
    if (isWhole) whole = [...whole, call]
    return {
      call,
      text: piece,
      ...(goesOn ? {} : { restart: true }),
      ...(isWhole ? { end: true } : {}),
      cursor: writeCursor({ seq, open, whole }),
    }
  }
  for (;;) {
    const view = await runs.view(id)
    for (const { call, text, whole: isWhole } of await readStreams(store, view)) {
      const piece = whole.includes(call) ? undefined : pieceOf(call, text, isWhole)
      if (piece) yield piece
    }
    for (const event of await runs.history(id, seq)) {
      seq = event.seq
      for (const { stream, answer = '' } of await endedIn(id, event, store)) {
        const piece = whole.includes(stream) ? undefined : pieceOf(stream, answer, true)
        whole = whole.filter((call) => call !== stream)
        if (piece) yield { ...piece, cursor: writeCursor({ seq, open, whole }) }
      }
    }
    if (isEnded(view.status) || isParked(view.status)) return
    await watch.next()
  }
}

/** The streamed calls whose end an event tells of: its own, or those of the parts that were joined. */
async function endedIn(
  id: string,
  event: HistoryEvent,
  store: Store,
): Promise<readonly (ModelCall & { readonly stream: string })[]> {
  const streamed = (each: Happening) =>
    each.type === 'model-called' && each.stream !== undefined && !each.failure
      ? [each as ModelCall & { readonly stream: string }]
      : []
  if (event.type !== 'joined') return streamed(event)
  if (event.visit === undefined || event.spent === undefined) return []
  const parts = await new PartList({ id, state: event.state, visits: { [event.state]: event.visit } }).load(
    store,
  )
  return [...parts.values()].flatMap(({ log = [] }) => log.flatMap(streamed))
}

function writeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

function readCursor(cursor: string): Place {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Place
    if (Number.isSafeInteger(place.seq) && typeof place.open === 'object' && Array.isArray(place.whole))
      return place
  } catch {
    // not one of ours
  }
  throw new StepwrightError('invalid-options', {
    what: `The cursor ${quote(cursor)} is none that run.stream gave`,
    remedy: 'Give the cursor of a piece as it is, or none',
  })
}
