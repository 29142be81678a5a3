import { joinKey } from '../model/identifier.ts'
import type { Put, Store } from './store.ts'

/** Room for times until the year 33658. */
const WIDTH = 15

/** A run that has to be looked at, since its timer is due, a signal came, or it was just accepted. */
export interface DueEntry {
  readonly key: string
  readonly at: number
  readonly run: string
  readonly why: string
}

/** Entries sort by time. `why` keeps several of one run and one moment apart. */
export function dueKey(at: number, run: string, why: string): string {
  return `${String(Math.max(0, Math.ceil(at))).padStart(WIDTH, '0')}/${joinKey(run, why)}`
}

/** An entry to be written together with what makes it due. */
export function duePut(at: number, run: string, why: string): Put {
  return { collection: 'due', key: dueKey(at, run, why), value: '{}' }
}

/** The entries that are due at `now`, and then the first that is not. */
export async function listDue(store: Store, limit: number): Promise<readonly DueEntry[]> {
  const entries = await store.list('due', { limit })
  return entries.map(({ key }) => {
    const [at = '', run = '', why = ''] = key.split('/')
    return { key, at: Number(at) || 0, run: plain(run), why: plain(why) }
  })
}

/** I10 A key that nobody here has written is taken as it stands: there is no such run, and the entry goes. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
