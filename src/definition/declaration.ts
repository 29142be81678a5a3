import type { Duration } from '../model/duration.ts'
import type { Failure } from '../model/failure.ts'
import type { RetryOptions } from '../model/retry.ts'
import type {
  AnyClass,
  AnyMethod,
  DataOf,
  Declares,
  Each,
  Go,
  Key,
  OneOrMany,
  SentTo,
  Shape,
  Signal,
  Working,
} from './shape.ts'
import type { ClassVerdict, StepVerdict, WaitVerdict } from './verdict.ts'

/** What a handler does to the world outside the run. Default `'idempotent'`. */
export type Effect = 'none' | 'idempotent' | 'undoable' | 'irreversible'

/** A way to another state with what it receives: a value, or a pure function that makes it. */
export type Edge<D extends Shape, More, Args extends readonly unknown[]> = {
  [S in D['state']]: {
    readonly to: S
    readonly with: SentTo<D, S> | ((...args: Args) => SentTo<D, S>)
  } & More
}[D['state']]

/** What every handler may be given. */
export interface Policy<D extends Shape, F extends Key> {
  /** Shown in drawings and listings. */
  readonly description?: string
  readonly retry?: RetryOptions
  /** Limit of one attempt. Default `'5m'`. */
  readonly timeout?: Duration
  readonly effect?: Effect
  /** Where the run goes when the handler has failed for good. Without it the run fails. */
  readonly catch?: Edge<D, unknown, [failure: Failure, input: DataOf<D, F>]>
}

/** Options of `@workflow`. */
export interface WorkflowOptions {
  /** Default: the name of the class. It is stored with every run. */
  readonly name?: string
  /** Default 1. */
  readonly version?: number
  readonly description?: string
}

/** Options of `@wait`: targets for each awaited signal, and what happens when none comes. */
export interface WaitOptions<D extends Shape, F extends Key, On> extends Policy<D, F> {
  readonly on: On
  /** Absolute from the moment the state is entered. */
  readonly expires?: Edge<D, { readonly after: Duration }, [input: DataOf<D, F>]>
}

interface Step<D extends Shape, F extends Key, T> {
  <This, const M extends AnyMethod>(
    method: StepVerdict<D, M, F, T> & M,
    context: ClassMethodDecoratorContext<This>,
  ): void
}

interface Wait<D extends Shape, F extends D['state'], T, N extends keyof D['signals']> {
  <This, const M extends AnyMethod>(
    method: WaitVerdict<D, M, F, T, Signal<D, N>, N & string> & M,
    context: ClassMethodDecoratorContext<This>,
  ): void
}

/** What `states()` gives back: the decorators bound to its states, and `go`. */
export interface Declaration<D extends Shape> extends Declares<D> {
  /** Makes the class a workflow; all mistakes that can be seen by then are reported at once. */
  workflow(
    options?: WorkflowOptions,
  ): <C extends AnyClass>(target: ClassVerdict<D, C> & C, context: ClassDecoratorContext<C>) => void
  /** The method handles `state` and goes to one of `to`. For a final state: a closing handler, without `to`. */
  step<const F extends D['state'], const T extends OneOrMany<D['state']> = never>(
    state: F,
    options?: { readonly to?: T } & Policy<D, F>,
  ): Step<D, F, Each<T>>
  /** The run waits in `state` for one of the signals; the method handles the first that comes. */
  wait<
    const F extends Working<D>,
    const On extends { readonly [N in keyof D['signals']]?: OneOrMany<D['state']> },
  >(
    state: F,
    options: WaitOptions<D, F, On>,
  ): Wait<D, F, Each<Exclude<On[keyof On], undefined>>, keyof On & keyof D['signals']>
  /** Moves to `state` with `data`, and changes `vars` where given. */
  go<const S extends D['state']>(state: S, data: SentTo<D, S>, vars?: Partial<D['vars']>): Go<S>
}
