import type {
  AnyMethod,
  Context,
  Go,
  HandledBy,
  Input,
  Key,
  SentTo,
  Shape,
  TargetsOf,
  Working,
} from './shape.ts'
import type { InputOf, Schema } from '../model/schema.ts'

/** A refusal by the compiler: its only property is the sentence that people read. */
export interface Refused<Sentence extends string> {
  readonly ['stepwright says']: Sentence
}

/** A state's name in sentences: the value of a string enum, the member of a numeric one. */
type Name<D extends Shape, S> = S extends string
  ? S
  : { [K in keyof D['names'] & string]: D['names'][K] extends S ? K : never }[keyof D['names'] & string]
type Label<D extends Shape, S> = `"${Name<D, S>}"`

type Takes<M, Params extends readonly unknown[]> = M extends (...args: Params) => unknown ? true : false
type NotGo<R> = R extends Go<Key> ? never : R

/** `Then`, or a sentence about the parameters: those before the context are `Params`, called `What`. */
type Parameters<
  D extends Shape,
  M,
  Of extends string,
  Params extends readonly unknown[],
  What extends string,
  Then,
> =
  Takes<M, [...Params, Context<D>]> extends true
    ? Then
    : Takes<M, [...Params, never]> extends true
      ? Refused<`handler of ${Of}: its last parameter is not this workflow's context (a resource it does not have?)`>
      : Refused<`handler of ${Of} must take (${What}, context)`>

/** The handler ends with go() to one of the declared targets. */
type Moves<D extends Shape, M extends AnyMethod, F, T> =
  Awaited<ReturnType<M>> extends infer R
    ? [NotGo<R>] extends [never]
      ? [Exclude<TargetsOf<R>, T>] extends [never]
        ? unknown
        : Refused<`${Label<D, F>} goes to ${Label<D, Exclude<TargetsOf<R>, T>>}, but declares only ${Label<D, T>}`>
      : Refused<`handler of ${Label<D, F>} can end without go(...): a missing return, or a hand-made object?`>
    : never

/** The closing handler of a final state returns nothing, or the output. */
type Closes<D extends Shape, M extends AnyMethod, F extends Key> = [
  TargetsOf<Awaited<ReturnType<M>>>,
] extends [never]
  ? [Awaited<ReturnType<M>>] extends [SentTo<D, F> | void]
    ? unknown
    : Refused<`${Label<D, F>} is final: its handler returns nothing, or what fits its schema`>
  : Refused<`${Label<D, F>} is final: it goes nowhere`>

/** Judges a method under `@step(F, { to: T })`: with targets for a working state, without for a final one. */
export type StepVerdict<D extends Shape, M extends AnyMethod, F extends Key, T> = F extends D['final']
  ? [T] extends [never]
    ? Parameters<D, M, Label<D, F>, [Input<D, F>], `In<${Label<D, F>}>`, Closes<D, M, F>>
    : Refused<`${Label<D, F>} is final: it has no "to"`>
  : [T] extends [never]
    ? Refused<`${Label<D, F>} needs "to": the states it may move to`>
    : Parameters<D, M, Label<D, F>, [Input<D, F>], `In<${Label<D, F>}>`, Moves<D, M, F, T>>

/** Judges a method under `@wait`: it takes one of the awaited signals E, called N. */
export type WaitVerdict<
  D extends Shape,
  M extends AnyMethod,
  F extends D['state'],
  T,
  E,
  N extends string,
> = Parameters<D, M, Label<D, F>, [E, Input<D, F>], `On<${N}>, In<${Label<D, F>}>`, Moves<D, M, F, T>>

/** The handler returns what fits `V`. */
type Gives<M extends AnyMethod, Of extends string, V> = [Awaited<ReturnType<M>>] extends [V]
  ? unknown
  : Refused<`handler of ${Of} returns a value that does not fit the result schema of ${Of}`>

/** Judges a method that goes somewhere, called with `Params` before the context; `What` names those before the state's input. */
export type MoverVerdict<
  D extends Shape,
  M extends AnyMethod,
  F extends D['state'],
  T,
  Params extends readonly unknown[],
  What extends string,
> = Parameters<D, M, Label<D, F>, Params, `${What}In<${Label<D, F>}>`, Moves<D, M, F, T>>

/** Judges a method that gives a result and goes nowhere. */
export type GiverVerdict<
  D extends Shape,
  M extends AnyMethod,
  Of extends string,
  V,
  Params extends readonly unknown[],
  What extends string,
  C = Context<D>,
> =
  Takes<M, [...Params, C]> extends true
    ? Gives<M, Of, V>
    : Takes<M, [...Params, never]> extends true
      ? Refused<`handler of ${Of}: its last parameter is not this workflow's context (a resource it does not have?)`>
      : Refused<`handler of ${Of} must take (${What}, context)`>

/** A state's name in sentences, quoted. */
export type LabelOf<D extends Shape, S> = Label<D, S>

/** How a handler's `Joined` says which join it is for. */
export type JoinLabel<J> = [J] extends ['all']
  ? ''
  : [J] extends [string]
    ? `, '${J}'`
    : [J] extends [number]
      ? `, ${J}`
      : ', the type of join'

/** A state's name in sentences, bare. */
export type NameOf<D extends Shape, S> = Name<D, S>

/** Judges a class under `@workflow`: every state that is not final has a public handler. */
export type ClassVerdict<D extends Shape, C> = C extends abstract new (...args: never[]) => infer I
  ? [Exclude<Working<D>, HandledBy<I>>] extends [never]
    ? unknown
    : Refused<`no public handler for state ${Label<D, Exclude<Working<D>, HandledBy<I>>>} (one that takes its In<...>)`>
  : never

/** A schema that must give a default to all it holds. */
export type DefaultsVerdict<S extends Schema, What extends string> =
  {} extends InputOf<S> ? unknown : Refused<`the schema of ${What} must accept {}: give each field a default`>
