import type { z } from 'zod'
import { emptySchema, type InputOf, type OutputOf, type Schema } from '../model/schema.ts'
import type { ErrorMatch, Failure } from '../model/failure.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Declaration } from './declaration.ts'
import { HANDLER_KINDS, noteHandler, noteMigration, type HandlerKind } from './handlers.ts'
import { makeMove } from './move.ts'
import type { Declared } from './declared.ts'
import type { OneOrSeveral } from './policy.ts'
import { keepDefinition } from './read-definition.ts'
import type { Each, Key, ObjectSchema, OneOrMany } from './shape.ts'
import type { DefaultsVerdict, Refused } from './verdict.ts'

type Values<E> = E[keyof E & string]
type Nothing = z.ZodType<{}, {}>

/** Where a transaction goes that was undone: for all errors, or those that `error` names. */
type Rescue<M> = {
  [S in keyof M]: M[S] extends ObjectSchema
    ? {
        readonly to: S
        readonly with: InputOf<M[S]> | ((failure: Failure) => InputOf<M[S]>)
        readonly error?: OneOrMany<ErrorMatch>
      }
    : never
}[keyof M]

/** States that are undone together, and where the run goes then: one way, or several, of which the first that fits counts. */
export interface TransactionOption<M> {
  readonly states: readonly (keyof M)[]
  readonly catch: OneOrSeveral<Rescue<M>>
}

/** Options of {@link states}. */
export interface StatesOptions<
  I,
  F,
  G,
  V extends Schema,
  S extends Schema,
  C extends Schema,
  R,
  P,
  Q,
  T,
  B,
  M,
> {
  /** The state a run begins in; its schema is the run's input. */
  readonly initial: I
  /** The states a run ends in; what they receive is the run's output. */
  readonly final: F
  /** The signals a run accepts from outside, with the schema of their payload. */
  readonly signals?: G
  /** Makes signals updates: what their sender is answered with, by the name of the signal. */
  readonly replies?: P
  /** Questions that can be asked of a run, with what they are answered with. */
  readonly queries?: Q
  /** The result of one item of a map, by state. */
  readonly items?: T
  /** The result of each branch of a parallel state, by state. */
  readonly branches?: B
  /** Groups of states that are undone together when one of them fails, while the rest of the run stays. */
  readonly transactions?: Readonly<Record<string, TransactionOption<M>>>
  /** Values of the whole run, changed only by the third argument of `go`. Must accept `{}`. */
  readonly vars?: V & DefaultsVerdict<V, 'vars'>
  /** State shared by all runs with one session id. Must accept `{}`. */
  readonly session?: S & DefaultsVerdict<S, 'session'>
  /** Values of the deployment, validated once by `createEngine`. */
  readonly config?: C
  /** What the application injects: `resources<{ llm: Llm }>()`. */
  readonly resources?: R
}

/**
 * Declares the states of a workflow: an enum (string, numeric, or a const object), what each state receives, where it
 * begins and ends. Gives back the decorators that are bound to it, and `go`.
 *
 * @throws StepwrightError `invalid-definition`, with every problem that can be seen here.
 * @example
 * enum State { Ask = 'ask', Done = 'done' }
 * const Quiz = states(State, {
 *   [State.Ask]: z.object({ question: z.string() }),
 *   [State.Done]: z.object({ answer: z.string() }),
 * }, { initial: State.Ask, final: State.Done })
 */
export function states<
  const E extends Readonly<Record<string, Key>>,
  const M extends { readonly [K in Values<E>]: ObjectSchema },
  const I extends Values<E>,
  const F extends OneOrMany<Exclude<Values<E>, I>>,
  const G extends Readonly<Record<string, ObjectSchema>> = {},
  V extends Schema = Nothing,
  S extends Schema = Nothing,
  C extends Schema = Nothing,
  R extends object = {},
  const P extends { readonly [N in keyof G]?: Schema } = {},
  const Q extends Readonly<Record<string, Schema>> = {},
  const T extends { readonly [K in Values<E>]?: Schema } = {},
  const B extends { readonly [K in Values<E>]?: Readonly<Record<string, Schema>> } = {},
>(
  members: E,
  schemas: M & { readonly [K in Exclude<keyof M, Values<E>>]: Refused<`the enum has no state ${K & Key}`> },
  options: StatesOptions<I, F, G, V, S, C, R, P, Q, T, B, M>,
): Declaration<{
  names: E
  state: Values<E>
  initial: I
  final: Each<F>
  data: M
  signals: G
  replies: P extends Readonly<Record<string, Schema>> ? P : never
  queries: Q
  items: T extends Readonly<Record<Key, Schema>> ? T : never
  branches: B extends Readonly<Record<Key, Readonly<Record<string, Schema>>>> ? B : never
  vars: OutputOf<V>
  session: OutputOf<S>
  config: OutputOf<C>
  configGiven: InputOf<C>
  resources: R
}> {
  const names = namesOf(members)
  const declared: Declared = {
    names,
    schemas: new Map(
      Object.entries(schemas).map(([value, schema]) => [nameOf(names, value), schema as Schema]),
    ),
    initial: options.initial,
    final: [options.final].flat() as Key[],
    signals: new Map(Object.entries(options.signals ?? {})),
    replies: new Map(Object.entries(options.replies ?? {}) as [string, Schema][]),
    queries: new Map(Object.entries(options.queries ?? {})),
    items: new Map(
      Object.entries(options.items ?? {}).map(([key, schema]) => [nameOf(names, key), schema as Schema]),
    ),
    branches: new Map(
      Object.entries(options.branches ?? {}).map(([key, branches]) => [
        nameOf(names, key),
        new Map(Object.entries(branches as Readonly<Record<string, Schema>>)),
      ]),
    ),
    transactions: (options.transactions ?? {}) as Declared['transactions'],
    vars: options.vars ?? emptySchema,
    session: options.session,
    config: options.config ?? emptySchema,
  }
  const note =
    (kind: HandlerKind) =>
    (of: Key, ...options: unknown[]) =>
    (_method: unknown, context: ClassMethodDecoratorContext) =>
      noteHandler(context, { kind, state: of, options: readOptions(kind, options), of: declaration })
  const declaration = {
    schemas,
    workflow:
      (workflowOptions: object = {}) =>
      (target: new () => object, context: ClassDecoratorContext) =>
        keepDefinition(target, context, declaration, declared, workflowOptions),
    migrate: (options: object) => (_target: unknown, context: ClassDecoratorContext) =>
      noteMigration(context, options),
    ...Object.fromEntries(HANDLER_KINDS.map((kind) => [kind, note(kind)])),
    go: (state: Key, data: unknown, vars?: Readonly<Record<string, unknown>>) =>
      makeMove({ to: names.get(state) ?? String(state), data, vars }),
  }
  return Object.freeze(declaration) as never
}

/** The options of a decorator; a branch also has a name. */
function readOptions(kind: HandlerKind, options: readonly unknown[]): Readonly<Record<string, unknown>> {
  const [first, second] = options
  return kind === 'branch'
    ? { ...(second as object | undefined), branch: first }
    : ((first ?? {}) as Readonly<Record<string, unknown>>)
}

/** Names the type of the injected resources in {@link states}; holds no value. */
export function resources<R extends object>(): R {
  return {} as R
}

/** Member to stored name: a string member's value, a numeric member's own name (its number may change with the order). */
function namesOf(members: Readonly<Record<string, Key>>): ReadonlyMap<Key, string> {
  const names = new Map<Key, string>()
  for (const [member, value] of Object.entries(members)) {
    const reverse =
      typeof value === 'string' && typeof members[value] === 'number' && String(members[value]) === member
    if (reverse) continue
    const name = typeof value === 'number' ? member : value
    const twice = names.has(value) || [...names.values()].includes(name)
    if (twice || name === '') {
      throw new StepwrightError('invalid-definition', {
        what: twice
          ? `Two members of the enum are called ${quote(name)}`
          : `The enum's member ${quote(member)} is empty text`,
        remedy: 'Give each member a value of its own',
      })
    }
    names.set(value, name)
  }
  return names
}

/** Object keys are text, also where the member is a number. */
function nameOf(names: ReadonlyMap<Key, string>, key: string): string {
  return names.get(key) ?? names.get(Number(key)) ?? key
}
