/** What people do with a run, and what a deploy does with it. */
import type { Machine } from '../compile/machine.ts'
import type { Run } from '../model/run.ts'
import { isParked } from '../model/status.ts'
import { undoAgain } from './ending.ts'
import { enter, enterAgain, inTransaction } from './entering.ts'
import type { Advance, RunEvent } from './event.ts'

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>

export function pause(run: Run, { type: _, ...said }: Of<'pause'>): Advance {
  const { worker: _released, ...rest } = run
  return { run: { ...rest, status: 'paused', paused: run.status }, happenings: [{ type: 'paused', ...said }] }
}

export function unpause(run: Run, { type: _, ...said }: Of<'unpause'>): Advance {
  const { paused = 'pending', ...rest } = run
  return {
    run: { ...rest, status: paused === 'running' ? 'pending' : paused },
    happenings: [{ type: 'unpaused', ...said }],
  }
}

/** The failed step again: in the same visit with what it had saved, or with other data as a new one. */
export function retry(machine: Machine, run: Run, { data, by }: Of<'retry-by-hand'>, now: number): Advance {
  const again = { ...mended(run, now), attempt: 1, recoveries: 0, memos: 0 }
  const { state } = run
  return {
    run:
      data === undefined
        ? enterAgain(machine, again, undefined)
        : enter(machine, again, state, data, undefined, now),
    happenings: [
      { type: 'retried-by-hand', state, ...(data === undefined ? {} : { data }), ...(by ? { by } : {}) },
    ],
  }
}

/** In the same state the visit goes on, with its timers and its votes; another one is entered. */
export function migrate(machine: Machine, run: Run, event: Of<'migrated'>, now: number): Advance {
  const { version: to, state, data, vars } = event
  const mapped = { ...run, version: to, vars }
  const migrated = { type: 'migrated', from: run.version, to, state, data, vars } as const
  if (state === run.state) return { run: { ...mapped, data }, happenings: [migrated] }
  const entered = enter(machine, mapped, state, data, undefined, now)
  return { run: heldBack(run, entered), happenings: [{ ...migrated, ...inTransaction(entered) }] }
}

export function unpark(machine: Machine, run: Run, { by }: Of<'unparked'>): Advance {
  const fresh = { ...run, recoveries: 0, memos: 0 }
  return {
    run: run.undoing ? undoAgain(fresh) : enterAgain(machine, fresh, undefined),
    happenings: [{ type: 'unparked', status: run.status, ...(by ? { by } : {}) }],
  }
}

/** Without its failure, and without a deadline that is over: an operator goes on with it all the same. */
export function mended({ failure: _mended, deadline = Infinity, ...run }: Run, now: number): Run {
  return deadline > now && deadline < Infinity ? { ...run, deadline } : run
}

/** What stood still before stands still after. */
function heldBack({ status, failure }: Run, run: Run): Run {
  if (status === 'paused') return { ...run, status, paused: run.status }
  return isParked(status) ? { ...run, status, ...(failure ? { failure } : {}) } : run
}
