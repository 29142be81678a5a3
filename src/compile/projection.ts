/**
 * The invoke projection: the same definition as a machine that runs by itself under plain `createActor`, for
 * inspectors, editors and model-based tests. Nothing is stored. One attempt is made of each handler; retries and
 * timeouts are shown in `meta` only. A signal that the current state does not await is dropped, where a run keeps it
 * in its inbox. The closing handler of a final state is not run: a final state cannot invoke.
 *
 * I2 Its paths are the paths of the event machine: a move that is not declared is an error, never a transition.
 */
import { assign, createMachine, type AnyStateMachine } from 'xstate'
import { exitsOf, type Definition, type StateDefinition, type WaitState } from '../definition/definition.ts'
import { quote } from '../errors/stepwright-error.ts'
import { toFailure } from '../model/failure.ts'
import {
  fitNow,
  handlerActor,
  type Handling,
  type HandlerOutput,
  type ProjectionOptions,
} from './handler-actor.ts'
import { signalType, stateKey } from './keys.ts'
import { compile, policyOf } from './machine.ts'

export type { ProjectionOptions } from './handler-actor.ts'

interface Context {
  readonly data: unknown
  readonly vars: unknown
}

interface Args {
  readonly context: Context
  readonly event: { readonly type: string; readonly output?: HandlerOutput; readonly error?: unknown }
}

interface Edge {
  readonly to: string
  readonly signal?: string
}

/** `setTimeout` fires at once for anything longer. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** The id of a projection's root: it has no dots, so that `#id.state` finds a state. */
export function projectionId(definition: Definition): string {
  return stateKey(definition.name)
}

/**
 * The invoke projection of a definition.
 *
 * @example
 * const actor = createActor(project(readDefinition(Article), { resources: { llm } }), { input: { topic: 'owls' } })
 * actor.start()
 * actor.send({ type: 'approve', by: 'ada' })
 */
export function project(definition: Definition, options: ProjectionOptions = {}): AnyStateMachine {
  const { name, version, description, initial } = definition
  const session = { ...(defaultsOf(definition.session) as object), ...options.session }
  const actor = handlerActor(definition, { ...options, session })
  const states = [...definition.states.values()]
  const methods = new Set(states.flatMap(({ method }) => method ?? []))
  const config = {
    id: projectionId(definition),
    version: String(version),
    ...(description === undefined ? {} : { description }),
    context: ({ input }: { input: unknown }) => ({
      data: fitNow(compile(definition).state(initial).schema, input, `The input of ${name}`),
      vars: defaultsOf(definition.vars),
    }),
    initial: stateKey(initial),
    states: Object.fromEntries(states.map((state) => [stateKey(state.name), makeState(definition, state)])),
    output: ({ context }: { context: Context }) => context.data,
  }
  const actors = Object.fromEntries([...methods].map((method) => [method, actor]))
  return createMachine(
    config as never,
    { actors, ...implement(definition) } as never,
  ) as unknown as AnyStateMachine
}

/** What a schema that accepts `{}` makes of it. */
function defaultsOf(schema: Definition['session']): unknown {
  return schema ? fitNow(schema, {}, 'An empty object') : {}
}

function makeState(definition: Definition, state: StateDefinition): object {
  const described = {
    ...(state.description === undefined ? {} : { description: state.description }),
    meta: { kind: state.kind, ...policyOf(state) },
  }
  switch (state.kind) {
    case 'final':
      return { type: 'final', ...described }
    case 'step':
      return { invoke: makeInvoke(definition, state), ...described }
    case 'wait':
      return { ...makeWait(definition, state), ...described }
  }
}

function makeWait(definition: Definition, state: WaitState): object {
  const { on, expires } = state
  const signals = [...on.keys()].map((signal) => [
    signalType(signal),
    { target: 'handling', guard: { type: 'fits', params: { signal } } },
  ])
  const armed = expires && expires.afterMs <= LONGEST_TIMEOUT_MS
  const after = armed && {
    [expires.afterMs]: {
      target: target(definition, expires.to),
      reenter: true,
      actions: { type: 'expire', params: { state: state.name } },
    },
  }
  const awaiting = { on: Object.fromEntries(signals), ...(after ? { after } : {}) }
  const handling = on.size > 0 ? { handling: { invoke: makeInvoke(definition, state) } } : {}
  return { initial: 'awaiting', states: { awaiting, ...handling } }
}

function makeInvoke(definition: Definition, state: Exclude<StateDefinition, { kind: 'final' }>): object {
  const exits = exitsOf(state).filter((exit) => exit.by === 'step' || exit.by === 'signal')
  const branches = exits.map((exit) => ({
    target: target(definition, exit.to),
    reenter: true,
    guard: {
      type: 'to',
      params: { to: exit.to, ...(exit.by === 'signal' ? { signal: exit.signal } : {}) } satisfies Edge,
    },
    actions: 'move',
  }))
  const refuse = { actions: { type: 'refuse', params: { state: state.name } } } // reached by provided actors only
  return {
    id: stateKey(state.name),
    src: state.method,
    input: ({ context, event }: Args): Handling => ({
      state: state.name,
      ...context,
      ...(state.kind === 'wait' ? { signal: readSignal(state, event) } : {}),
    }),
    onDone: [...branches, refuse],
    ...(state.catch
      ? {
          onError: {
            target: target(definition, state.catch.to),
            reenter: true,
            actions: { type: 'catch', params: { state: state.name } },
          },
        }
      : {}),
  }
}

function target(definition: Definition, state: string): string {
  return `#${projectionId(definition)}.${stateKey(state)}`
}

function readSignal(state: WaitState, { type, ...payload }: Args['event']): NonNullable<Handling['signal']> {
  const name = [...state.on.keys()].find((signal) => signalType(signal) === type)
  return { name: name ?? type, payload }
}

/** The functions that the projection's configuration names. */
function implement(definition: Definition): object {
  const machine = compile(definition)
  const edge = (by: 'catch' | 'expires', state: string, args: readonly unknown[]): Partial<Context> => {
    const from = machine.state(state)
    const taken =
      from.kind === 'final'
        ? undefined
        : by === 'catch'
          ? from.catch
          : from.kind === 'wait'
            ? from.expires
            : undefined
    if (!taken) return {}
    const make = taken.with as object | ((...args: readonly unknown[]) => unknown)
    const data: unknown =
      typeof make === 'function' ? (make as (...args: readonly unknown[]) => unknown)(...args) : make
    return { data: fitNow(machine.state(taken.to).schema, data, `The ${by} edge of ${quote(state)}`) }
  }
  return {
    guards: {
      to: ({ event: { output } }: Args, { to, signal }: Edge) =>
        output?.to === to && output.signal === signal,
      fits: ({ event: { type: _, ...payload } }: Args, { signal }: { signal: string }) => {
        const schema = definition.signals.get(signal)
        const result = schema?.['~standard'].validate(payload)
        return result instanceof Promise || !result?.issues
      },
    },
    actions: {
      move: assign(({ context, event }: Args) => ({
        data: event.output?.data,
        vars: { ...(context.vars as object), ...event.output?.vars },
      })),
      catch: assign(({ context, event }: Args, { state }: { state: string }) =>
        edge('catch', state, [toFailure(event.error), context.data]),
      ),
      expire: assign(({ context }: Args, { state }: { state: string }) =>
        edge('expires', state, [context.data]),
      ),
      refuse: ({ event: { output } }: Args, { state }: { state: string }) => {
        const by =
          output?.signal === undefined
            ? { by: 'step' as const }
            : { by: 'signal' as const, signal: output.signal }
        machine.move(state, { ...by, to: String(output?.to) })
      },
    },
  }
}
