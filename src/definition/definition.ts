import type { Mark } from '../model/masking.ts'
import type { ErrorMatch, Failure } from '../model/failure.ts'
import type { RetryPolicy } from '../model/retry.ts'
import type { Allowed } from '../model/rule.ts'
import type { Schema } from '../model/schema.ts'
import type { Effect } from './policy.ts'
import type { Move } from './move.ts'
import type { AnyClass, Settled } from './shape.ts'

/** A workflow as plain, frozen data. Names are the stored names of the enum's members. */
export interface Definition {
  readonly name: string
  readonly version: number
  readonly description: string | undefined
  /** The decorated class; one frozen instance of it serves all runs of an engine. */
  readonly workflowClass: new () => object
  readonly initial: string
  readonly states: ReadonlyMap<string, StateDefinition>
  readonly signals: ReadonlyMap<string, Schema>
  /** The answers of signals that are updates. */
  readonly replies: ReadonlyMap<string, Schema>
  /** By name, the method that answers and what it answers with. */
  readonly queries: ReadonlyMap<string, { readonly method: string; readonly schema: Schema }>
  readonly transactions: ReadonlyMap<string, Transaction>
  /** How long a run may take in all, in milliseconds. */
  readonly deadlineMs: number | undefined
  /** How runs of older versions go on: by version, the ways out of each old state. */
  readonly migrations: ReadonlyMap<number, Migration>
  readonly vars: Schema
  /** `undefined` where the workflow declares none. */
  readonly session: Schema | undefined
  readonly config: Schema
  /** Fields that must not be shown: by state, `vars`, `session` or `signal <name>`, the paths and their marks. */
  readonly marks: readonly Mark[]
  /** Findings of `check` that are meant so; nothing that runs looks at it. */
  readonly allow?: Allowed
}

/** One state and how it is handled. */
export type StateDefinition = StepState | WaitState | TimerState | ForkState | FinalState

/** A state whose parts are saved one by one: branches, items, or child runs. */
export type ForkState = MapState | ParallelState | ChildState

/** One method and how it is tried. */
export interface Work {
  readonly method: string
  readonly retry: RetryPolicy
  readonly timeoutMs: number
  readonly heartbeatMs: number | undefined
}

interface Handled {
  readonly name: string
  /** The enum's member, as `go` takes it: differs from the name for numeric enums. */
  readonly member: string | number
  readonly description: string | undefined
  readonly schema: Schema
  readonly retry: RetryPolicy
  readonly timeoutMs: number
  readonly heartbeatMs: number | undefined
  readonly effect: Effect
  /** The class says nothing about its effect, so it is the default. */
  readonly effectAssumed?: true
  /** Fields that the handler hands on only in a form that may be shown; nothing that runs looks at it. */
  readonly redacts?: readonly string[]
  /** Findings of `check` that are meant so; nothing that runs looks at it. */
  readonly allow?: Allowed
}

interface Leaving extends Handled {
  readonly method: string
  /** Ways out for errors, in the order in which they are tried: the state's own, its transaction's, the workflow's. */
  readonly catches: readonly CatchEdge[]
  readonly maxVisits: VisitsEdge | undefined
  /** Undoes a visit that was committed. */
  readonly undo: Work | undefined
  readonly transaction: string | undefined
}

/** A state whose method runs as soon as it is entered. */
export interface StepState extends Leaving {
  readonly kind: 'step'
  readonly to: readonly string[]
  readonly cache: { readonly key: (input: unknown) => unknown; readonly ttlMs: number } | undefined
}

/** A state that waits for a signal. */
export interface WaitState extends Leaving, Awaiting {
  readonly kind: 'wait'
  readonly reminders: readonly Reminder[]
}

/** What can come from outside or with time. */
interface Awaiting {
  readonly on: ReadonlyMap<string, AwaitedSignal>
  readonly expires: ExpiryEdge | undefined
}

/** One awaited signal: where it leads, how many of it are needed, who may send it. */
export interface AwaitedSignal {
  readonly to: readonly string[]
  readonly count: number
  /** Empty: anybody. */
  readonly roles: readonly string[]
}

/** A method that is called while a state waits. */
export interface Reminder extends Work {
  readonly afterMs: number
  readonly everyMs: number | undefined
  readonly times: number
}

/** A state that only waits for a time. */
export interface TimerState extends Leaving {
  readonly kind: 'timer'
  readonly to: readonly string[]
  /** When it is over, from the moment it was entered; absolute, milliseconds. */
  readonly dueAt: (input: unknown, entered: number) => number
  /** The duration, where it does not depend on the input. */
  readonly forMs: number | undefined
}

/** A child run: which workflow, and what it is started with. */
export interface ChildSpec {
  /** Read when it is needed: the class may be declared later. */
  readonly workflow: AnyClass
  readonly input: (...args: readonly unknown[]) => unknown
}

/** A state that works on items: each by a method, or by a child run. */
export interface MapState extends Leaving {
  readonly kind: 'map'
  readonly to: readonly string[]
  readonly over: (input: unknown, source: object) => Iterable<unknown> | AsyncIterable<unknown>
  /** The method of one item and the schema of its result, or the child run of one. */
  readonly item: (Work & { readonly schema: Schema }) | ChildSpec
  /** Called with all results; without it the state's own method is. */
  readonly reduce: ((results: readonly unknown[], input: unknown, context: object) => unknown) | undefined
  readonly concurrency: number
  /** Items that may fail: none, any number, so many, or a share from 0 to 1. */
  readonly tolerance: { readonly count: number } | { readonly share: number }
  /** Results are handed on as they ended, errors included. */
  readonly collects: boolean
  readonly most: number
}

/** A state whose branches run side by side. */
export interface ParallelState extends Leaving {
  readonly kind: 'parallel'
  readonly to: readonly string[]
  readonly branches: ReadonlyMap<string, Branch>
  readonly join: JoinRule
}

/** One branch of a parallel state. */
export interface Branch extends Work {
  readonly schema: Schema
  readonly undo: Work | undefined
  readonly description: string | undefined
}

/** When branches are joined. */
export type JoinRule =
  | 'all'
  | 'any'
  | 'settled'
  | number
  | ((soFar: Readonly<Record<string, Settled<unknown> | undefined>>) => boolean)

/** A state that waits for a child run, and may wait for signals and time beside it. */
export interface ChildState extends Leaving, Awaiting {
  readonly kind: 'child'
  readonly to: readonly string[]
  readonly child: ChildSpec
  readonly childId: ((input: unknown) => string) | undefined
  readonly detached: boolean
}

/** A state in which the run ends; `method` is its closing handler. */
export interface FinalState extends Handled {
  readonly kind: 'final'
  readonly method: string | undefined
}

/** Taken when a handler has failed for good. */
export interface CatchEdge {
  readonly to: string
  /** Empty: every error. */
  readonly errors: readonly ErrorMatch[]
  /** Called with the failure and the state's input; for a workflow's own edge, with the state and its data. */
  readonly with: object | ((failure: Failure, input: unknown) => unknown)
  /** The transaction whose states are undone first. */
  readonly transaction: string | undefined
  readonly of: 'state' | 'transaction' | 'workflow'
}

/** Taken when no signal came in time. */
export interface ExpiryEdge {
  readonly afterMs: number
  readonly to: string
  readonly with: object | ((input: unknown) => unknown)
}

/** Taken when a state is entered too often. */
export interface VisitsEdge {
  readonly times: number
  readonly to: string
  readonly with: object | ((input: unknown) => unknown)
}

/** States that are undone together. */
export interface Transaction {
  readonly name: string
  readonly states: readonly string[]
}

/** How the runs of one older version go on. */
export interface Migration {
  readonly from: number
  readonly states: ReadonlyMap<string, string | ((data: unknown, vars: unknown) => Move | undefined)>
  /** The class of the old version, where it was given. */
  readonly of: AnyClass | undefined
}

/** Whether a state has parts that are saved one by one. */
export function isFork(state: StateDefinition): state is ForkState {
  return state.kind === 'map' || state.kind === 'parallel' || state.kind === 'child'
}

/** Whether an item of a map is a child run. */
export function isChild(item: MapState['item']): item is ChildSpec {
  return 'workflow' in item
}

/** The signals a state awaits. */
export function awaitedBy(state: StateDefinition): ReadonlyMap<string, AwaitedSignal> {
  return state.kind === 'wait' || state.kind === 'child' ? state.on : NONE
}
const NONE: ReadonlyMap<string, AwaitedSignal> = new Map()

export type { Mark }
