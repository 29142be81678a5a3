import type { ReceivedSignal } from '../model/run.ts'
import { joinKey } from '../model/identifier.ts'
import { decode, encode } from './codec.ts'
import { duePut } from './due-list.ts'
import type { Delete, Store } from './store.ts'

/** A signal in the inbox of a run. */
export interface Message extends ReceivedSignal {
  readonly key: string
}

/**
 * I6 Puts a signal into the inbox and marks its run as due, in one write. With an id of the caller's, a second one of
 * the same id is told apart by the store and changes nothing; then this gives `false`.
 */
export async function deliver(
  store: Store,
  run: string,
  signal: ReceivedSignal,
  place: string,
  once: boolean,
): Promise<boolean> {
  const value = JSON.stringify(encode(signal, 'payload'))
  return store.write({
    put: [
      ...(once
        ? [
            {
              collection: 'seen' as const,
              key: joinKey(run, signal.id),
              value: JSON.stringify({ at: signal.at }),
              expect: 0,
            },
          ]
        : []),
      { collection: 'inbox', key: joinKey(run, place), value, expect: 0 },
      duePut(signal.at, run, place),
    ],
  })
}

/** Whether a signal of that id was accepted before. */
export async function wasSeen(store: Store, run: string, id: string): Promise<boolean> {
  const [row] = await store.get('seen', [joinKey(run, id)])
  return row !== undefined
}

/** The signals that were accepted and not yet applied, oldest first. */
export async function readInbox(store: Store, run: string, limit = 1_000): Promise<readonly Message[]> {
  const entries = await store.list('inbox', { prefix: `${joinKey(run)}/`, limit, values: true })
  return entries.map(({ key, value }) => ({
    key,
    ...(decode(JSON.parse(value ?? 'null')) as ReceivedSignal),
  }))
}

/** Takes a message out, together with the commit that applies it; refused where it is gone already. */
export function taken(message: Message): Delete {
  return { collection: 'inbox', key: message.key, must: true }
}
