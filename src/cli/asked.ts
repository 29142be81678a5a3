import type { Caller } from '../model/caller.ts'
import { readNotices, type Message } from '../store/inbox.ts'
import type { Store } from '../store/store.ts'
import { sayCaller } from './caller-argument.ts'
import { sayDistance } from './moment.ts'

/** What people asked of a run, and no worker has taken yet. */
export interface Asked {
  readonly id: string
  readonly verb: 'pause' | 'cancel' | 'terminate'
  /** When. Milliseconds. */
  readonly at: number
  readonly by?: Caller
  readonly reason?: string
}

/** What was asked of a run and not yet done, oldest first. */
export async function askedOf(store: Store, run: string): Promise<readonly Asked[]> {
  return (await readNotices(store, run)).flatMap(readAsked)
}

function readAsked({ id, kind, at, caller, payload }: Message): readonly Asked[] {
  if (kind !== 'pause' && kind !== 'cancel' && kind !== 'terminate') return []
  const { reason } = payload as { readonly reason?: string }
  return [
    { id, verb: kind, at, ...(caller ? { by: caller } : {}), ...(reason === undefined ? {} : { reason }) },
  ]
}

/** For people: `cancel asked for 3s ago by ada: too late`. */
export function sayAsked({ verb, at, by, reason }: Asked, now: number): string {
  const why = reason === undefined ? '' : `: ${reason}`
  return `${verb} asked for ${sayDistance(at, now)}${by ? ` by ${sayCaller(by)}` : ''}${why}`
}
