/** What happens to a run while it waits: signals are counted, taken or refused, and reminders are given. */
import type { Machine } from '../compile/machine.ts'
import type { Happening } from '../model/history.ts'
import type { Run } from '../model/run.ts'
import { remindersDue, wait } from './entering.ts'
import type { Advance, RunEvent } from './event.ts'

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>

/** The signal that was needed has come: its handler is called. */
export function signalled(run: Run, { signal, worker }: Of<'signalled'>): Advance {
  const { timer: _answered, reminding: _begun, ...rest } = run
  const { at: _at, ...said } = signal
  const votes = [...(run.votes ?? []), signal]
  return {
    run: { ...rest, status: 'running', worker, signal, votes, attempt: 1 },
    happenings: [{ type: 'signalled', ...said }],
  }
}

/** More of that signal are needed. */
export function voted(run: Run, { signal, of }: Of<'voted'>): Advance {
  const votes = [...(run.votes ?? []), signal]
  const { at: _at, ...said } = signal
  const count = votes.filter(({ name }) => name === said.name).length
  return { run: { ...run, votes }, happenings: [{ type: 'voted', ...said, count, of }] }
}

/** The handler refused the signal: it does not count, and the run goes on waiting. */
export function takenBack(machine: Machine, run: Run, { reason }: Of<'taken-back'>, now: number): Advance {
  const { signal, votes = [], ...rest } = run
  const { name = '', id = '' } = signal ?? {}
  const state = machine.state(run.state)
  const look = state.kind === 'child' ? ({ kind: 'look', at: now } as const) : undefined // at the child, as before
  return {
    run: wait({ ...rest, attempt: 1, votes: votes.slice(0, -1) }, state, look),
    happenings: [{ type: 'signal-refused', name, id, reason }],
  }
}

export function reminding(run: Run, { method, worker }: Of<'reminding'>): Advance {
  const attempt = run.timer?.kind === 'reminder' && run.reminding === method ? run.attempt + 1 : 1
  const { timer: _due, ...rest } = run
  return {
    run: { ...rest, status: 'running', worker, reminding: method, attempt },
    happenings: [{ type: 'reminding', method, attempt }],
  }
}

/** A reminder was given, or not: the run goes on waiting either way. */
export function reminded(
  machine: Machine,
  run: Run,
  { failure, retryAt }: Of<'reminded'>,
  now: number,
): Advance {
  const { reminding: method = '', ...rest } = run
  const state = machine.state(run.state)
  const count = (run.reminded?.[method] ?? 0) + 1
  const happening: Happening = { type: 'reminded', method, count, ...(failure ? { failure } : {}) }
  if (retryAt !== undefined)
    return { run: wait(run, state, { kind: 'reminder', at: retryAt, method }), happenings: [happening] }
  const reminder = state.kind === 'wait' ? state.reminders.find((each) => each.method === method) : undefined
  const given = reminder ? Math.max(count, remindersDue(run, reminder, now)) : count
  const after = { ...rest, attempt: 1, reminded: { ...run.reminded, [method]: given } }
  return { run: wait(after, state), happenings: [happening] }
}
