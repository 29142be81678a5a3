import {
  awaitedBy,
  type ChildState,
  type Definition,
  type ParallelState,
  type StateDefinition,
  type TimerState,
  type WaitState,
} from '../definition/definition.ts'
import { exitsOf } from '../definition/exit.ts'
import type { Vote } from '../definition/shape.ts'
import { childActorName } from './child-run.ts'
import type { BranchEnd } from './join.ts'
import { signalType, stateKey } from './keys.ts'
import type { Handling } from './method-call.ts'
import { policyOf } from './policies.ts'

/** What a projection remembers. */
export interface Context {
  readonly data: unknown
  readonly vars: unknown
  /** How often each state has been entered, by its key. */
  readonly visits: Readonly<Record<string, number>>
  /** The signals counted in this visit, where there are any. */
  readonly votes?: readonly Vote[] | undefined
  /** How branches have ended in this visit, where any have, in that order. */
  readonly ended?: readonly BranchEnd[] | undefined
}

interface Args {
  readonly context: Context
  readonly event: { readonly type: string; readonly output?: unknown }
}

/** A state that a run can leave. */
export type Leaving = Exclude<StateDefinition, { kind: 'final' }>

/** `setTimeout` fires at once for anything longer. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** The id of a projection's root: it has no dots, so that `#id.state` finds a state. */
export function projectionId(definition: Definition): string {
  return stateKey(definition.name)
}

/** The names of all actors that a state's configuration invokes. */
export function actorsOf(state: StateDefinition): {
  readonly methods: readonly string[]
  readonly child?: string
} {
  const own = state.method === undefined || state.method === '' ? [] : [state.method]
  if (state.kind === 'parallel')
    return { methods: [...own, ...[...state.branches.values()].map(({ method }) => method)] }
  return {
    methods: own,
    ...(state.kind === 'child' && !state.detached ? { child: childActorName(state.child) } : {}),
  }
}

/** The XState configuration of one state; its guards and actions are those of `implement`. */
export function projectState(definition: Definition, state: StateDefinition): object {
  const common = {
    ...(state.description === undefined ? {} : { description: state.description }),
    entry: { type: 'enter', params: { state: state.name } },
    meta: { kind: state.kind, ...policyOf(state) },
  }
  if (state.kind === 'final') return { type: 'final', ...common }
  const tooOften = state.maxVisits && {
    always: {
      target: target(definition, state.maxVisits.to),
      reenter: true,
      guard: { type: 'tooOften', params: { state: state.name } },
      actions: { type: 'visits', params: { state: state.name } },
    },
  }
  return { ...bodyOf(definition, state), ...tooOften, ...common }
}

function bodyOf(definition: Definition, state: Leaving): object {
  const handling = { invoke: invokeHandler(definition, state) }
  switch (state.kind) {
    case 'step':
    case 'map':
      return handling
    case 'wait': {
      const awaiting = awaitSignals(definition, state)
      return { initial: 'awaiting', states: { awaiting, ...(state.on.size > 0 ? { handling } : {}) } }
    }
    case 'timer':
      return { initial: 'sleeping', states: { sleeping: sleep(state), handling } }
    case 'parallel':
      return { initial: 'working', states: { working: workOnBranches(definition, state), joining: handling } }
    case 'child': {
      if (state.detached) return handling
      const working = { invoke: invokeChild(definition, state), ...awaitSignals(definition, state) }
      return { initial: 'working', states: { working, handling } }
    }
  }
}

function sleep({ forMs }: TimerState): object {
  return forMs !== undefined && forMs <= LONGEST_TIMEOUT_MS ? { after: { [forMs]: 'handling' } } : {}
}

/** A signal that is needed once is handled; of others, all but the last are counted. */
function awaitSignals(definition: Definition, state: WaitState | ChildState): object {
  const { on, expires } = state
  const signals = [...on].map(([signal, { count }]) => {
    const vote = { type: 'vote', params: { state: state.name, signal } }
    const fits = { type: 'fits', params: { signal } }
    const handled = { target: 'handling', actions: vote }
    if (count === 1) return [signalType(signal), { ...handled, guard: fits }] as const
    const enough = { type: 'enough', params: { signal, count } }
    return [
      signalType(signal),
      [
        { ...handled, guard: enough },
        { guard: fits, actions: vote },
      ],
    ] as const
  })
  const armed = expires && expires.afterMs <= LONGEST_TIMEOUT_MS
  const after = armed && {
    [expires.afterMs]: {
      target: target(definition, expires.to),
      reenter: true,
      actions: { type: 'expire', params: { state: state.name } },
    },
  }
  return { on: Object.fromEntries(signals), ...(after ? { after } : {}) }
}

/** One region for each branch; left when all have ended, or as soon as the rule has been decided. */
function workOnBranches(definition: Definition, state: ParallelState): object {
  const { name, join, branches } = state
  const regions = [...branches].map(([branch, { method }]) => {
    const params = { branch }
    const invoke = {
      id: `${stateKey(name)}/${stateKey(branch)}`,
      src: method,
      input: ({ context }: Args): Handling => ({ ...handlingOf(name, context), branch }),
      onDone: { target: 'done', actions: { type: 'branchDone', params } },
      // by `all`, a branch that fails has failed the state
      onError:
        join === 'all'
          ? catchTransitions(definition, state)
          : { target: 'failed', actions: { type: 'branchFailed', params } },
    }
    const ends = { done: { type: 'final' }, failed: { type: 'final' } }
    return [stateKey(branch), { initial: 'working', states: { working: { invoke }, ...ends } }] as const
  })
  const over =
    join === 'all' || join === 'settled'
      ? { onDone: 'joining' }
      : { always: { target: 'joining', guard: { type: 'decided', params: { state: name } } } }
  return { type: 'parallel', states: Object.fromEntries(regions), ...over }
}

function invokeChild(definition: Definition, state: ChildState): object {
  return {
    id: `${stateKey(state.name)}/child`,
    src: childActorName(state.child),
    input: ({ context }: Args) => handlingOf(state.name, context),
    onDone: 'handling',
    onError: catchTransitions(definition, state),
  }
}

function invokeHandler(definition: Definition, state: Leaving): object {
  const exits = exitsOf(state).filter((exit) => exit.by === 'step' || exit.by === 'signal')
  const moves = exits.map((exit) => ({
    target: target(definition, exit.to),
    reenter: true,
    guard: {
      type: 'to',
      params: { to: exit.to, ...(exit.by === 'signal' ? { signal: exit.signal } : {}) },
    },
    actions: 'move',
  }))
  const refuse = { actions: { type: 'refuse', params: { state: state.name } } } // reached by provided actors only
  const back = state.kind === 'wait' ? 'awaiting' : 'working'
  const refused = { type: 'refused', params: { state: state.name } }
  const takeBack = { target: back, guard: refused, actions: 'takeBack' }
  const signals = awaitedBy(state).size > 0
  return {
    id: stateKey(state.name),
    src: state.method,
    input: ({ context, event }: Args): Handling => {
      const vote = context.votes?.at(-1)
      const bySignal = vote !== undefined && signalType(vote.type) === event.type
      return {
        ...handlingOf(state.name, context),
        ...(bySignal ? { signal: vote } : {}),
        ...(state.kind === 'child' && !bySignal ? { outcome: event.output } : {}),
        ...(state.kind === 'parallel' ? { ended: context.ended ?? [] } : {}),
      }
    },
    onDone: [...moves, refuse],
    onError: [...(signals ? [takeBack] : []), ...catchTransitions(definition, state)],
  }
}

/** In the order in which they are tried; the first whose errors fit is taken. */
function catchTransitions(definition: Definition, state: Leaving): readonly object[] {
  return state.catches.map((edge, index) => ({
    target: target(definition, edge.to),
    reenter: true,
    ...(edge.errors.length > 0
      ? { guard: { type: 'caught', params: { state: state.name, edge: index } } }
      : {}),
    actions: { type: 'catch', params: { state: state.name, edge: index } },
  }))
}

function handlingOf(state: string, { data, vars, visits, votes = [] }: Context): Handling {
  return { state, data, vars, visit: visits[stateKey(state)] ?? 0, votes }
}

function target(definition: Definition, state: string): string {
  return `#${projectionId(definition)}.${stateKey(state)}`
}
