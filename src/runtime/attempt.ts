import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { StateDefinition } from '../definition/definition.ts'
import type { Exit } from '../definition/exit.ts'
import { readMove } from '../definition/move.ts'
import { RefusedError } from '../model/failure.ts'
import type { Run } from '../model/run.ts'
import type { Kept, MemoBook } from './attempt-parts.ts'
import type { RunEvent } from './event.ts'
import { failureEvent } from './failing.ts'
import { fit } from '../model/fitting.ts'
import { redactionFor, redactLog } from './secrets.ts'
import { invoke, STOPPED, type CallParts, type Invocation } from './invocation.ts'

/** How an attempt ended: an event for `advance`, and what goes with it. */
export interface AttemptOutcome extends Pick<Kept, 'session' | 'reply'> {
  readonly event: RunEvent
}

/**
 * Runs the handler of the state a run stands in, once, under its timeout. Never throws for what a handler does;
 * gives `undefined` where it was stopped from outside. `joined` is what the parts of the state have come to.
 */
export async function attempt(
  run: Run,
  parts: CallParts,
  memos: MemoBook,
  joined?: { readonly value: unknown },
): Promise<AttemptOutcome | undefined> {
  const state = parts.machine.state(run.state)
  const kept: Kept = { log: [], session: [] }
  if (state.kind === 'final' && state.method === undefined) return { event: { type: 'closed' }, session: [] }
  try {
    const returned = await invoke(run, callOf(run, state, memos, joined), parts, kept)
    if (returned === STOPPED) return undefined
    const event = await readReturned(run, state, returned, parts)
    const reply = await readReply(run, kept, parts)
    const made =
      'data' in event && event.type === 'moved' ? { [event.exit.to]: event.data, vars: event.vars } : {}
    const redaction = redactionFor(run, parts.machine, made) // what it has made itself is not told either
    if (redaction) redactLog(kept, redaction)
    return {
      event: { ...event, log: kept.log } as RunEvent,
      session: kept.session,
      ...(reply ? { reply } : {}),
    }
  } catch (raw) {
    const redaction = redactionFor(run, parts.machine, { session: parts.session })
    const thrown = redaction ? redaction.thrown(raw) : raw
    const event: RunEvent =
      thrown instanceof RefusedError && run.signal && !joined
        ? { type: 'taken-back', reason: thrown.message }
        : await failureEvent(run, thrown, parts)
    const log = [...kept.log, ...('log' in event && event.log ? event.log : [])]
    return { event: { ...event, log } as RunEvent, session: [] }
  }
}

function callOf(
  run: Run,
  state: StateDefinition,
  memos: MemoBook,
  joined: { readonly value: unknown } | undefined,
): Invocation {
  const { timeoutMs, heartbeatMs } = state
  const { signal } = run
  const first = signal
    ? [{ ...(signal.payload as object), type: signal.name, id: signal.id }]
    : joined
      ? [joined.value]
      : []
  const reduce = state.kind === 'map' ? state.reduce : undefined
  return {
    method: (reduce as Invocation['method'] | undefined) ?? state.method ?? '',
    args: [...first, run.data],
    timeoutMs,
    heartbeatMs,
    what: () => quote(state.name),
    memos,
  }
}

/** What a handler returned, checked: a move to a declared target with data that fits. */
async function readReturned(
  run: Run,
  state: StateDefinition,
  returned: unknown,
  { machine, worker, limits }: CallParts,
): Promise<RunEvent> {
  if (state.kind === 'final') {
    if (returned === undefined) return { type: 'closed' }
    const where = (): string => `What ${state.method} returned from ${quote(state.name)}`
    return { type: 'closed', output: await fit(state.schema, returned, 'invalid-data', where, limits.value) }
  }
  const moved = readMove(returned)
  if (!moved) {
    throw new StepwrightError('no-move', {
      what: `${state.method} of ${quote(state.name)} returned ${quote(returned)} instead of a move`,
      remedy: 'End every path of it with return go(...)',
    })
  }
  const target = machine.definition.states.get(moved.to)
  const exit: Exit = run.signal
    ? { by: 'signal', signal: run.signal.name, to: moved.to }
    : { by: 'step', to: moved.to }
  machine.check(state.name, exit)
  const where = (): string => `What ${state.method} hands from ${quote(state.name)} to ${quote(moved.to)}`
  const data = await fit((target as StateDefinition).schema, moved.data, 'invalid-data', where, limits.value)
  if (!moved.vars) return { type: 'moved', worker, exit, data }
  const all = { ...(run.vars as object), ...moved.vars }
  const after = `The vars after ${quote(state.name)}`
  const vars = await fit(machine.definition.vars, all, 'invalid-data', after, limits.value)
  const changed = Object.fromEntries(
    Object.entries(vars as object).filter(([key]) => Object.hasOwn(moved.vars as object, key)),
  )
  return { type: 'moved', worker, exit, data, vars: changed }
}

/** The answer to an update, checked; an update without one is a mistake of its handler. */
async function readReply(run: Run, { reply }: Kept, { machine, limits }: CallParts): Promise<Kept['reply']> {
  const schema = run.signal && machine.definition.replies.get(run.signal.name)
  if (!schema) return undefined
  const where = `The reply to ${quote(run.signal.name)}`
  return { value: await fit(schema, reply?.value, 'invalid-data', where, limits.value) }
}
