/**
 * How runs end, and what is undone before.
 *
 * I5 A run that has ended is never given back changed.
 */
import type { Machine } from '../compile/machine.ts'
import type { Failure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { visitOf, type Run, type Undoing } from '../model/run.ts'
import type { UndoEntry } from '../store/undo-list.ts'
import { enter, inTransaction } from './entering.ts'
import type { Advance, RunEvent } from './event.ts'

/** The visit that is left, as something that can be undone; `undefined` where its state has no compensation. */
export function undoEntry(
  machine: Machine | undefined,
  run: Run,
  result?: UndoEntry['result'],
): UndoEntry | undefined {
  const state = machine?.definition.states.get(run.state)
  if (!state || state.kind === 'final') return undefined
  const visit = { state: run.state, visit: visitOf(run), input: run.data }
  if (state.kind === 'map') return state.undo && visit
  if (state.kind === 'parallel')
    return [...state.branches.values()].some(({ undo }) => undo) ? visit : undefined
  return state.undo && result && { ...visit, result }
}

/** Whether a run ends as soon as it enters a state: a final one, without a closing handler. */
export function endsAt(machine: Machine, name: string): boolean {
  const state = machine.state(name)
  return state.kind === 'final' && state.method === undefined
}

export function complete(run: Run, data: unknown, output: unknown): Advance {
  const { worker: _released, ...rest } = run
  return {
    run: { ...rest, status: 'completed', data },
    happenings: [{ type: 'completed', state: run.state, ...(output === undefined ? {} : { output }) }],
  }
}

/** Fails, or where something was done that can be undone, begins to undo it. */
export function fail(machine: Machine, run: Run, failure: Failure): Advance {
  const failed: Happening = { type: 'failed', state: run.state, failure }
  const begun = compensate(machine, { ...run, failure }, { why: 'failed', since: 0 }, failed)
  if (begun) return begun
  return { run: { ...released(run), status: 'failed', failure }, happenings: [failed] }
}

export function cancel(
  machine: Machine | undefined,
  run: Run,
  event: Extract<RunEvent, { type: 'cancel' }>,
): Advance {
  const { type: _, ...said } = event
  const cancelled: Happening = { type: 'cancelled', ...said }
  const { paused: _over, ...active } = run
  return (
    compensate(machine, active, { why: 'cancelled', since: 0 }, cancelled) ?? {
      run: { ...released(active), status: 'cancelled' },
      happenings: [cancelled],
    }
  )
}

export function terminate(run: Run, event: Extract<RunEvent, { type: 'terminate' }>): Advance {
  const { type: _, ...said } = event
  return { run: { ...released(run), status: 'terminated' }, happenings: [{ type: 'terminated', ...said }] }
}

/** Begins to undo what stands above a height; `undefined` where that is nothing. */
export function compensate(
  machine: Machine | undefined,
  run: Run,
  undoing: Undoing,
  because: Happening,
): Advance | undefined {
  const undo = run.undoing ? undefined : undoEntry(machine, run)
  const height = (run.undoable ?? 0) + (undo ? 1 : 0)
  if (height <= undoing.since) return undefined
  const { timer: _dropped, signal: _handled, ...rest } = run
  const { why, since, to, data } = undoing
  const begun: Happening = {
    type: 'compensating',
    why,
    undoable: height,
    ...(run.failure ? { failure: run.failure } : {}),
    ...(to === undefined ? {} : { since, to, data }),
  }
  return {
    run: { ...rest, status: 'compensating', undoing, undoable: height, attempt: 1, recoveries: 0, memos: 0 },
    happenings: [because, begun],
    ...(undo ? { undo } : {}),
  }
}

export function undone(run: Run, event: Extract<RunEvent, { type: 'undone' }>): Advance {
  const { entry, part, skipped } = event
  const { state, visit } = entry
  const undoable = (run.undoable ?? 1) - (part === undefined ? 1 : 0) // a part leaves the others of its visit to be undone
  return {
    run: { ...(skipped ? undoAgain(run) : run), undoable, attempt: 1, recoveries: 0, memos: 0 },
    happenings: [
      {
        type: 'undone',
        state,
        visit,
        ...(part === undefined ? {} : { part }),
        ...(skipped ? { skipped } : {}),
      },
    ],
  }
}

export function undoFailed(run: Run, event: Extract<RunEvent, { type: 'undo-failed' }>): Advance {
  const { entry, part, failure, retryAt } = event
  const { worker: _released, timer: _answered, ...rest } = run
  const { state, visit } = entry
  const { attempt } = run
  const failed: Happening = {
    type: 'undo-failed',
    state,
    visit,
    ...(part === undefined ? {} : { part }),
    attempt,
    failure,
    ...(retryAt === undefined ? {} : { retryAt }),
  }
  if (retryAt !== undefined)
    return { run: { ...rest, timer: { kind: 'retry', at: retryAt } }, happenings: [failed] }
  const what = `${part === undefined ? '' : `${JSON.stringify(part)} in `}visit ${visit} of ${JSON.stringify(state)}`
  const reason = `The compensation of ${what} failed: ${failure.name}: ${failure.message}`
  const remedy = 'Mend the cause and resume the run, or leave that compensation out'
  return park(run, { status: 'compensation-failed', reason, remedy }, [failed], part)
}

/** Sets a run aside. One that was being undone keeps what it had failed with, for when it goes on. */
export function park(
  run: Run,
  { status, reason, remedy }: Pick<Extract<Happening, { type: 'parked' }>, 'status' | 'reason' | 'remedy'>,
  before: readonly Happening[] = [],
  part?: string,
): Advance {
  const { worker: _worker, timer: _timer, ...rest } = run
  const own = run.failure && { failure: run.failure }
  const undoing = run.undoing && {
    undoing: { ...run.undoing, ...own, ...(part === undefined ? {} : { part }) },
  }
  return {
    run: { ...rest, ...undoing, status, failure: { name: status, message: `${reason}. ${remedy}` } },
    happenings: [...before, { type: 'parked', status, reason, remedy }],
  }
}

/** A run that was set aside while it was being undone goes on being undone. */
export function undoAgain({ worker: _worker, timer: _timer, failure: _parked, ...run }: Run): Run {
  const { failure, part: _left, ...undoing } = run.undoing ?? { why: 'failed', since: 0 }
  return { ...run, ...(failure ? { failure } : {}), undoing, status: 'compensating', attempt: 1 }
}

/** All that was to be undone is. */
export function allUndone(machine: Machine, run: Run, worker: string, now: number): Advance {
  const { undoing, ...rest } = run
  const done: Happening = { type: 'compensated' }
  if (undoing?.to === undefined)
    return {
      run: { ...released(rest), status: undoing?.why === 'cancelled' ? 'cancelled' : 'compensated' },
      happenings: [done],
    }
  const { failure, ...active } = rest
  const entered = enter(machine, active, undoing.to, undoing.data, worker, now)
  const moved: Happening = {
    type: 'moved',
    from: run.state,
    to: undoing.to,
    by: 'catch',
    ...(failure ? { failure } : {}),
    visit: visitOf(entered),
    data: undoing.data,
    ...inTransaction(entered),
  }
  if (!endsAt(machine, undoing.to)) return { run: entered, happenings: [done, moved] }
  const completed = complete(entered, undoing.data, undefined)
  return { run: completed.run, happenings: [done, moved, ...completed.happenings] }
}

/** A run that nobody holds and nothing in time concerns. */
export function released(run: Run): Run {
  const { worker: _worker, timer: _timer, undoing: _undoing, ...rest } = run
  return rest
}
