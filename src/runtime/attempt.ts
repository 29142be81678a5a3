import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Machine } from '../compile/machine.ts'
import type { Exit, StateDefinition } from '../definition/definition.ts'
import { readMove } from '../definition/move.ts'
import type { Host } from '../model/host.ts'
import { formatMs } from '../model/duration.ts'
import { judge, TimeoutError, type Failure } from '../model/failure.ts'
import { retryDelayMs } from '../model/retry.ts'
import type { Run } from '../model/run.ts'
import { parseWith, type Schema } from '../model/schema.ts'
import type { LogLine, RunEvent } from './advance.ts'
import { makeContext, type ContextParts, type Kept } from './context.ts'
import { Life, limited, STOPPED } from './life.ts'

/** What an attempt needs besides the run. */
export interface AttemptParts extends Pick<ContextParts, 'resources' | 'config' | 'session' | 'memos'> {
  readonly machine: Machine
  /** The frozen instance of the workflow class. */
  readonly instance: object
  readonly host: Host
  readonly worker: string
  /** Fires when the run is taken away or the engine closes: the attempt then has no outcome. */
  readonly stop: AbortSignal
}

/** How an attempt ended: an event for `advance`, and the changes of the session that go with it. */
export interface AttemptOutcome {
  readonly event: RunEvent
  readonly session: Kept['session']
}

/**
 * Runs the handler of the state a run stands in, once, under its timeout. Never throws for what a handler does;
 * gives `undefined` where it was stopped from outside.
 */
export async function attempt(run: Run, parts: AttemptParts): Promise<AttemptOutcome | undefined> {
  const { machine, host, stop } = parts
  const state = machine.state(run.state)
  const kept: Kept = { log: [], session: [] }
  const life = new Life()
  try {
    const called = callHandler(run, parts, kept, life)
    const limits = {
      host,
      stop,
      until: host.now() + state.timeoutMs,
      timeout: () =>
        new TimeoutError(`${quote(run.state)} took longer than its timeout of ${formatMs(state.timeoutMs)}`),
    }
    // a handler that is not async is over already: nothing could have ended it
    const returned = isThenable(called) ? await limited(called, life, limits) : called
    if (returned === STOPPED) return undefined
    const event = await readReturned(run, state, returned, parts)
    return { event: { ...event, log: kept.log } as RunEvent, session: kept.session }
  } catch (thrown) {
    const event = await failureEvent(run, thrown, parts)
    const log = [...kept.log, ...('log' in event && event.log ? event.log : [])]
    return { event: { ...event, log } as RunEvent, session: [] }
  } finally {
    life.end()
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function callHandler(run: Run, parts: AttemptParts, kept: Kept, life: Life): unknown {
  const { machine, instance } = parts
  const { method } = machine.state(run.state)
  const handler = method === undefined ? undefined : (instance as Record<string, unknown>)[method]
  if (typeof handler !== 'function') throw new TypeError(`${quote(run.state)} has no method ${quote(method)}`)
  const context = makeContext({ run, ...parts, kept, life })
  const { signal } = run
  const args = signal
    ? [{ ...(signal.payload as object), type: signal.name, id: signal.id }, run.data, context]
    : [run.data, context]
  return (handler as (...args: unknown[]) => unknown).apply(instance, args)
}

/** What a handler returned, checked: a move to a declared target with data that fits. */
async function readReturned(
  run: Run,
  state: StateDefinition,
  returned: unknown,
  { machine, worker }: AttemptParts,
): Promise<RunEvent> {
  if (state.kind === 'final') {
    if (returned === undefined) return { type: 'closed' }
    return {
      type: 'closed',
      output: await fit(
        state.schema,
        returned,
        'invalid-data',
        `What ${state.method} returned from ${quote(state.name)}`,
      ),
    }
  }
  const moved = readMove(returned)
  if (!moved) {
    throw new StepwrightError('no-move', {
      what: `${state.method} of ${quote(state.name)} returned ${quote(returned)} instead of a move`,
      remedy: 'End every path of it with return go(...)',
    })
  }
  const target = machine.definition.states.get(moved.to)
  const exit: Exit =
    state.kind === 'wait'
      ? { by: 'signal', signal: run.signal?.name ?? '', to: moved.to }
      : { by: 'step', to: moved.to }
  machine.check(state.name, exit)
  const data = await fit(
    (target as StateDefinition).schema,
    moved.data,
    'invalid-data',
    `What ${state.method} hands from ${quote(state.name)} to ${quote(moved.to)}`,
  )
  if (!moved.vars) return { type: 'moved', worker, exit, data }
  const vars = await fit(
    machine.definition.vars,
    { ...(run.vars as object), ...moved.vars },
    'invalid-data',
    `The vars after ${quote(state.name)}`,
  )
  const changed = Object.fromEntries(
    Object.entries(vars as object).filter(([key]) => Object.hasOwn(moved.vars as object, key)),
  )
  return { type: 'moved', worker, exit, data, vars: changed }
}

/** What comes of an error in a handler: another attempt, the catch edge, or the end. */
export async function failureEvent(
  run: Run,
  thrown: unknown,
  { machine, host, worker }: AttemptParts,
): Promise<RunEvent> {
  const state = machine.state(run.state)
  const now = host.now()
  const { failure, retryable, notBefore } = judge(thrown, now)
  if (retryable && run.attempt < state.retry.maxAttempts) {
    const at = now + retryDelayMs(state.retry, run.attempt, host.random())
    return { type: 'attempt-failed', failure, retryAt: Math.max(at, notBefore ?? 0) }
  }
  const edge = state.kind === 'final' ? undefined : state.catch
  if (!edge) return { type: 'attempt-failed', failure }
  try {
    const data = await edgeData(machine, edge, [failure, run.data], `The catch edge of ${quote(state.name)}`)
    return {
      type: 'moved',
      worker,
      exit: { by: 'catch', to: edge.to },
      data,
      log: [caught(failure, run.attempt)],
    }
  } catch (second) {
    return { type: 'attempt-failed', failure: judge(second, now).failure }
  }
}

function caught(failure: Failure, attempts: number): LogLine {
  return {
    type: 'log',
    level: 'error',
    message: `failed for good after ${attempts} attempts: ${failure.name}: ${failure.message}`,
  }
}

/** What an edge hands to its target: its `with`, or what that makes of its arguments; checked. */
export async function edgeData(
  machine: Machine,
  edge: { readonly to: string; readonly with: unknown },
  args: readonly unknown[],
  where: string,
): Promise<unknown> {
  const sent: unknown =
    typeof edge.with === 'function'
      ? (edge.with as (...args: readonly unknown[]) => unknown)(...args)
      : edge.with
  return fit(machine.state(edge.to).schema, sent, 'invalid-data', where)
}

/** A value that fits a schema, parsed, or an error that names what does not. */
export async function fit(
  schema: Schema,
  value: unknown,
  code: 'invalid-data' | 'invalid-input' | 'invalid-signal',
  where: string,
): Promise<unknown> {
  const parsed = await parseWith(schema, value)
  if (parsed.ok) return parsed.value
  throw new StepwrightError(code, {
    what: `${where} does not fit its schema: ${parsed.reasons.join('; ')}`,
    remedy: 'Mend the value, or the schema',
    details: { reasons: parsed.reasons, value: quote(value) },
  })
}
