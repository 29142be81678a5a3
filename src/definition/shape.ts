import type { Caller } from '../model/caller.ts'
import type { Duration } from '../model/duration.ts'
import type { Failure } from '../model/failure.ts'
import type { InputOf, OutputOf, Schema } from '../model/schema.ts'

/** The keys of an enum's values: text, or numbers for a numeric enum. */
export type Key = string | number

/** A schema of an object: what a state receives, what a signal carries. */
export type ObjectSchema = Schema<object, object>

export type OneOrMany<T> = T | readonly T[]
export type Each<T> = T extends readonly (infer U)[] ? U : T
export type AnyClass = abstract new (...args: never[]) => unknown
export type AnyMethod = (...args: never[]) => unknown

/** Everything the compiler knows about one declaration; what {@link ShapeOf} gives. */
export interface Shape {
  readonly names: Readonly<Record<string, Key>>
  readonly state: Key
  readonly initial: Key
  readonly final: Key
  readonly data: Readonly<Record<Key, ObjectSchema>>
  readonly signals: Readonly<Record<string, ObjectSchema>>
  /** What a signal that is an update is answered with. */
  readonly replies: Readonly<Record<string, Schema>>
  readonly queries: Readonly<Record<string, Schema>>
  /** The result of one item, by map state. */
  readonly items: Readonly<Record<Key, Schema>>
  /** The result of each branch, by parallel state. */
  readonly branches: Readonly<Record<Key, Readonly<Record<string, Schema>>>>
  readonly vars: unknown
  readonly session: unknown
  readonly config: unknown
  /** What `createEngine` is given as config: defaults may be left out. */
  readonly configGiven: unknown
  readonly resources: object
}

/** The states that need a handler. */
export type Working<D extends Shape> = Exclude<D['state'], D['final']>

/** What the state S receives, parsed. */
export type DataOf<D extends Shape, S extends Key> = OutputOf<D['data'][S]>

/** What is passed to enter the state S. */
export type SentTo<D extends Shape, S extends Key> = InputOf<D['data'][S]>

/** A deep read-only view. */
export type Read<T> = T extends readonly (infer U)[]
  ? readonly Read<U>[]
  : T extends Date | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | AnyMethod
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Read<T[K]> }
      : T

declare const HANDLES: unique symbol
declare const GOES: unique symbol

/** A state of a declaration, carried by the type of a handler's input so that a class alone tells its workflow. */
export interface Brand<D extends Shape, S extends Key> {
  readonly [HANDLES]?: { readonly state: S; readonly shape: D } | undefined
}

/** The brand of a parameter; `never` for one that has none. */
export type BrandOf<A> = A extends { readonly [HANDLES]?: infer B }
  ? unknown extends B
    ? never
    : Exclude<B, undefined>
  : never

/** What the handler of S receives. Make one alias a file: `type In<S extends State> = Input<D, S>`. */
export type Input<D extends Shape, S extends D['state']> = DataOf<D, S> & Brand<D, S>

/** The signal N as a `@wait` handler receives it: its payload, its name as `type`, its `id`. */
export type Signal<D extends Shape, N extends keyof D['signals']> = N extends string
  ? { readonly type: N; readonly id: string } & OutputOf<D['signals'][N]>
  : never

/** A move to a state. Only `go(...)` makes one. */
export interface Go<out S extends Key> {
  readonly [GOES]: S
  readonly state: S
}

/** Writes lines into the history of the run, kept when the attempt ends. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** What the handler knows of its run. */
export interface RunInfo {
  readonly id: string
  readonly workflow: string
  readonly state: string
  /** How often this state has been entered, this time included. */
  readonly visit: number
  /** 1 for the first try of this visit. */
  readonly attempt: number
  /** The same for every attempt of this visit, also after a crash: `run/state/visit`, with `/branch` or `/item` where it has one. */
  readonly idempotencyKey: string
  /** The branch, or the number of the item, that the handler works on. */
  readonly part?: string
  /** Who sent the signal, as its sender said. */
  readonly caller?: Caller
  /** The signals that were counted in this visit, the newest last: those who approved. */
  readonly votes: readonly Vote[]
  /** Fires when the attempt is over: timed out, fenced, or the engine is closing. */
  readonly signal: AbortSignal
}

/** A signal that was counted. */
export interface Vote {
  readonly type: string
  readonly id: string
  readonly payload: unknown
  readonly caller?: Caller
  /** Milliseconds since 1970. */
  readonly at: number
}

/** How a branch, an item or a child ended. */
export type Settled<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Failure }

/** What the branches of a state have come to so far, by name; the parameter of a join that is a function. */
export type SoFar = Readonly<Record<string, Settled<unknown> | undefined>>

/** How the branches of a state can be joined; see `@parallel`. */
export type Join = 'all' | 'any' | 'settled' | number | ((soFar: SoFar) => boolean)

/** The results of the branches of S: by `all` every result, by `any` the first, else what has ended by then. */
export type Joined<
  D extends Shape,
  S extends keyof D['branches'] & D['state'],
  J extends Join = 'all',
> = Brand<D, S> & Results<D, S, J>

type Results<D extends Shape, S extends keyof D['branches'], J extends Join> = [J] extends ['all']
  ? { readonly [B in keyof D['branches'][S]]: OutputOf<D['branches'][S][B]> }
  : [J] extends ['any']
    ? { readonly [B in keyof D['branches'][S]]?: OutputOf<D['branches'][S][B]> }
    : [J] extends ['settled']
      ? { readonly [B in keyof D['branches'][S]]: Settled<OutputOf<D['branches'][S][B]>> }
      : { readonly [B in keyof D['branches'][S]]?: Settled<OutputOf<D['branches'][S][B]>> }

/** The work list of a map, in the hands of the handler of one of its items. */
export interface WorkList<Item = unknown> {
  /** Items that are not settled yet, the present one included. */
  readonly open: number
  /** Adds items when this one's result is saved, once. Higher priorities are begun first; default 0. */
  add(items: readonly Item[], options?: { readonly priority?: number }): void
  /** Gives every item that has not begun a priority, when this one's result is saved. */
  prioritize(priorityOf: (item: Item, index: number) => number): void
}

/** State shared by all runs with one session id. Read-only; change it with `update`. */
export type Session<T> = Read<T> & {
  /**
   * Changes the session when this handler's move is committed, exactly once, on the state it has then. The function
   * must be pure: it runs again where another run changed the session at the same moment.
   */
  update(change: (session: T) => T): void
}

/** The last parameter of every handler: the resources of the application, and what the engine offers. */
export type Context<D extends Shape> = D['resources'] & {
  readonly run: RunInfo
  readonly session: Session<D['session']>
  readonly config: Read<D['config']>
  /** Read-only; changed by the third argument of `go`. */
  readonly vars: Read<D['vars']>
  readonly log: Log
  /** Says that the handler is alive and goes on; needed where the state declares `heartbeat`. */
  heartbeat(): void
  /** Answers the update whose handler this is, when its move is committed. */
  reply(value: RepliesOf<D>): void
  /**
   * A token with which a system that does not know the run can send it one signal, once:
   * `engine.callback(token, payload)`. The same token for the whole visit.
   */
  callbackToken<const N extends keyof D['signals'] & string>(
    signal: N,
    options?: { readonly expires?: Duration },
  ): Promise<string>
  /** The saved result of `make`, or the result of calling it now, saved before it is returned. Once per visit and key. */
  memo<T>(key: string, make: () => T | Promise<T>): Promise<Awaited<T>>
}

type RepliesOf<D extends Shape> = { [N in keyof D['replies']]: InputOf<D['replies'][N]> }[keyof D['replies']]

/** The context of a map's item handler: with the work list. */
export type ItemContext<D extends Shape, Item = never> = Context<D> & { readonly work: WorkList<Item> }

/** Where a run stands, as a query handler sees it. */
export type Standing<D extends Shape> = Moved<D> & {
  readonly vars: Read<D['vars']>
  readonly visits: Readonly<Record<string, number>>
  readonly status: string
}

/** Where a run went, and with what. */
export type Moved<D extends Shape, S extends Key = D['state']> = {
  [K in S]: { readonly state: K; readonly data: DataOf<D, K> }
}[S]

/** What a run is started with. */
export type StartOf<D extends Shape> = SentTo<D, D['initial']>

/** How a run can end: the final state and what it received. */
export type OutcomeOf<D extends Shape> = Moved<D, D['final']>

type BrandsIn<Params extends readonly unknown[]> = { [I in keyof Params]: BrandOf<Params[I]> }[number]
type BrandsOf<Instance> = {
  [K in keyof Instance]: Instance[K] extends (...args: infer P) => unknown ? BrandsIn<P> : never
}[keyof Instance]

declare const DECLARES: unique symbol

/** Carries a shape in the type of what `states()` returns. */
export interface Declares<D extends Shape> {
  readonly [DECLARES]?: D
}

/** The shape behind a declaration or a workflow class. */
export type ShapeOf<X> = X extends abstract new (...args: never[]) => infer I
  ? [BrandsOf<I>] extends [never]
    ? never
    : BrandsOf<I> extends { readonly shape: infer D extends Shape }
      ? D
      : never
  : X extends Declares<infer D>
    ? D
    : never

/** The states that the public methods of a class handle. */
export type HandledBy<Instance> = {
  [K in keyof Instance]: Instance[K] extends (...args: infer P) => infer R ? HandledIn<BrandsIn<P>, R> : never
}[keyof Instance]
type HandledIn<B, R> = B extends { readonly state: infer S; readonly shape: infer D extends Shape }
  ? S extends keyof D['items']
    ? S // its handler takes an item and gives a result
    : [TargetsOf<Awaited<R>>] extends [never]
      ? never
      : S
  : never

/** The targets among the results of a handler. */
export type TargetsOf<R> = R extends Go<infer S> ? S : never

/** Where the handlers of S in a class go, by their types; every state where none tells. */
export type TargetsFrom<C, S, D extends Shape = ShapeOf<C>> = C extends abstract new (
  ...args: never[]
) => infer I
  ? [GoneTo<I, S>] extends [never]
    ? D['state']
    : GoneTo<I, S>
  : never
type GoneTo<Instance, S> = {
  [K in keyof Instance]: Instance[K] extends (...args: infer P) => infer R
    ? S extends StateIn<BrandsIn<P>>
      ? TargetsOf<Awaited<R>>
      : never
    : never
}[keyof Instance]
type StateIn<B> = B extends { readonly state: infer S } ? S : never
