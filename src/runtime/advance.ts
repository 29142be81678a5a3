/**
 * The pure core: a run and an event give the next run and what to write into its history. No I/O, no clock, no
 * chance; data has been checked against its schema before it comes here.
 *
 * I2 Every move is a move of the machine. I5 A run that has ended is never given back changed.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { causeOf, type Machine } from '../compile/machine.ts'
import type { Caller } from '../model/caller.ts'
import { childrenSpentIn, spentIn, type Happening, type Note } from '../model/history.ts'
import { NOTHING_SPENT, plus } from '../model/model-call.ts'
import { visitOf, type Parent, type Run } from '../model/run.ts'
import { isEnded } from '../model/status.ts'
import {
  allUndone,
  cancel,
  compensate,
  complete,
  endsAt,
  fail,
  park,
  terminate,
  undoEntry,
  undoFailed,
  undone,
} from './ending.ts'
import { mended, migrate, pause, retry, unpark, unpause } from './by-hand.ts'
import { enter, inTransaction, wait } from './entering.ts'
import type { Advance, Moved, RunEvent } from './event.ts'
import { claim, recover, release } from './holding.ts'
import { reminded, reminding, signalled, takenBack, voted } from './waiting.ts'

/** What a new run is made from, checked already. */
export interface Beginning {
  readonly id: string
  readonly input: unknown
  readonly inputHash: string
  readonly vars: unknown
  readonly session: string
  /** The worker that takes it at once; without one it is pending. */
  readonly worker?: string
  /** Another state than the initial one: a fork begins there. */
  readonly state?: string
  readonly deadline?: number
  readonly parent?: Parent
  readonly schedule?: string
  readonly startedBy?: Caller
  readonly forkedFrom?: { readonly run: string; readonly seq: number }
}

/** A run in its first state. */
export function begin(machine: Machine, beginning: Beginning, now: number): Advance {
  const { name, version, initial } = machine.definition
  const { id, input, inputHash, vars, session, worker, state = initial, ...more } = beginning
  const run: Run = {
    id,
    workflow: name,
    version,
    status: 'pending',
    state,
    visits: {},
    since: now,
    attempt: 1,
    data: input,
    vars,
    session,
    recoveries: 0,
    memos: 0,
    inputHash,
    ...more,
    createdAt: now,
    updatedAt: now,
  }
  const { forkedFrom, startedBy, parent, schedule, deadline } = beginning
  const entered = enter(machine, run, state, input, worker, now)
  const started: Happening = {
    type: 'started',
    workflow: name,
    version,
    to: state,
    data: input,
    vars,
    session,
    ...(startedBy ? { by: startedBy } : {}),
    ...(forkedFrom ? { forkedFrom } : {}),
    ...(parent ? { parent } : {}),
    ...(schedule === undefined ? {} : { schedule }),
    ...(deadline === undefined ? {} : { deadline }),
    ...inTransaction(entered),
  }
  return { run: entered, happenings: [started] }
}

/** Applies an event. Throws `illegal-move` or `run-ended` for one that the run cannot take; nothing is changed then. */
export function advance(machine: Machine, run: Run, event: RunEvent, now: number): Advance {
  if (isEnded(run.status) && !(run.status === 'failed' && isByHand(event))) {
    throw new StepwrightError('run-ended', {
      what: `Run ${quote(run.id)} is ${run.status} and cannot take ${event.type}`,
      remedy: 'Start a new run, or fork this one',
    })
  }
  const advanced = apply(machine, run, event, now)
  const log = 'log' in event && event.log ? event.log : []
  if (log.length === 0 && advanced.run.updatedAt === now && advanced.run !== run) return advanced
  return {
    ...advanced,
    run: { ...advanced.run, updatedAt: now },
    happenings: [...log, ...advanced.happenings],
  }
}

/** What was saved inside steps is told with what happened, and counted. */
export function telling({ run, happenings, ...more }: Advance, notes: readonly Note[] = []): Advance {
  const spent = spentIn([...notes, ...happenings])
  const children = childrenSpentIn(happenings)
  const alone = spent.calls > 0 ? { ...run, spent: plus(run.spent ?? NOTHING_SPENT, spent) } : run
  const counted =
    children.calls > 0
      ? { ...alone, childrenSpent: plus(run.childrenSpent ?? NOTHING_SPENT, children) }
      : alone
  return { ...more, run: counted, happenings: notes.length > 0 ? [...notes, ...happenings] : happenings }
}

/** What an operator may do with a failed run that had nothing to undo. */
function isByHand(event: RunEvent): boolean {
  return event.type === 'retry-by-hand' || (event.type === 'moved' && event.cause === 'skip')
}

function apply(machine: Machine, run: Run, event: RunEvent, now: number): Advance {
  switch (event.type) {
    case 'claimed':
      return claim(machine, run, event.worker)
    case 'recovered':
      return recover(run, event.worker, event.memos)
    case 'released':
      return release(run)
    case 'signalled':
      return signalled(run, event)
    case 'voted':
      return voted(run, event)
    case 'signal-refused':
      return { run, happenings: [event] }
    case 'taken-back':
      return takenBack(machine, run, event, now)
    case 'woken': {
      const { timer: _due, ...rest } = run
      const { worker } = event
      return { run: { ...rest, status: 'running', worker }, happenings: [{ type: 'woken', worker }] }
    }
    case 'parts-waiting': {
      const waiting = wait(run, machine.state(run.state), event.timer)
      const until = waiting.timer?.at
      return { run: waiting, happenings: [{ type: 'waits', ...(until === undefined ? {} : { until }) }] }
    }
    case 'reminding':
      return reminding(run, event)
    case 'reminded':
      return reminded(machine, run, event, now)
    case 'retry-due': {
      const { timer: _due, ...rest } = run
      const attempt = run.attempt + 1
      return {
        run: { ...rest, status: 'running', worker: event.worker, attempt },
        happenings: [{ type: 'retried', state: run.state, attempt }],
      }
    }
    case 'moved':
      return move(machine, run, event, now)
    case 'closed':
      return complete(run, event.output === undefined ? run.data : event.output, event.output)
    case 'attempt-failed':
      return attemptFailed(machine, run, event)
    case 'failed':
      return fail(machine, run, event.failure)
    case 'undone':
      return undone(run, event)
    case 'undo-failed':
      return undoFailed(run, event)
    case 'all-undone':
      return allUndone(machine, run, event.worker, now)
    case 'cancel':
      return cancel(machine, run, event)
    case 'terminate':
      return terminate(run, event)
    case 'pause':
      return pause(run, event)
    case 'unpause':
      return unpause(run, event)
    case 'retry-by-hand':
      return retry(machine, run, event, now)
    case 'migrated':
      return migrate(machine, run, event, now)
    case 'parked':
      return park(run, event)
    case 'unparked':
      return unpark(machine, run, event)
  }
}

function move(machine: Machine, run: Run, event: Moved, now: number): Advance {
  const { exit, data, vars: changed, worker, failure } = event
  const { state } = machine.move(run.state, exit)
  const cause = event.cause ?? causeOf(exit)
  const vars = { ...(run.vars as object), ...changed }
  if (exit.by === 'catch' && exit.of === 'transaction' && run.transaction) {
    const undoing = { why: 'transaction', since: run.transaction.since, to: state, data } as const
    const because: Happening = {
      type: 'log',
      level: 'warn',
      message: `undoing the transaction ${run.transaction.name}`,
    }
    const begun = compensate(machine, failure ? { ...run, failure } : run, undoing, because)
    if (begun) return begun
  }
  const left =
    exit.by === 'catch' || exit.by === 'visits' || event.cause === 'skip' ? undefined : { to: state, data }
  const undo = undoEntry(machine, run, left)
  let from = event.cause === 'skip' ? mended(run, now) : run
  if (undo) from = { ...from, undoable: (run.undoable ?? 0) + 1 }
  if (changed !== undefined) from = { ...from, vars }
  const entered = enter(machine, from, state, data, worker, now)
  const moved: Happening = {
    type: 'moved',
    from: run.state,
    to: state,
    by: cause,
    ...(failure ? { failure } : {}),
    visit: visitOf(entered),
    data,
    ...(changed === undefined ? {} : { vars: changed }),
    ...(undo && entered.undoable !== undefined ? { undoable: entered.undoable } : {}),
    ...inTransaction(entered),
  }
  const noted = undo ? { undo } : {}
  if (!endsAt(machine, state)) return { run: entered, happenings: [moved], ...noted }
  const completed = complete(entered, data, undefined)
  return { run: completed.run, happenings: [moved, ...completed.happenings], ...noted }
}

function attemptFailed(
  machine: Machine,
  run: Run,
  { failure, retryAt }: Extract<RunEvent, { type: 'attempt-failed' }>,
): Advance {
  const happening: Happening = {
    type: 'attempt-failed',
    state: run.state,
    attempt: run.attempt,
    failure,
    ...(retryAt === undefined ? {} : { retryAt }),
  }
  if (retryAt === undefined) {
    const failed = fail(machine, run, failure)
    return { ...failed, happenings: [happening, ...failed.happenings] }
  }
  const { worker: _released, ...rest } = run
  return {
    run: { ...rest, status: 'waiting', timer: { kind: 'retry', at: retryAt } },
    happenings: [happening],
  }
}
