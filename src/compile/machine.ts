/**
 * The event machine: every exit of a state is an event of its own, so the chart is exact and nothing in it is a
 * function that decides. The kernel asks `machine.transition` with one inert scope, which starts no actor.
 *
 * I2 A run's path is a path of its machine: `move` asks XState, and refuses what XState refuses.
 */
import {
  assign,
  createMachine,
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { MoveCause } from '../model/history.ts'
import type { Definition, ParallelState, StateDefinition } from '../definition/definition.ts'
import { exitsOf, type Exit } from '../definition/exit.ts'
import { branchEvent, eventType, stateKey } from './keys.ts'
import { policyOf } from './policies.ts'

/** The part of a run that an XState snapshot shows. */
export interface Standing {
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
  /** How the branches of a parallel state have ended so far. */
  readonly branches?: Readonly<Record<string, 'done' | 'failed'>>
}

/** Where an exit leads, and whether the run ends there. */
export interface Destination {
  readonly state: string
  readonly done: boolean
}

/** A compiled workflow. */
export interface Machine {
  readonly definition: Definition
  /** A real XState machine: draw it, import it into an editor, run it with `createActor`. */
  readonly chart: AnyStateMachine
  /** The state definition of that name; an error for names that are none. */
  state(name: string): StateDefinition
  /** Throws `illegal-move` where the chart has no such exit in `from`. */
  check(from: string, exit: Exit): void
  /** Where an exit leads from `from`. Throws `illegal-move` where the chart has no such exit there. */
  move(from: string, exit: Exit): Destination
  /** An XState snapshot, to be restored with `createActor(machine.chart, { snapshot })`. */
  snapshot(standing: Standing): AnyMachineSnapshot
}

const cache = new WeakMap<Definition, Machine>()

/** Compiles a definition; the same definition gives the same machine. */
export function compile(definition: Definition): Machine {
  let machine = cache.get(definition)
  if (!machine) cache.set(definition, (machine = new CompiledMachine(definition)))
  return machine
}

class CompiledMachine implements Machine {
  readonly definition: Definition
  readonly chart: AnyStateMachine
  readonly #scope: AnyActorScope
  /** By state: its events, and where each leads once that was asked. */
  readonly #exits: ReadonlyMap<string, Map<string, Destination | undefined>>

  constructor(definition: Definition) {
    this.definition = definition
    this.chart = makeChart(definition)
    // no action of the chart asks for its actor, and an actor takes as long to make as the rest of a resume
    this.#scope = {
      self: {},
      system: { _sendInspectionEvent: ignore },
      id: '',
      sessionId: '',
      logger: ignore,
      defer: ignore,
      stopChild: ignore,
      emit: ignore,
      actionExecutor: ignore,
    } as unknown as AnyActorScope
    this.#exits = new Map(
      [...definition.states.values()].map((state) => [
        state.name,
        new Map(exitsOf(state).map((exit) => [eventType(exit), undefined])),
      ]),
    )
  }

  state(name: string): StateDefinition {
    const state = this.definition.states.get(name)
    if (state) return state
    throw new StepwrightError('needs-migration', {
      what: `${this.definition.name} has no state ${quote(name)}`,
      remedy: `Its states are ${[...this.definition.states.keys()].map(quote).join(', ')}`,
    })
  }

  check(from: string, exit: Exit): void {
    if (!this.#exits.get(from)?.has(eventType(exit))) throw this.#illegal(from, exit)
  }

  move(from: string, exit: Exit): Destination {
    const type = eventType(exit)
    const exits = this.#exits.get(from)
    if (!exits?.has(type)) throw this.#illegal(from, exit)
    const moved = exits.get(type) ?? this.#ask(from, exit, type)
    exits.set(type, moved)
    return moved
  }

  /** XState's own answer. No guard decides anything in the chart, so it is asked once for each exit. */
  #ask(from: string, exit: Exit, type: string): Destination {
    const resting = this.chart.resolveState({ value: stateKey(from), context: {} }) as AnyMachineSnapshot
    const next = this.chart.transition(resting, { type }, this.#scope) as AnyMachineSnapshot
    if (next.status === 'error' || topKey(next.value) !== stateKey(exit.to)) throw this.#illegal(from, exit)
    return { state: exit.to, done: next.status === 'done' }
  }

  #illegal(from: string, exit: Exit): StepwrightError {
    const legal = [...new Set(exitsOf(this.state(from)).map((e) => quote(e.to)))].join(', ')
    return new StepwrightError('illegal-move', {
      what: `${this.definition.name}: ${quote(from)} does not go to ${quote(exit.to)} by ${causeOf(exit)}`,
      remedy: `Declare it in the class, or go to one of ${legal}`,
      details: { from, to: exit.to, by: causeOf(exit) },
    })
  }

  snapshot({ state, data, vars, branches = {} }: Standing): AnyMachineSnapshot {
    const definition = this.state(state)
    const done = definition.kind === 'final'
    const regions =
      definition.kind === 'parallel' &&
      Object.fromEntries(
        [...definition.branches.keys()].map((name) => [stateKey(name), branches[name] ?? 'working']),
      )
    const snapshot = this.chart.resolveState({
      value: regions ? { [stateKey(state)]: regions } : stateKey(state),
      context: { data, vars },
      status: done ? 'done' : 'active',
    }) as AnyMachineSnapshot
    return done ? ({ ...snapshot, output: data, toJSON: snapshot.toJSON } as AnyMachineSnapshot) : snapshot
  }
}

/** How history and errors call an exit. */
export function causeOf(exit: Exit): MoveCause {
  return exit.by === 'signal' ? `signal:${exit.signal}` : exit.by
}

/** The top-level state of a state value. */
function topKey(value: unknown): string | undefined {
  return typeof value === 'string' ? value : Object.keys(value as object)[0]
}

/** What the chart's events carry. */
interface ChartEvent {
  readonly type: string
  readonly data?: unknown
  readonly vars?: unknown
}

/** Data is replaced, vars are kept where the event brings none. */
const enter = assign(({ context, event }: { context: { vars?: unknown }; event: ChartEvent }) => ({
  data: event.data,
  vars: event.vars ?? context.vars,
}))

function makeChart(definition: Definition): AnyStateMachine {
  const states = [...definition.states.values()].map(
    (state) => [stateKey(state.name), makeState(state)] as const,
  )
  return createMachine({
    id: definition.name,
    version: String(definition.version),
    ...(definition.description === undefined ? {} : { description: definition.description }),
    context: ({ input }: { input: unknown }) => ({ data: input, vars: {} }),
    initial: stateKey(definition.initial),
    states: Object.fromEntries(states),
    output: ({ context }: { context: { data: unknown } }) => context.data,
  } as never) as unknown as AnyStateMachine
}

function makeState(state: StateDefinition): object {
  const described = state.description === undefined ? {} : { description: state.description }
  const meta = { kind: state.kind, ...policyOf(state) }
  if (state.kind === 'final') return { type: 'final', ...described, meta }
  const on = exitsOf(state).map(
    (exit) =>
      [
        eventType(exit),
        { target: stateKey(exit.to), reenter: true, actions: enter, meta: { by: exit.by } },
      ] as const,
  )
  const regions = state.kind === 'parallel' ? { type: 'parallel', states: makeRegions(state) } : {}
  return { ...regions, on: Object.fromEntries(on), ...described, meta }
}

/** A region for each branch: at work, then done or failed. */
export function makeRegions(state: ParallelState): object {
  const regions = [...state.branches.keys()].map((name) => {
    const region = stateKey(name)
    const ends = { [branchEvent(name, 'done')]: 'done', [branchEvent(name, 'failed')]: 'failed' }
    return [region, { initial: 'working', states: { working: { on: ends }, done: {}, failed: {} } }] as const
  })
  return Object.fromEntries(regions)
}

function ignore(): void {}
