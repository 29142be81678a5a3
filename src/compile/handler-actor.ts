import { fromPromise, type ActorSystem, type ActorSystemInfo, type AnyActorRef } from 'xstate'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Definition, Exit, StateDefinition } from '../definition/definition.ts'
import { readMove } from '../definition/move.ts'
import { parseWith, type Schema } from '../model/schema.ts'
import { compile } from './machine.ts'

/** What handlers of a projection see besides their input. */
export interface ProjectionOptions {
  readonly resources?: object
  readonly config?: unknown
  /** The session state at the beginning; kept in memory and shared by all actors of one projection. */
  readonly session?: object
}

/** The input of a handler's actor. */
export interface Handling {
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
  /** The signal that came in a wait state, with its name as the workflow declares it. */
  readonly signal?: { readonly name: string; readonly payload: object }
}

/** What a handler's actor ends with: a move that was declared, with data that fits its target. */
export interface HandlerOutput {
  readonly to: string
  readonly data: unknown
  /** The fields that change. */
  readonly vars?: object
  readonly signal?: string
}

type UpdateSession = (change: (state: object) => object) => void

/** A promise actor that runs the handler of whatever state its input names, once, on an in-memory context. */
export function handlerActor(definition: Definition, options: ProjectionOptions) {
  const instance = Object.freeze(new definition.workflowClass()) as Readonly<Record<string, unknown>>
  const visits = new WeakMap<ActorSystem<ActorSystemInfo>, Map<string, number>>()
  let session: object = options.session ?? {}

  return fromPromise<HandlerOutput, Handling>(async ({ input, signal, self, system }) => {
    const machine = compile(definition)
    const state = machine.state(input.state)
    const handler = state.method === undefined ? undefined : instance[state.method]
    if (typeof handler !== 'function')
      throw new TypeError(`${quote(input.state)} has no method ${quote(state.method)}`)
    const visit = countVisit(visits, system, input.state)
    const changes: ((state: object) => object)[] = []
    const update: UpdateSession = (change) => void changes.push(change)
    const run = runInfo(definition, self, input.state, visit, signal)
    const context = {
      ...options.resources,
      run,
      config: options.config ?? {},
      vars: input.vars,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      session: { ...session, update },
      memo: makeMemo(),
    }
    const args = await handlerArguments(definition, input, run.idempotencyKey, context)
    const returned: unknown = await (handler as (...args: unknown[]) => unknown).apply(instance, args)
    const output = await readOutput(definition, state, returned, input)
    for (const change of changes) session = change(session) // only once the move is known to be legal
    return output
  })
}

function countVisit(
  visits: WeakMap<ActorSystem<ActorSystemInfo>, Map<string, number>>,
  system: ActorSystem<ActorSystemInfo>,
  state: string,
): number {
  const counts = visits.get(system) ?? new Map<string, number>()
  const visit = (counts.get(state) ?? 0) + 1
  visits.set(system, counts.set(state, visit))
  return visit
}

function runInfo({ name }: Definition, self: AnyActorRef, state: string, visit: number, signal: AbortSignal) {
  const id = self._parent?.id ?? self.id
  return { id, workflow: name, state, visit, attempt: 1, idempotencyKey: `${id}/${state}/${visit}`, signal }
}

function makeMemo() {
  const made = new Map<string, Promise<unknown>>()
  return (key: string, make: () => unknown): Promise<unknown> => {
    const found = made.get(key) ?? Promise.resolve().then(make)
    made.set(key, found)
    found.catch(() => made.delete(key)) // as in the engine: only results are kept
    return found
  }
}

async function handlerArguments(
  definition: Definition,
  { signal, data }: Handling,
  visitKey: string,
  context: object,
): Promise<unknown[]> {
  if (!signal) return [data, context]
  const schema = definition.signals.get(signal.name)
  const payload = schema
    ? await fit(schema, signal.payload, `The payload of ${quote(signal.name)}`)
    : signal.payload
  return [{ ...(payload as object), type: signal.name, id: visitKey }, data, context]
}

/** The same checks as the engine's, in the same order: it is a move, it is declared, its data and vars fit. */
async function readOutput(
  definition: Definition,
  state: StateDefinition,
  returned: unknown,
  { vars, signal }: Handling,
): Promise<HandlerOutput> {
  const moved = readMove(returned)
  if (!moved) {
    throw new StepwrightError('no-move', {
      what: `${state.method} of ${quote(state.name)} returned ${quote(returned)} instead of a move`,
      remedy: 'End every path of it with return go(...)',
    })
  }
  const machine = compile(definition)
  const exit: Exit = signal
    ? { by: 'signal', signal: signal.name, to: moved.to }
    : { by: 'step', to: moved.to }
  machine.move(state.name, exit)
  const data = await fit(
    machine.state(moved.to).schema,
    moved.data,
    `What ${state.method} hands from ${quote(state.name)} to ${quote(moved.to)}`,
  )
  const from = signal ? { signal: signal.name } : {}
  if (!moved.vars) return { to: moved.to, data, ...from }
  const changed = moved.vars
  const merged = await fit(
    definition.vars,
    { ...(vars as object), ...changed },
    `The vars after ${quote(state.name)}`,
  )
  const fields = Object.entries(merged as object).filter(([key]) => Object.hasOwn(changed, key))
  return { to: moved.to, data, vars: Object.fromEntries(fields), ...from }
}

async function fit(schema: Schema, value: unknown, where: string): Promise<unknown> {
  const parsed = await parseWith(schema, value)
  if (parsed.ok) return parsed.value
  throw unfit(where, parsed.reasons)
}

/** The parsed value, at once: where XState cannot wait, what an asynchronous schema would say is left out. */
export function fitNow(schema: Schema, value: unknown, where: string): unknown {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    result.catch(ignore)
    return value
  }
  if (!result.issues) return result.value
  throw unfit(
    where,
    result.issues.map((issue) => issue.message),
  )
}

function unfit(where: string, reasons: readonly string[]): StepwrightError {
  return new StepwrightError('invalid-data', {
    what: `${where} does not fit its schema: ${reasons.join('; ')}`,
    remedy: 'Mend the value, or the schema',
    details: { reasons },
  })
}

function ignore(): void {}
