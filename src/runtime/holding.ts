/** Who has a run: a worker takes it, lets it go, or takes it over from one that died. */
import { quote } from '../errors/stepwright-error.ts'
import type { Machine } from '../compile/machine.ts'
import type { Happening } from '../model/history.ts'
import { visitOf, type Run } from '../model/run.ts'
import { park } from './ending.ts'
import { enterAgain } from './entering.ts'
import type { Advance } from './event.ts'

/** How often a worker may die in one visit without saving anything new, before the run is set aside. */
export const MOST_RECOVERIES = 5

export function claim(machine: Machine, run: Run, worker: string): Advance {
  const happenings: Happening[] = [{ type: 'claimed', worker }]
  if (run.status !== 'compensating') return { run: enterAgain(machine, run, worker), happenings }
  const { timer, ...rest } = run
  return { run: { ...rest, worker, attempt: timer ? run.attempt + 1 : run.attempt }, happenings }
}

export function release(run: Run): Advance {
  const { worker = '', ...rest } = run
  return {
    run: { ...rest, status: run.undoing ? 'compensating' : 'pending' },
    happenings: [{ type: 'released', worker }],
  }
}

export function recover(run: Run, worker: string, memos: number): Advance {
  const recoveries = memos !== run.memos ? 1 : run.recoveries + 1
  const recovered: Happening = { type: 'recovered', worker, from: run.worker ?? '', recoveries }
  if (recoveries <= MOST_RECOVERIES)
    return { run: { ...run, worker, recoveries, memos }, happenings: [recovered] }
  const reason = `Visit ${visitOf(run)} of ${quote(run.state)} was recovered ${MOST_RECOVERIES} times in a row, and its worker died again each time without saving anything new`
  const remedy = `Mend what stops the process in that handler, then resume the run`
  return park(run, { status: 'quarantined', reason, remedy }, [recovered])
}
