import { eventType, stateKey } from '../compile/keys.ts'
import { policyOf } from '../compile/machine.ts'
import { exitsOf, type Definition, type Exit, type StateDefinition } from '../definition/definition.ts'

/** One state of {@link ChartConfig}. */
export interface StateConfig {
  readonly type?: 'final'
  readonly description?: string
  readonly on?: Readonly<Record<string, TransitionConfig>>
  readonly meta: Readonly<Record<string, unknown>>
}

/** One transition of {@link ChartConfig}. */
export interface TransitionConfig {
  readonly target: string
  readonly reenter: true
  readonly description?: string
  readonly meta: { readonly by: Exit['by'] }
}

/** The event machine as plain JSON. */
export interface ChartConfig {
  readonly id: string
  readonly version: string
  readonly description?: string
  readonly initial: string
  readonly states: Readonly<Record<string, StateConfig>>
}

/**
 * The event machine of a definition as an XState configuration without functions: `createMachine` accepts it, and
 * Stately's editor imports it.
 */
export function toXStateConfig(definition: Definition): ChartConfig {
  const { name, version, description, initial, states } = definition
  return {
    id: name,
    version: String(version),
    ...(description === undefined ? {} : { description }),
    initial: stateKey(initial),
    states: Object.fromEntries(
      [...states.values()].map((state) => [stateKey(state.name), stateConfig(state)]),
    ),
  }
}

function stateConfig(state: StateDefinition): StateConfig {
  const described = state.description === undefined ? {} : { description: state.description }
  const meta = { kind: state.kind, ...policyOf(state) }
  if (state.kind === 'final') return { type: 'final', ...described, meta }
  const on = exitsOf(state).map((exit) => [eventType(exit), transitionConfig(exit)] as const)
  return { ...described, on: Object.fromEntries(on), meta }
}

function transitionConfig(exit: Exit): TransitionConfig {
  const waited = exit.by === 'expires' ? { description: `after ${exit.afterMs} ms` } : {}
  return { target: stateKey(exit.to), reenter: true, ...waited, meta: { by: exit.by } }
}

/** A workflow as plain data for tools: names as they are, nothing encoded. */
export interface WorkflowJson {
  readonly name: string
  readonly version: number
  readonly description?: string
  readonly initial: string
  readonly signals: readonly string[]
  readonly states: readonly StateJson[]
}

/** One state of {@link WorkflowJson}. */
export interface StateJson {
  readonly name: string
  readonly kind: StateDefinition['kind']
  readonly description?: string
  readonly exits: readonly Exit[]
  readonly policies: Readonly<Record<string, unknown>>
}

/** States, kinds, exits and policies of a definition, ready for `JSON.stringify`. */
export function toJson(definition: Definition): WorkflowJson {
  const { name, version, description, initial, signals, states } = definition
  return {
    name,
    version,
    ...(description === undefined ? {} : { description }),
    initial,
    signals: [...signals.keys()],
    states: [...states.values()].map((state) => ({
      name: state.name,
      kind: state.kind,
      ...(state.description === undefined ? {} : { description: state.description }),
      exits: exitsOf(state),
      policies: policyOf(state),
    })),
  }
}
