/**
 * The pure core: a run and an event give the next run and what to write into its history. No I/O, no clock, no
 * chance; data has been checked against its schema before it comes here.
 *
 * I2 Every move is a move of the machine. I5 A run that has ended is never given back changed.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { causeOf, type Machine } from '../compile/machine.ts'
import type { Exit } from '../definition/definition.ts'
import type { Failure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { visitOf, type ReceivedSignal, type Run } from '../model/run.ts'
import { isEnded } from '../model/status.ts'

export type LogLine = Extract<Happening, { type: 'log' }>

/** What can happen to a run. Made by the engine only; nothing from outside becomes one. */
export type RunEvent =
  | { readonly type: 'claimed'; readonly worker: string }
  | { readonly type: 'recovered'; readonly worker: string; readonly memos: number }
  | { readonly type: 'signalled'; readonly worker: string; readonly signal: ReceivedSignal }
  | { readonly type: 'signal-refused'; readonly name: string; readonly id: string; readonly reason: string }
  | { readonly type: 'retry-due'; readonly worker: string }
  | { readonly type: 'released' }
  | {
      readonly type: 'moved'
      readonly worker: string
      readonly exit: Exit
      readonly data: unknown
      readonly vars?: object
      readonly log?: readonly LogLine[]
    }
  | { readonly type: 'closed'; readonly output?: unknown; readonly log?: readonly LogLine[] }
  | {
      readonly type: 'attempt-failed'
      readonly failure: Failure
      readonly retryAt?: number
      readonly log?: readonly LogLine[]
    }
  | { readonly type: 'failed'; readonly failure: Failure }
  | {
      readonly type: 'parked'
      readonly status: 'quarantined' | 'needs-migration' | 'corrupt'
      readonly reason: string
      readonly remedy: string
    }
  | { readonly type: 'unparked' }

/** The next run, and what happened, to be committed together. */
export interface Advance {
  readonly run: Run
  readonly happenings: readonly Happening[]
}

/** How often a worker may die in one visit without saving anything new, before the run is set aside. */
export const MOST_RECOVERIES = 5

/** What a new run is made from, checked already. */
export interface Beginning {
  readonly id: string
  readonly input: unknown
  readonly inputHash: string
  readonly vars: unknown
  readonly session: string
  /** The worker that takes it at once; without one it is pending. */
  readonly worker?: string
}

/** A run in its initial state. */
export function begin(
  machine: Machine,
  { id, input, inputHash, vars, session, worker }: Beginning,
  now: number,
): Advance {
  const { name, version, initial } = machine.definition
  const empty = {
    id,
    workflow: name,
    version,
    state: initial,
    visits: {},
    session,
    data: input,
    vars,
    inputHash,
    createdAt: now,
    updatedAt: now,
  }
  const entered = enter(
    machine,
    { ...empty, status: 'pending', attempt: 1, recoveries: 0, memos: 0 },
    initial,
    input,
    worker,
    now,
  )
  const run: Run =
    entered.status === 'running' && worker === undefined ? { ...entered, status: 'pending' } : entered
  return {
    run,
    happenings: [{ type: 'started', workflow: name, version, to: initial, data: input, vars, session }],
  }
}

/** Applies an event. Throws `illegal-move` or `run-ended` for one that the run cannot take; nothing is changed then. */
export function advance(machine: Machine, run: Run, event: RunEvent, now: number): Advance {
  if (isEnded(run.status)) {
    throw new StepwrightError('run-ended', {
      what: `Run ${quote(run.id)} is ${run.status} and cannot take ${event.type}`,
      remedy: 'Start a new run',
    })
  }
  const log = 'log' in event && event.log ? event.log : []
  const { happenings, ...result } = apply(machine, run, event, now)
  return { run: { ...result.run, updatedAt: now }, happenings: [...log, ...happenings] }
}

function apply(machine: Machine, run: Run, event: RunEvent, now: number): Advance {
  switch (event.type) {
    case 'claimed':
      return {
        run: enterAgain(machine, run, event.worker, now),
        happenings: [{ type: 'claimed', worker: event.worker }],
      }
    case 'unparked': {
      const entered = enterAgain(machine, { ...run, recoveries: 0, memos: 0 }, undefined, now)
      return {
        run: entered.status === 'running' ? { ...entered, status: 'pending' } : entered,
        happenings: [{ type: 'unparked', status: run.status }],
      }
    }
    case 'recovered':
      return recover(run, event.worker, event.memos)
    case 'signalled': {
      const { timer: _answered, ...rest } = run
      const { name, id, payload } = event.signal
      return {
        run: { ...rest, status: 'running', worker: event.worker, signal: event.signal, attempt: 1 },
        happenings: [{ type: 'signalled', name, id, payload }],
      }
    }
    case 'signal-refused':
      return { run, happenings: [event] }
    case 'released': {
      const { worker = '', ...rest } = run
      return { run: { ...rest, status: 'pending' }, happenings: [{ type: 'released', worker }] }
    }
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
    case 'attempt-failed': {
      const happening: Happening = {
        type: 'attempt-failed',
        state: run.state,
        attempt: run.attempt,
        failure: event.failure,
        ...(event.retryAt === undefined ? {} : { retryAt: event.retryAt }),
      }
      if (event.retryAt === undefined) {
        const failed = fail(run, event.failure)
        return { run: failed.run, happenings: [happening, ...failed.happenings] }
      }
      const { worker: _released, ...rest } = run
      return {
        run: { ...rest, status: 'waiting', timer: { kind: 'retry', at: event.retryAt } },
        happenings: [happening],
      }
    }
    case 'failed':
      return fail(run, event.failure)
    case 'parked': {
      const { worker: _released, timer: _dropped, ...rest } = run
      const { status, reason, remedy } = event
      return {
        run: { ...rest, status, failure: { name: status, message: `${reason}. ${remedy}` } },
        happenings: [{ type: 'parked', status, reason, remedy }],
      }
    }
  }
}

function move(machine: Machine, run: Run, event: Extract<RunEvent, { type: 'moved' }>, now: number): Advance {
  const { state, done } = machine.move(run.state, event.exit)
  const vars = event.vars === undefined ? run.vars : { ...(run.vars as object), ...event.vars }
  const { signal: _handled, timer: _over, ...rest } = run
  const entered = enter(machine, { ...rest, vars }, state, event.data, event.worker, now)
  const moved: Happening = {
    type: 'moved',
    from: run.state,
    to: state,
    by: causeOf(event.exit),
    visit: visitOf(entered),
    data: event.data,
    ...(event.vars === undefined ? {} : { vars: event.vars }),
  }
  const closing = machine.state(state)
  if (!done || (closing.kind === 'final' && closing.method !== undefined))
    return { run: entered, happenings: [moved] }
  const completed = complete(entered, event.data, undefined)
  return { run: completed.run, happenings: [moved, ...completed.happenings] }
}

/** A state is entered: a new visit, its first attempt. */
function enter(
  machine: Machine,
  run: Run,
  state: string,
  data: unknown,
  worker: string | undefined,
  now: number,
): Run {
  const visits = {
    ...run.visits,
    [state]: (Object.hasOwn(run.visits, state) ? (run.visits[state] ?? 0) : 0) + 1,
  }
  return enterAgain(
    machine,
    { ...run, state, visits, data, attempt: 1, recoveries: 0, memos: 0 },
    worker,
    now,
  )
}

/** What the state it stands in asks for: a worker, or somebody outside. */
function enterAgain(machine: Machine, run: Run, worker: string | undefined, now: number): Run {
  const { worker: _before, timer: _stale, failure: _mended, ...rest } = run
  const definition = machine.state(run.state)
  if (definition.kind !== 'wait' || run.signal)
    return { ...rest, status: 'running', ...(worker === undefined ? {} : { worker }) }
  const { expires } = definition
  return {
    ...rest,
    status: 'waiting',
    ...(expires ? { timer: { kind: 'expires', at: now + expires.afterMs } } : {}),
  }
}

function complete(run: Run, data: unknown, output: unknown): Advance {
  const { worker: _released, ...rest } = run
  return {
    run: { ...rest, status: 'completed', data },
    happenings: [{ type: 'completed', state: run.state, ...(output === undefined ? {} : { output }) }],
  }
}

function fail(run: Run, failure: Failure): Advance {
  const { worker: _released, timer: _dropped, ...rest } = run
  return {
    run: { ...rest, status: 'failed', failure },
    happenings: [{ type: 'failed', state: run.state, failure }],
  }
}

function recover(run: Run, worker: string, memos: number): Advance {
  const recoveries = memos > run.memos ? 1 : run.recoveries + 1
  const recovered: Happening = { type: 'recovered', worker, from: run.worker ?? '', recoveries }
  if (recoveries <= MOST_RECOVERIES)
    return { run: { ...run, worker, recoveries, memos }, happenings: [recovered] }
  const { worker: _released, ...rest } = run
  const reason = `Visit ${visitOf(run)} of ${quote(run.state)} was recovered ${MOST_RECOVERIES} times in a row, and its worker died again each time without saving anything new`
  const remedy = `Mend what stops the process in that handler, then resume the run`
  return {
    run: {
      ...rest,
      status: 'quarantined',
      failure: { name: 'quarantined', message: `${reason}. ${remedy}` },
    },
    happenings: [recovered, { type: 'parked', status: 'quarantined', reason, remedy }],
  }
}
