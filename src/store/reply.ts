import { joinKey } from '../model/identifier.ts'
import { decode, encode } from './codec.ts'
import { seal, unseal } from './sealed-row.ts'
import type { Put, Store } from './store.ts'

/** The answer to an update: what its handler gave, or why it was refused. */
export type Reply =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }

/** A reply to be written with the commit that applies, or refuses, the signal. */
export function replyPut(run: string, signal: string, reply: Reply): Put {
  return { collection: 'reply', key: joinKey(run, signal), value: seal(encode(reply, 'reply')) }
}

/** The answer to a signal, or `undefined`: there is none yet. */
export async function readReply(store: Store, run: string, signal: string): Promise<Reply | undefined> {
  const [row] = await store.get('reply', [joinKey(run, signal)])
  return row && (decode(unseal(row.value, `The reply to ${signal}`)) as Reply)
}
