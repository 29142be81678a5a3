import { isAlive, readLeases } from '../store/lease.ts'
import type { Store } from '../store/store.ts'
import { fileLines } from './shell-line.ts'
import type { Terminal } from './terminal.ts'

/** What was asked of a run is done by a worker: where there is none, says so, and how to be one. */
export async function noteNoWorker(
  store: Store,
  run: string | undefined,
  word: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const now = Date.now()
  if ([...(await readLeases(store)).values()].some((lease) => isAlive(lease, now))) return
  terminal.note(terminal.onErr('dim', 'no worker is there now; it is done when one drives the run:'))
  for (const line of fileLines('resume', [], {}, { run, store: word }))
    terminal.note(terminal.onErr('dim', `  ${line}`))
}
