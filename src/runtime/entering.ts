import type { Machine } from '../compile/machine.ts'
import type { Reminder, StateDefinition } from '../definition/definition.ts'
import { visitOf, type Run, type Timer } from '../model/run.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** What of a run outlasts a visit, where it has it. All else of the optional fields belongs to the visit that is left. */
const LASTING = [
  'spent',
  'childrenSpent',
  'undoing',
  'undoable',
  'deadline',
  'parent',
  'schedule',
  'forkedFrom',
  'startedBy',
] as const satisfies readonly (keyof Run)[]

/** A state is entered: a new visit, its first attempt. */
export function enter(
  machine: Machine,
  run: Run,
  state: string,
  data: unknown,
  worker: string | undefined,
  now: number,
): Run {
  const definition = machine.state(state)
  // a literal, since copies of copies of a run were a tenth of what a step costs
  const fresh: Writable<Run> = {
    id: run.id,
    workflow: run.workflow,
    version: run.version,
    status: worker === undefined ? 'pending' : 'running',
    state,
    visits: { ...run.visits, [state]: visitOf({ state, visits: run.visits }) + 1 },
    since: now,
    attempt: 1,
    data,
    vars: run.vars,
    session: run.session,
    recoveries: 0,
    memos: 0,
    inputHash: run.inputHash,
    createdAt: run.createdAt,
    updatedAt: now,
  }
  if (worker !== undefined) fresh.worker = worker
  for (const field of LASTING)
    if (run[field] !== undefined) (fresh as Record<string, unknown>)[field] = run[field]
  const { transaction } = { transaction: undefined, ...definition }
  if (transaction !== undefined)
    fresh.transaction =
      run.transaction?.name === transaction
        ? run.transaction
        : { name: transaction, since: run.undoable ?? 0 }
  return isActive(definition) ? fresh : wait(fresh, definition)
}

/** For the history: the transaction that a run is in, where it is in one. */
export function inTransaction({ transaction }: Run): Pick<Run, 'transaction'> {
  return transaction ? { transaction } : {}
}

/** What the state it stands in asks for: a worker, or somebody outside. */
export function enterAgain(machine: Machine, run: Run, worker: string | undefined): Run {
  const { worker: _before, timer: _stale, failure: _mended, reminding: _begun, ...rest } = run
  const state = machine.state(run.state)
  if (isActive(state) || run.signal)
    return worker === undefined ? { ...rest, status: 'pending' } : { ...rest, status: 'running', worker }
  return wait(rest, state)
}

function isActive({ kind }: StateDefinition): boolean {
  return kind !== 'wait' && kind !== 'timer'
}

/** The run waits, with the next thing in time that its state has to offer. */
export function wait(run: Run, state: StateDefinition, also?: Timer): Run {
  const { timer: _before, worker: _released, ...rest } = run
  // the reminder that is tried again is due already
  const others = timersOf(run, state).filter(({ method }) => method === undefined || method !== also?.method)
  const timers = also ? [also, ...others] : others
  const timer = timers.reduce<Timer | undefined>(
    (first, next) => (first && first.at <= next.at ? first : next),
    undefined,
  )
  return { ...rest, status: 'waiting', ...(timer ? { timer } : {}) }
}

function timersOf({ since, data, reminded = {} }: Run, state: StateDefinition): Timer[] {
  if (state.kind === 'timer') return [{ kind: 'timer', at: state.dueAt(data, since) }]
  if (state.kind !== 'wait' && state.kind !== 'child') return []
  const timers: Timer[] = state.expires ? [{ kind: 'expires', at: since + state.expires.afterMs }] : []
  if (state.kind === 'child') return timers
  for (const { method, afterMs, everyMs = 0, times } of state.reminders) {
    const given = reminded[method] ?? 0
    if (given < times) timers.push({ kind: 'reminder', at: since + afterMs + given * everyMs, method })
  }
  return timers
}

/** How often a reminder was due by then. Several that were due while nothing ran are made up for by one. */
export function remindersDue({ since }: Run, { afterMs, everyMs, times }: Reminder, now: number): number {
  const due = everyMs === undefined ? 1 : Math.floor((now - since - afterMs) / everyMs) + 1
  return Math.min(due, times)
}
