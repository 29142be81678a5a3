import type { Duration } from '../model/duration.ts'
import type { ErrorMatch, Failure } from '../model/failure.ts'
import type { RetryTable } from '../model/retry.ts'
import type { Allowed } from '../model/rule.ts'
import type { DataOf, Key, Moved, OneOrMany, SentTo, Shape } from './shape.ts'

/** What a handler does to the world outside the run. Default `'idempotent'`. */
export type Effect = 'none' | 'idempotent' | 'undoable' | 'irreversible'

/** A way to another state with what it receives: a value, or a pure function that makes it. */
export type Edge<D extends Shape, More, Args extends readonly unknown[]> = {
  [S in D['state']]: {
    readonly to: S
    readonly with: SentTo<D, S> | ((...args: Args) => SentTo<D, S>)
  } & More
}[D['state']]

/** A way out for errors: all of them, or those that `error` names. */
export type CatchOption<D extends Shape, Args extends readonly unknown[]> = Edge<
  D,
  { readonly error?: OneOrMany<ErrorMatch> },
  Args
>

/** Not an array type: Array.prototype.with would become the type of `with`. */
export type OneOrSeveral<T> = T | ArrayLike<T>

/** How one method is tried. */
export interface Trying {
  readonly retry?: RetryTable
  /** Limit of one attempt. Default `'5m'`. */
  readonly timeout?: Duration
  /** The attempt fails where the handler does not call `heartbeat()` for so long. Default: none is asked for. */
  readonly heartbeat?: Duration
}

/** What every handler may be given. */
export interface Policy<D extends Shape, F extends Key> extends Trying {
  /** Shown in drawings and listings. */
  readonly description?: string
  readonly effect?: Effect
  /** Where the run goes when the handler has failed for good: one edge, or several, of which the first that fits counts. Without it the run fails. */
  readonly catch?: OneOrSeveral<CatchOption<D, [failure: Failure, input: DataOf<D, F>]>>
  /** Where the run goes instead when it enters this state more than `times` times. */
  readonly maxVisits?: Edge<D, { readonly times: number }, [input: DataOf<D, F>]>
  /**
   * Fields of the input, or of the vars, of which the handler hands nothing to a model or to another state but in a form that
   * may be shown. `stepwright check` goes by it; changes nothing that runs.
   */
  readonly redacts?: readonly ((keyof DataOf<D, F> | keyof D['vars']) & string)[]
  /** Findings of `stepwright check` that are meant so in this state: by rule the reason. Changes nothing that runs. */
  readonly allow?: Allowed
}

/** What `@step` may be given besides. */
export interface StepPolicy<D extends Shape, F extends Key> extends Policy<D, F> {
  /**
   * Recalls the move made for the same key by any run of this workflow, version and tenant, for `ttl`; while one run
   * makes it, others wait for it.
   */
  readonly cache?: { readonly key: (input: DataOf<D, F>) => unknown; readonly ttl: Duration }
}

/** Options of `@workflow`. */
export interface WorkflowOptions<D extends Shape = Shape> {
  /** Default: the name of the class. It is stored with every run. */
  readonly name?: string
  /** Default 1. */
  readonly version?: number
  readonly description?: string
  /** How long a run may take in all; then it fails with a TimeoutError. Default: as long as it needs. */
  readonly deadline?: Duration
  /** Where a run goes from any state that has no `catch` of its own for the error. */
  readonly catch?: OneOrSeveral<CatchOption<D, [failure: Failure, from: Moved<D>]>>
  /** Findings of `stepwright check` that are meant so anywhere in the workflow: by rule the reason. Changes nothing that runs. */
  readonly allow?: Allowed
}

/** Targets of one awaited signal; with `count`, so many must come, each from another caller; with `roles`, only from callers who have one of them. */
export type Awaited<D extends Shape> =
  | OneOrMany<D['state']>
  | {
      readonly to: OneOrMany<D['state']>
      readonly count?: number
      readonly roles?: OneOrMany<string>
    }

/** Signals that a state awaits. */
export type AwaitedSignals<D extends Shape> = { readonly [N in keyof D['signals']]?: Awaited<D> }

/** Refuses other keys than those of an awaited signal: with a misspelt `roles` anybody could send it. */
export type NoMore<On> = {
  readonly [N in keyof On]: On[N] extends { readonly to: unknown }
    ? { readonly [K in Exclude<keyof On[N], 'to' | 'count' | 'roles'>]: never }
    : unknown
}

/** The targets of awaited signals. */
export type AwaitedTargets<On> = { [N in keyof On]: TargetIn<On[N]> }[keyof On]
type TargetIn<A> = A extends { readonly to: infer T } ? EachOf<T> : EachOf<Exclude<A, undefined>>
type EachOf<T> = T extends readonly (infer U)[] ? U : T

/** The end of a wait. `after` counts from the moment the state is entered. */
export type Expiry<D extends Shape, F extends Key> = Edge<
  D,
  { readonly after: Duration },
  [input: DataOf<D, F>]
>

/** Options of `@wait`: targets for each awaited signal, and what happens when none comes. */
export interface WaitOptions<D extends Shape, F extends Key, On> extends Policy<D, F> {
  readonly on: On
  readonly expires?: Expiry<D, F>
}

/** Options of `@timer`: how long, or until when; exactly one of the two. */
export interface TimerOptions<D extends Shape, F extends Key, T> extends Policy<D, F> {
  readonly for?: Duration | ((input: DataOf<D, F>) => Duration)
  readonly until?: Date | ((input: DataOf<D, F>) => Date)
  readonly to: T
}

/** What becomes of a map when an item fails for good: `fail` the state, `collect` the error in the item's place, or collect up to a threshold of items or percent. */
export type OnError = 'fail' | 'collect' | { readonly threshold: number | `${number}%` }

/** Options that maps over items and over child runs share. */
export interface OverOptions<D extends Shape, F extends Key, Item, T, E extends OnError> extends Policy<
  D,
  F
> {
  /**
   * The items. A plain iterable must follow from `input` alone: it is made again after a restart. An async iterable is
   * taken from as there is room, and each item saved as it is taken; after a restart it is made again from `taken` on.
   */
  readonly over: (
    input: DataOf<D, F>,
    source: D['resources'] & { readonly taken: number },
  ) => Iterable<Item> | AsyncIterable<Item>
  readonly to: T
  /** Items worked on at once. Default 8. */
  readonly concurrency?: number
  /** Default `'fail'`. */
  readonly onError?: E
  /** The most items there may be. Default 100,000. */
  readonly most?: number
}

/** Options of `@reminder`. */
export interface ReminderOptions extends Trying {
  /** From the moment the state is entered. */
  readonly after: Duration
  /** And then again and again, so long after the last one. Default: once. */
  readonly every?: Duration
  /** At most so many. Default: no limit where `every` is given. */
  readonly times?: number
}
