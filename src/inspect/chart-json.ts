import { eventType, stateKey } from '../compile/keys.ts'
import { makeRegions } from '../compile/machine.ts'
import { policyOf } from '../compile/policies.ts'
import type { Definition, StateDefinition } from '../definition/definition.ts'
import { exitsOf, type Exit } from '../definition/exit.ts'
import { policiesJson } from './policies-json.ts'
import { described, type DrawingOptions } from './drawing/drawing-options.ts'
import { tallyJson, type TallyJson } from './drawing/tally.ts'
import { schemasOf, type JsonSchema } from '../definition/schema-json.ts'
import { sayExit } from './remarks.ts'

/** One state of {@link ChartConfig}. */
export interface StateConfig {
  readonly type?: 'final' | 'parallel'
  readonly description?: string
  readonly on?: Readonly<Record<string, TransitionConfig>>
  /** The regions of a parallel state: each branch, at work and then done or failed. */
  readonly states?: object
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
  const exits = Object.entries(Object.groupBy(exitsOf(state), eventType)) as [string, Exit[]][]
  const on = exits.map(([type, same]) => [type, transitionConfig(state, same)] as const)
  const regions = state.kind === 'parallel' ? { type: 'parallel' as const, states: makeRegions(state) } : {}
  return { ...regions, ...described, on: Object.fromEntries(on), meta }
}

/** One transition; several edges for errors to the same state are one event. */
function transitionConfig(state: StateDefinition, exits: readonly Exit[]): TransitionConfig {
  const [{ to, by }] = exits as [Exit]
  const said = [...new Set(exits.map((exit) => describe(state, exit)))].filter(Boolean).join(' or ')
  return { target: stateKey(to), reenter: true, ...(said ? { description: said } : {}), meta: { by } }
}

/** What the event's own name does not say. */
function describe(state: StateDefinition, exit: Exit): string {
  if (exit.by === 'expires') return `after ${exit.afterMs} ms`
  const said = sayExit(state, exit)
  return said === 'catch' || (exit.by === 'signal' && said === exit.signal) ? '' : said
}

/** A workflow as plain data for tools: names as they are, nothing encoded. */
export interface WorkflowJson {
  readonly name: string
  readonly version: number
  readonly description?: string
  readonly initial: string
  readonly signals: readonly string[]
  /** Signals that are updates. */
  readonly replies?: readonly string[]
  readonly queries?: readonly string[]
  /** The states of each transaction. */
  readonly transactions?: Readonly<Record<string, readonly string[]>>
  readonly deadlineMs?: number
  /** Older versions whose runs can go on. */
  readonly migratesFrom?: readonly number[]
  /** By those versions, where runs in each old state go on; `null` where a function says. */
  readonly migrations?: Readonly<Record<string, Readonly<Record<string, string | null>>>>
  readonly states: readonly StateJson[]
  /** What runs have done: times in milliseconds. */
  readonly tally?: TallyJson
  /** JSON schemas, by what they are for: `state draft`, `signal approve`, `vars`; only of Zod schemas. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>
}

/** One state of {@link WorkflowJson}. */
export interface StateJson {
  readonly name: string
  readonly kind: StateDefinition['kind']
  readonly description?: string
  readonly exits: readonly Exit[]
  /** Plain data with the defaults filled in: times in milliseconds, data of `with`; `by a function` where code says. */
  readonly policies: Readonly<Record<string, unknown>>
}

/** States, kinds, exits, policies and schemas of a definition, and what runs have done on it, ready for `JSON.stringify`. */
export function toJson(given: Definition, options: DrawingOptions = {}): WorkflowJson {
  const definition = described(given, options)
  const { name, version, description, initial, signals, replies, queries, states } = definition
  const { transactions, deadlineMs, migrations } = definition
  const groups = [...transactions.values()].map((group) => [group.name, group.states] as const)
  return {
    name,
    version,
    ...(description === undefined ? {} : { description }),
    initial,
    signals: [...signals.keys()],
    ...(replies.size > 0 ? { replies: [...replies.keys()] } : {}),
    ...(queries.size > 0 ? { queries: [...queries.keys()] } : {}),
    ...(groups.length > 0 ? { transactions: Object.fromEntries(groups) } : {}),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(migrations.size > 0 ? { migratesFrom: [...migrations.keys()], migrations: waysOf(definition) } : {}),
    states: [...states.values()].map((state) => ({
      name: state.name,
      kind: state.kind,
      ...(state.description === undefined ? {} : { description: state.description }),
      exits: exitsOf(state),
      policies: policiesJson(state),
    })),
    ...(options.tally ? { tally: tallyJson(options.tally) } : {}),
    schemas: schemasOf(definition),
  }
}

function waysOf({ migrations }: Definition): NonNullable<WorkflowJson['migrations']> {
  return Object.fromEntries(
    [...migrations].map(([from, { states }]) => [
      from,
      Object.fromEntries([...states].map(([old, way]) => [old, typeof way === 'string' ? way : null])),
    ]),
  )
}
