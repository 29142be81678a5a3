/**
 * The invoke projection as version 4 of XState writes down a machine, which is what the `@xstate/inspect` protocol
 * carries. Its events are the ones a person knows: signals by their names, the ends of handlers, expiries.
 */
import { signalType, stateKey } from '../compile/keys.ts'
import { policyOf } from '../compile/machine.ts'
import { projectionId } from '../compile/projection.ts'
import { exitsOf, type Definition, type StateDefinition, type WaitState } from '../definition/definition.ts'

/** A state node of XState 4, as its `definition` is serialized. */
export interface ServiceNode {
  readonly id: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'final'
  readonly initial?: string
  readonly history: false
  readonly states: Readonly<Record<string, ServiceNode>>
  readonly on: Readonly<Record<string, readonly ServiceTransition[]>>
  readonly transitions: readonly ServiceTransition[]
  readonly entry: readonly object[]
  readonly exit: readonly object[]
  readonly activities: readonly object[]
  readonly order: number
  readonly invoke: readonly object[]
  readonly tags: readonly string[]
  readonly [extra: string]: unknown
}

/** A transition of XState 4. */
export interface ServiceTransition {
  readonly target: readonly string[]
  readonly source: string
  readonly event: string
  readonly eventType: string
  readonly actions: readonly object[]
  readonly internal: false
  /**
   * Which of several targets the handler chose, as a guard of version 5: the package's parser runs on whichever XState
   * is installed, and 5 refuses a machine that has a `cond`, while 4 passes over a `guard`.
   */
  readonly guard?: { readonly type: string; readonly params: object }
  readonly description?: string
  readonly delay?: number
}

/** The machine of `service.register`. */
export function serviceMachine(definition: Definition): ServiceNode {
  const { name, version, description, initial, states } = definition
  let order = 0
  const root = projectionId(definition)
  const nodes = [...states.values()].map((state) => {
    const node = stateNode(root, state, ++order)
    order += Object.keys(node.states).length
    return [node.key, node] as const
  })
  const extra = {
    version: String(version),
    ...(description === undefined ? {} : { description }),
    meta: { workflow: name },
  }
  return makeNode(root, root, -1, {
    type: 'compound',
    initial: stateKey(initial),
    states: Object.fromEntries(nodes),
    ...extra,
  })
}

/** The event that ends the handler of a state. */
export function doneType(state: string): string {
  return `done.invoke.${stateKey(state)}`
}

/** The event of a handler that failed for good. */
export function errorType(state: string): string {
  return `error.platform.${stateKey(state)}`
}

/** The event that ends a wait. */
export function expiryType(definition: Definition, state: string, afterMs: number): string {
  return `xstate.after(${afterMs})#${projectionId(definition)}.${stateKey(state)}.awaiting`
}

function stateNode(root: string, state: StateDefinition, order: number): ServiceNode {
  const key = stateKey(state.name)
  const id = `${root}.${key}`
  const extra = {
    meta: { state: state.name, kind: state.kind, ...policyOf(state) },
    ...(state.description === undefined ? {} : { description: state.description }),
  }
  if (state.kind === 'final') return makeNode(id, key, order, { type: 'final', ...extra })
  if (state.kind === 'step') return makeNode(id, key, order, { ...handlerParts(root, id, state), ...extra })
  const handling = makeNode(
    `${id}.handling`,
    'handling',
    order + 2,
    handlerParts(root, `${id}.handling`, state),
  )
  const awaiting = awaitingNode(root, id, state, order + 1)
  return makeNode(id, key, order, {
    type: 'compound',
    initial: 'awaiting',
    states: { awaiting, handling },
    ...extra,
  })
}

function awaitingNode(root: string, parent: string, { on, expires }: WaitState, order: number): ServiceNode {
  const id = `${parent}.awaiting`
  const transitions = [...on.keys()].map((signal) =>
    makeTransition(id, signalType(signal), `${parent}.handling`),
  )
  if (!expires) return makeNode(id, 'awaiting', order, { transitions })
  const type = `xstate.after(${expires.afterMs})#${id}`
  const delay = expires.afterMs
  return makeNode(id, 'awaiting', order, {
    transitions: [...transitions, { ...makeTransition(id, type, `${root}.${stateKey(expires.to)}`), delay }],
    entry: [{ type: 'xstate.send', event: { type }, delay, id: type }],
    exit: [{ type: 'xstate.cancel', sendId: type }],
  })
}

/** What runs a handler: the invocation, a guarded transition for each declared target, the catch edge. */
function handlerParts(
  root: string,
  id: string,
  state: Exclude<StateDefinition, { kind: 'final' }>,
): Partial<ServiceNode> {
  const invoke = [{ id: stateKey(state.name), src: { type: state.method }, type: 'xstate.invoke' }]
  const transitions = exitsOf(state).flatMap((exit) => {
    const target = `${root}.${stateKey(exit.to)}`
    if (exit.by === 'expires') return []
    if (exit.by === 'catch') return [makeTransition(id, errorType(state.name), target)]
    const by = exit.by === 'signal' ? { signal: exit.signal } : {}
    const guard = { type: 'to', params: { to: exit.to, ...by } }
    const description = exit.by === 'signal' ? `${exit.signal}: to ${exit.to}` : `to ${exit.to}`
    return [{ ...makeTransition(id, doneType(state.name), target), guard, description }]
  })
  return { transitions, invoke, activities: invoke }
}

function makeTransition(source: string, event: string, target: string): ServiceTransition {
  return {
    target: [`#${target}`],
    source: `#${source}`,
    event,
    eventType: event,
    actions: [],
    internal: false,
  }
}

function makeNode(id: string, key: string, order: number, parts: Partial<ServiceNode>): ServiceNode {
  const on = Object.groupBy(parts.transitions ?? [], ({ event }) => event)
  const nothing = { states: {}, transitions: [], entry: [], exit: [], activities: [], invoke: [], tags: [] }
  return { id, key, type: 'atomic', history: false, ...nothing, ...parts, on: on as ServiceNode['on'], order }
}
