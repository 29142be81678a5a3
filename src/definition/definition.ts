import type { Failure } from '../model/failure.ts'
import type { RetryPolicy } from '../model/retry.ts'
import type { Schema } from '../model/schema.ts'
import type { Effect } from './declaration.ts'

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
  readonly vars: Schema
  /** `undefined` where the workflow declares none. */
  readonly session: Schema | undefined
  readonly config: Schema
  /** Fields that must not be shown: by state, `vars`, `session` or `signal <name>`, the paths and their marks. */
  readonly marks: readonly Mark[]
}

/** One state and how it is handled. */
export type StateDefinition = StepState | WaitState | FinalState

interface Handled {
  readonly name: string
  /** The enum's member, as `go` takes it: differs from the name for numeric enums. */
  readonly member: string | number
  readonly description: string | undefined
  readonly schema: Schema
  readonly retry: RetryPolicy
  readonly timeoutMs: number
  readonly effect: Effect
}

/** A state whose method runs as soon as it is entered. */
export interface StepState extends Handled {
  readonly kind: 'step'
  readonly method: string
  readonly to: readonly string[]
  readonly catch: CatchEdge | undefined
}

/** A state that waits for a signal. */
export interface WaitState extends Handled {
  readonly kind: 'wait'
  readonly method: string
  readonly on: ReadonlyMap<string, readonly string[]>
  readonly expires: ExpiryEdge | undefined
  readonly catch: CatchEdge | undefined
}

/** A state in which the run ends; `method` is its closing handler. */
export interface FinalState extends Handled {
  readonly kind: 'final'
  readonly method: string | undefined
}

/** Taken when a handler has failed for good. */
export interface CatchEdge {
  readonly to: string
  readonly with: object | ((failure: Failure, input: unknown) => unknown)
}

/** Taken when no signal came in time. */
export interface ExpiryEdge {
  readonly afterMs: number
  readonly to: string
  readonly with: object | ((input: unknown) => unknown)
}

/** A field that a schema marks with `.meta({ pii: true })` or `.meta({ secret: true })`. */
export interface Mark {
  readonly where: string
  /** Keys from the top; `*` stands for every element. */
  readonly path: readonly string[]
  readonly kind: 'pii' | 'secret'
}

/** Every way out of a state, each with what causes it. The one list that machine, checks and drawings are made from. */
export type Exit =
  | { readonly by: 'step'; readonly to: string }
  | { readonly by: 'signal'; readonly signal: string; readonly to: string }
  | { readonly by: 'expires'; readonly to: string; readonly afterMs: number }
  | { readonly by: 'catch'; readonly to: string }

/** The exits of a state, in the order they were declared. */
export function exitsOf(state: StateDefinition): readonly Exit[] {
  if (state.kind === 'final') return []
  const exits: Exit[] = []
  if (state.kind === 'step') for (const to of state.to) exits.push({ by: 'step', to })
  else {
    for (const [signal, targets] of state.on)
      for (const to of targets) exits.push({ by: 'signal', signal, to })
    if (state.expires) exits.push({ by: 'expires', to: state.expires.to, afterMs: state.expires.afterMs })
  }
  if (state.catch) exits.push({ by: 'catch', to: state.catch.to })
  return exits
}
