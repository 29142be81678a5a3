import { visitOf, type Parent, type ReceivedSignal, type Run } from '../model/run.ts'
import { joinKey } from '../model/identifier.ts'
import { decode, encode } from './codec.ts'
import { duePut } from './due-list.ts'
import { seal, unseal } from './sealed-row.ts'
import type { Delete, Put, Store } from './store.ts'

/** What the engine itself tells a run: people's verbs, and the end of a child. */
export type NoticeKind = 'pause' | 'cancel' | 'terminate' | 'child'

/** What is put into the inbox of a run: a signal, or with a `kind` a notice of the engine's own. */
export type Letter = ReceivedSignal & { readonly kind?: NoticeKind }

/** A letter in the inbox of a run. */
export type Message = Letter & { readonly key: string }

/** Notices sort before all signals, so that they are found without reading those. */
const NOTICE = '!'
/** What was put back sorts before what came later. */
const BACK = ' '

/**
 * I6 Puts a signal into the inbox and marks its run as due, in one write. With an id of the caller's, a second one of
 * the same id is told apart by the store and changes nothing; then this gives `false`. `spent` is deleted with it.
 */
export async function deliver(
  store: Store,
  run: string,
  signal: ReceivedSignal,
  place: string,
  { once, spent }: { readonly once: boolean; readonly spent?: readonly Delete[] },
): Promise<boolean> {
  const seen = JSON.stringify({ at: signal.at })
  return store.write({
    put: [
      ...(once
        ? [{ collection: 'seen' as const, key: joinKey(run, signal.id), value: seen, expect: 0 }]
        : []),
      letterPut(run, place, signal),
      duePut(signal.at, run, place),
    ],
    ...(spent ? { delete: spent } : {}),
  })
}

/** A notice to a run, with its due entry. */
export function noticePuts(
  run: string,
  id: string,
  kind: NoticeKind,
  letter: Omit<ReceivedSignal, 'id' | 'name'>,
): readonly Put[] {
  return [letterPut(run, NOTICE + id, { ...letter, name: kind, id, kind }), duePut(letter.at, run, id)]
}

/** The notice to a parent that its child has ended. */
export function childEndPut({ run, state, visit, part }: Parent, child: string, at: number): Put {
  const place = `${NOTICE}${joinKey(state, String(visit), part)}`
  const { expect: _same, ...put } = letterPut(run, place, {
    name: part,
    id: child,
    payload: { state, visit },
    at,
    kind: 'child',
  })
  return put
}

/** Whether a notice is of a child of the present visit. */
export function isOfVisit({ kind, payload }: Message, run: Pick<Run, 'state' | 'visits'>): boolean {
  if (kind !== 'child') return false
  const { state, visit } = payload as { state: string; visit: number }
  return state === run.state && visit === visitOf(run)
}

function letterPut(run: string, place: string, letter: Letter): Put & { expect: 0 } {
  const value = seal(encode(letter, 'payload'))
  return { collection: 'inbox', key: joinKey(run, place), value, expect: 0 }
}

/** Puts signals back that were taken out: before all that have come since, in their order. */
export function putBack(
  run: string,
  signals: readonly ReceivedSignal[],
  newId: () => string,
): readonly Put[] {
  return signals.map((signal) => letterPut(run, BACK + newId(), signal))
}

/** Whether a signal of that id was accepted before. */
export async function wasSeen(store: Store, run: string, id: string): Promise<boolean> {
  const [row] = await store.get('seen', [joinKey(run, id)])
  return row !== undefined
}

/** What was accepted and not yet applied: first the engine's notices, then signals, each oldest first. */
export async function* readInbox(store: Store, run: string): AsyncGenerator<Message> {
  yield* readLetters(store, `${joinKey(run)}/`)
}

/** The engine's notices alone. */
export async function readNotices(store: Store, run: string): Promise<readonly Message[]> {
  const notices: Message[] = []
  for await (const notice of readLetters(store, `${joinKey(run)}/${NOTICE}`)) notices.push(notice)
  return notices
}

/** Whether signals lie there besides those that are taken out now. */
export async function hasSignals(store: Store, run: string, out: readonly Delete[]): Promise<boolean> {
  const gone = new Set(out.flatMap(({ collection, key }) => (collection === 'inbox' ? [key] : [])))
  const own = `${joinKey(run)}/`
  const range = { prefix: own, after: `${own}${NOTICE}\u{10ffff}`, limit: gone.size + 1 }
  return (await store.list('inbox', range)).some(({ key }) => !gone.has(key))
}

/** Takes the engine's notices out unread: those of a run that has ended say nothing any more. */
export async function dropNotices(store: Store, run: string): Promise<readonly Delete[]> {
  const prefix = `${joinKey(run)}/${NOTICE}`
  const entries = await store.list('inbox', { prefix, limit: Number.MAX_SAFE_INTEGER })
  return entries.map(({ key }) => ({ collection: 'inbox', key }))
}

const PAGE = 200

async function* readLetters(store: Store, prefix: string): AsyncGenerator<Message> {
  for (let after: string | undefined; ;) {
    const range = { prefix, limit: PAGE, values: true, ...(after === undefined ? {} : { after }) }
    const page = await store.list('inbox', range)
    for (const { key, value } of page) yield { key, ...(decode(unseal(value, `Letter ${key}`)) as Letter) }
    if (page.length < PAGE) return
    after = page.at(-1)?.key
  }
}

/** Takes a message out, together with the commit that applies it; refused where it is gone already. */
export function taken(message: Message): Delete {
  return { collection: 'inbox', key: message.key, must: true }
}
