import type { Machine } from '../compile/machine.ts'
import type { Reminder, StateDefinition } from '../definition/definition.ts'
import { visitOf, type Run, type Timer } from '../model/run.ts'

/** A state is entered: a new visit, its first attempt. */
export function enter(
  machine: Machine,
  run: Run,
  state: string,
  data: unknown,
  worker: string | undefined,
  now: number,
): Run {
  const { votes: _counted, reminded: _given, signal: _handled, transaction: before, ...rest } = run
  const visits = { ...run.visits, [state]: visitOf({ state, visits: run.visits }) + 1 }
  const { transaction } = { transaction: undefined, ...machine.state(state) }
  const within =
    transaction === undefined
      ? {}
      : {
          transaction:
            before?.name === transaction ? before : { name: transaction, since: run.undoable ?? 0 },
        }
  const fresh = { ...rest, ...within, state, visits, data, since: now, attempt: 1, recoveries: 0, memos: 0 }
  return enterAgain(machine, fresh, worker)
}

/** What the state it stands in asks for: a worker, or somebody outside. */
export function enterAgain(machine: Machine, run: Run, worker: string | undefined): Run {
  const { worker: _before, timer: _stale, failure: _mended, reminding: _begun, ...rest } = run
  const state = machine.state(run.state)
  if ((state.kind !== 'wait' && state.kind !== 'timer') || run.signal)
    return worker === undefined ? { ...rest, status: 'pending' } : { ...rest, status: 'running', worker }
  return wait(rest, state)
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
