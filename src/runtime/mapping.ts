/** How a run comes to another version of its workflow, together with what else is due for it then. */
import type { Machine } from '../compile/machine.ts'
import type { Run } from '../model/run.ts'
import { putBack } from '../store/inbox.ts'
import type { Put } from '../store/store.ts'
import { advance } from './advance.ts'
import type { Advance, RunEvent } from './event.ts'
import type { Library } from './library.ts'

/** Signals that were taken and have led to nothing yet, where a migration has put the run into another state: they go back. */
export function carried(before: Run, after: Run, newId: () => string): readonly Put[] {
  const elsewhere = after.version !== before.version && after.state !== before.state
  return elsewhere ? putBack(after.id, before.votes ?? [], newId) : []
}

/** Several events at once, each with the machine of the version the run has come to. */
export function advanceAll(library: Library, run: Run, events: readonly RunEvent[], now: number): Advance {
  let result: Advance = { run, happenings: [] }
  for (const event of events) {
    const version = event.type === 'migrated' ? event.version : result.run.version
    const loaded = library.of({ workflow: run.workflow, version })
    const machine = loaded?.machine as Machine // pausing, cancelling and terminating need none
    const next = advance(machine, result.run, event, now)
    result = { ...next, happenings: [...result.happenings, ...next.happenings] }
  }
  return result
}
