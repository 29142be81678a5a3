/**
 * The invoke projection as version 4 of XState writes down a machine, which is what the `@xstate/inspect` protocol
 * carries. Its events are the ones a person knows: signals by their names, the ends of handlers, expiries.
 */
import { branchEvent, signalType, stateKey } from '../../compile/keys.ts'
import { policyOf } from '../../compile/policies.ts'
import { projectionId } from '../../compile/projection.ts'
import {
  awaitedBy,
  type ChildState,
  type Definition,
  type ParallelState,
  type StateDefinition,
  type TimerState,
  type WaitState,
} from '../../definition/definition.ts'
import { exitsOf, type Exit } from '../../definition/exit.ts'
import { sayExit } from '../remarks.ts'

/** A state node of XState 4, as its `definition` is serialized. */
export interface ServiceNode {
  readonly id: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final'
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
  /** None for one that moves nothing. */
  readonly target?: readonly string[]
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

/** A node before it has its place in the tree. */
interface Draft extends Partial<Pick<ServiceNode, 'type' | 'initial' | 'entry' | 'exit' | 'invoke'>> {
  readonly key: string
  readonly nodes?: readonly Draft[]
  readonly moves?: readonly Move[]
  readonly extra?: object
}

/** What a node does. */
type Parts = Pick<Draft, 'entry' | 'exit' | 'invoke'> & { readonly moves: readonly Move[] }

/** A transition before its source has an id; the target is a whole id, or the key of a node beside the source, or none. */
interface Move extends Pick<ServiceTransition, 'event' | 'guard' | 'description' | 'delay'> {
  readonly to?: string
  readonly beside?: string
}

/** The machine of `service.register`. */
export function serviceMachine(definition: Definition): ServiceNode {
  const { name, version, description, initial, states } = definition
  const draft: Draft = {
    key: projectionId(definition),
    type: 'compound',
    initial: stateKey(initial),
    nodes: [...states.values()].map((state) => draftState(definition, state)),
    extra: {
      version: String(version),
      predictableActionArguments: true, // without it version 4 warns of every run
      ...descriptionOf({ description }),
      meta: { workflow: name },
    },
  }
  let order = -1
  return place(draft, undefined, () => order++)
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
export function expiryType(definition: Definition, state: WaitState | ChildState, afterMs: number): string {
  return afterType(definition, state, state.kind === 'wait' ? 'awaiting' : 'working', afterMs)
}

/** The event of a state that was entered too often. */
export const VISITS_TYPE = 'stepwright.visits'

function afterType(definition: Definition, { name }: StateDefinition, node: string, ms: number): string {
  return `xstate.after(${ms})#${projectionId(definition)}.${stateKey(name)}.${node}`
}

function draftState(definition: Definition, state: StateDefinition): Draft {
  const own = {
    key: stateKey(state.name),
    extra: { ...descriptionOf(state), meta: { state: state.name, kind: state.kind, ...policyOf(state) } },
  }
  if (state.kind === 'final') return { ...own, type: 'final' }
  const moves = exitsOf(state)
    .filter(({ by }) => by === 'visits')
    .map((exit) => moveBy(definition, state, exit, VISITS_TYPE))
  const compound = (first: Draft, second: Draft): Draft => ({
    ...own,
    type: 'compound',
    initial: first.key,
    nodes: [first, second],
    moves,
  })
  const work = handlerParts(definition, state)
  const handling = { key: 'handling', ...work }
  switch (state.kind) {
    case 'step':
    case 'map':
      return { ...own, ...work, moves: [...work.moves, ...moves] }
    case 'wait':
      return compound({ key: 'awaiting', ...awaitingParts(definition, state) }, handling)
    case 'timer':
      return compound(sleepingNode(definition, state), handling)
    case 'parallel':
      return compound(branchesNode(state), { key: 'joining', ...work })
    case 'child': {
      if (state.detached) return { ...own, ...work, moves: [...work.moves, ...moves] }
      const id = `${stateKey(state.name)}/child`
      const { moves: awaited, ...timer } = awaitingParts(definition, state)
      const ended = { event: `done.invoke.${id}`, beside: 'handling' }
      const invoke = [{ id, src: { type: 'child' }, type: 'xstate.invoke' }]
      return compound({ key: 'working', ...timer, moves: [...awaited, ended], invoke }, handling)
    }
  }
}

/** Signals, each of which may have to come more than once, and the end of the wait. */
function awaitingParts(definition: Definition, state: WaitState | ChildState): Parts {
  const signals = [...awaitedBy(state)].flatMap(([signal, { count }]): Move[] => {
    const event = signalType(signal)
    if (count === 1) return [{ event, beside: 'handling' }]
    const guard = { type: 'enough', params: { count } }
    return [{ event, beside: 'handling', guard }, { event }]
  })
  const exits = exitsOf(state).flatMap((exit) => (exit.by === 'expires' ? [exit] : []))
  const expiries = exits.map(({ afterMs: delay, to }): Move => {
    const event = expiryType(definition, state, delay)
    return { event, to: targetId(definition, to), delay }
  })
  const timers = expiries.map(({ event, delay = 0 }) => timer(event, delay))
  return { moves: [...signals, ...expiries], ...timers[0] }
}

function sleepingNode(definition: Definition, state: TimerState): Draft {
  const { forMs: delay } = state
  if (delay === undefined) return { key: 'sleeping' }
  const event = afterType(definition, state, 'sleeping', delay)
  return { key: 'sleeping', moves: [{ event, beside: 'handling', delay }], ...timer(event, delay) }
}

function timer(type: string, delay: number): Pick<Draft, 'entry' | 'exit'> {
  return {
    entry: [{ type: 'xstate.send', event: { type }, delay, id: type }],
    exit: [{ type: 'xstate.cancel', sendId: type }],
  }
}

/** A region for each branch, and what leads on when they are joined. */
function branchesNode({ name, branches }: ParallelState): Draft {
  const nodes = [...branches].map(([branch, work]): Draft => {
    const id = `${stateKey(name)}/${stateKey(branch)}`
    const invoke = [{ id, src: { type: work.method }, type: 'xstate.invoke' }]
    const moves = (['done', 'failed'] as const).map((end) => ({
      event: branchEvent(branch, end),
      beside: end,
    }))
    const working = { key: 'working', invoke, moves }
    const ends = ['done', 'failed'].map((key): Draft => ({ key, type: 'final' }))
    const extra = { ...descriptionOf(work), meta: { branch } }
    return { key: stateKey(branch), type: 'compound', initial: 'working', nodes: [working, ...ends], extra }
  })
  return { key: 'working', type: 'parallel', nodes, moves: [{ event: JOINED_TYPE, beside: 'joining' }] }
}

/** The event that ends the parts of a state. */
export const JOINED_TYPE = 'stepwright.joined'

/** What runs a handler: the invocation, a guarded transition for each declared target, the catch edges. */
function handlerParts(definition: Definition, state: Exclude<StateDefinition, { kind: 'final' }>): Parts {
  const invoke = [{ id: stateKey(state.name), src: { type: state.method }, type: 'xstate.invoke' }]
  const moves = exitsOf(state).flatMap((exit): Move[] => {
    if (exit.by === 'expires' || exit.by === 'visits') return []
    if (exit.by === 'catch') {
      const move = moveBy(definition, state, exit, errorType(state.name))
      return [exit.errors ? { ...move, guard: { type: 'caught', params: { errors: exit.errors } } } : move]
    }
    const by = exit.by === 'signal' ? { signal: exit.signal } : {}
    const guard = { type: 'to', params: { to: exit.to, ...by } }
    const description = exit.by === 'signal' ? `${exit.signal}: to ${exit.to}` : `to ${exit.to}`
    return [{ event: doneType(state.name), to: targetId(definition, exit.to), guard, description }]
  })
  return { moves, invoke }
}

function moveBy(definition: Definition, state: StateDefinition, exit: Exit, event: string): Move {
  const said = sayExit(state, exit)
  return {
    event,
    to: targetId(definition, exit.to),
    ...(said === 'catch' ? {} : { description: said }),
  }
}

function targetId(definition: Definition, state: string): string {
  return `${projectionId(definition)}.${stateKey(state)}`
}

function descriptionOf({ description }: { readonly description: string | undefined }): object {
  return description === undefined ? {} : { description }
}

/** The node with its ids; nodes are numbered as they stand in the document. */
function place(draft: Draft, parent: string | undefined, next: () => number): ServiceNode {
  const { key, nodes = [], moves = [], extra = {}, ...own } = draft
  const id = parent === undefined ? key : `${parent}.${key}`
  const order = next()
  const transitions = moves.map(({ to, beside, ...move }): ServiceTransition => {
    const target = to ?? (beside === undefined ? undefined : `${parent}.${beside}`)
    const common = { source: `#${id}`, eventType: move.event, actions: [], internal: false } as const
    return { ...(target === undefined ? {} : { target: [`#${target}`] }), ...common, ...move }
  })
  const states = Object.fromEntries(nodes.map((node) => [node.key, place(node, id, next)]))
  const on = Object.groupBy(transitions, ({ event }) => event) as ServiceNode['on']
  const { invoke = [] } = own
  const nothing = { type: 'atomic', history: false, entry: [], exit: [], tags: [] } as const
  return { id, key, ...nothing, ...own, ...extra, states, transitions, on, invoke, activities: invoke, order }
}
