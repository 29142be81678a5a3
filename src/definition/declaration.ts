import type { OutputOf } from '../model/schema.ts'
import type {
  AnyClass,
  AnyMethod,
  Context,
  DataOf,
  Declares,
  Each,
  Go,
  Input,
  ItemContext,
  Join,
  Joined,
  Key,
  Moved,
  OneOrMany,
  OutcomeOf,
  SentTo,
  Settled,
  Shape,
  ShapeOf,
  Signal,
  Standing,
  StartOf,
  Working,
} from './shape.ts'
import type {
  AwaitedSignals,
  AwaitedTargets,
  Expiry,
  NoMore,
  OnError,
  OverOptions,
  Policy,
  ReminderOptions,
  StepPolicy,
  TimerOptions,
  Trying,
  WaitOptions,
  WorkflowOptions,
} from './policy.ts'
import type { MigrateOptions } from './migration.ts'
import type {
  ClassVerdict,
  GiverVerdict,
  JoinLabel,
  LabelOf,
  MoverVerdict,
  NameOf,
  StepVerdict,
  WaitVerdict,
} from './verdict.ts'

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

interface Mover<
  D extends Shape,
  F extends D['state'],
  T,
  Params extends readonly unknown[],
  What extends string,
> {
  <This, const M extends AnyMethod>(
    method: MoverVerdict<D, M, F, T, Params, What> & M,
    context: ClassMethodDecoratorContext<This>,
  ): void
}

interface Giver<
  D extends Shape,
  Of extends string,
  V,
  Params extends readonly unknown[],
  What extends string,
  C = Context<D>,
> {
  <This, const M extends AnyMethod>(
    method: GiverVerdict<D, M, Of, V, Params, What, C> & M,
    context: ClassMethodDecoratorContext<This>,
  ): void
}

type ItemInput<D extends Shape, F extends Key> = D['items'][F] extends {
  readonly '~standard': { readonly types?: infer T }
}
  ? NonNullable<T> extends { readonly input: infer I }
    ? I
    : unknown
  : never
type BranchInput<D extends Shape, F extends Key, B extends string> = D['branches'][F][B] extends {
  readonly '~standard': { readonly types?: infer T }
}
  ? NonNullable<T> extends { readonly input: infer I }
    ? I
    : unknown
  : never
type ItemOutput<D extends Shape, F extends Key> = OutputOf<D['items'][F]>

/** The results that a map hands on: as they are, or each as it ended where errors are collected. */
type Results<R, E extends OnError> = readonly ('fail' extends E ? R : Settled<R>)[]

/** What `states()` gives back: the decorators bound to its states, and `go`. */
export interface Declaration<D extends Shape> extends Declares<D> {
  /** What each state receives. */
  readonly schemas: D['data']

  /** Makes the class a workflow; all mistakes that can be seen by then are reported at once. */
  workflow(
    options?: WorkflowOptions<D>,
  ): <C extends AnyClass>(target: ClassVerdict<D, C> & C, context: ClassDecoratorContext<C>) => void

  /** The method handles `state` and goes to one of `to`. For a final state: a closing handler, without `to`. */
  step<const F extends D['state'], const T extends OneOrMany<D['state']> = never>(
    state: F,
    options?: { readonly to?: T } & StepPolicy<D, F>,
  ): Step<D, F, Each<T>>

  /** The run waits in `state` for one of the signals; the method handles the one that is counted last. */
  wait<const F extends Working<D>, const On extends AwaitedSignals<D>>(
    state: F,
    options: WaitOptions<D, F, On> & { readonly on: NoMore<On> },
  ): Wait<D, F, AwaitedTargets<On>, keyof On & keyof D['signals']>

  /** The run stands in `state` until a time has come; the method is called then. */
  timer<const F extends Working<D>, const T extends OneOrMany<D['state']>>(
    state: F,
    options: TimerOptions<D, F, T>,
  ): Mover<D, F, Each<T>, [Input<D, F>], ''>

  /** The method is called again and again while the run waits in `state`, and moves nothing. */
  reminder<const F extends Working<D>>(
    state: F,
    options: ReminderOptions,
  ): Giver<D, LabelOf<D, F>, unknown, [Input<D, F>], `In<${LabelOf<D, F>}>`>

  /** The method works on one item of `state`; `reduce` is called with all results and goes on. */
  map<
    const F extends Working<D> & keyof D['items'],
    Item,
    const T extends OneOrMany<D['state']>,
    const E extends OnError = 'fail',
  >(
    state: F,
    options: OverOptions<D, F, Item, T, E> & {
      readonly reduce: (
        results: Results<ItemOutput<D, F>, E>,
        input: DataOf<D, F>,
        context: Context<D>,
      ) => Go<NoInfer<Each<T>>> | Promise<Go<NoInfer<Each<T>>>>
    },
  ): Giver<
    D,
    LabelOf<D, F>,
    ItemInput<D, F>,
    [NoInfer<Item>, Input<D, F>],
    `item, In<${LabelOf<D, F>}>`,
    ItemContext<D, NoInfer<Item>>
  >

  /** Starts a child run for each item of `state`; the method is called with what they ended with. */
  children<
    const F extends Working<D>,
    C extends AnyClass,
    Item,
    const T extends OneOrMany<D['state']>,
    const E extends OnError = 'fail',
  >(
    state: F,
    options: OverOptions<D, F, Item, T, E> & {
      readonly workflow: C
      readonly input: (item: NoInfer<Item>, input: DataOf<D, F>) => StartOf<ShapeOf<C>>
    },
  ): Mover<
    D,
    F,
    Each<T>,
    [Results<OutcomeOf<ShapeOf<C>>, E>, Input<D, F>],
    `${'fail' extends E ? 'outcomes' : 'settled outcomes'} of the children, `
  >

  /** All branches of `state` begin when it is entered; the method is called when they are joined. */
  parallel<
    const F extends Working<D> & keyof D['branches'],
    const T extends OneOrMany<D['state']>,
    const J extends Join = 'all',
  >(
    state: F,
    options: Policy<D, F> & {
      readonly to: T
      /**
       * `'all'` (default): every one must succeed; `'any'`: the first that succeeds; `'settled'`: all have ended, well or
       * not; a number: so many have succeeded; a pure function of what has ended so far. What is still at work then is aborted.
       */
      readonly join?: J
    },
  ): Mover<D, F, Each<T>, [Joined<D, F, J>, Input<D, F>], `Joined<${LabelOf<D, F>}${JoinLabel<J>}>, `>

  /** The method does one branch of a parallel state and gives its result. */
  branch<const F extends Working<D> & keyof D['branches'], const B extends keyof D['branches'][F] & string>(
    state: F,
    name: B,
    options?: Trying & { readonly description?: string },
  ): Giver<D, `"${NameOf<D, F>}/${B}"`, BranchInput<D, F, B>, [Input<D, F>], `In<${LabelOf<D, F>}>`>

  /** Starts a run of another workflow; the method is called with what it ended with, or with the signal that came first. */
  child<
    const F extends Working<D>,
    C extends AnyClass,
    const T extends OneOrMany<D['state']>,
    const On extends AwaitedSignals<D> = {},
    const X extends boolean = false,
  >(
    state: F,
    options: Policy<D, F> & {
      readonly workflow: C
      readonly input: (input: DataOf<D, F>) => StartOf<ShapeOf<C>>
      readonly to: T
      /** Default: named by this run, state and visit. A run of that id that exists already is this child. */
      readonly id?: (input: DataOf<D, F>) => string
      /** `true`: the run goes on at once, with the child's id, and neither waits for it nor cancels it. */
      readonly detached?: X
      /** Signals that may come first; the child is cancelled then. */
      readonly on?: On & NoMore<On>
      readonly expires?: Expiry<D, F>
    },
  ): Mover<
    D,
    F,
    Each<T> | AwaitedTargets<On>,
    [
      (
        | (true extends X ? { readonly id: string } : OutcomeOf<ShapeOf<C>>)
        | (keyof On extends never ? never : Signal<D, keyof On & keyof D['signals']>)
      ),
      Input<D, F>,
    ],
    `${true extends X ? '{ id }' : 'outcome of the child'}${keyof On extends never ? '' : ` | On<${keyof On & string}>`}, `
  >

  /** Undoes one visit of `state` that was committed: called with its input and where it went. */
  compensate<const F extends Exclude<Working<D>, keyof D['items']>>(
    state: F,
    options?: Trying,
  ): Giver<D, LabelOf<D, F>, unknown, [Input<D, F>, Moved<D>], `In<${LabelOf<D, F>}>, result`>
  /** Undoes one item of a map: called with its result and the item, whose type only `@map` knows. */
  compensate<const F extends Working<D> & keyof D['items']>(
    state: F,
    options?: Trying,
  ): Giver<D, LabelOf<D, F>, unknown, [ItemOutput<D, F>, never], 'result, item'>
  /** Undoes one branch: called with the state's input and the branch's result. */
  compensate<
    const F extends Working<D> & keyof D['branches'],
    const B extends keyof D['branches'][F] & string,
  >(
    state: F,
    options: Trying & { readonly branch: B },
  ): Giver<
    D,
    `"${NameOf<D, F>}/${B}"`,
    unknown,
    [Input<D, F>, OutputOf<D['branches'][F][B]>],
    `In<${LabelOf<D, F>}>, result`
  >

  /** The method answers a question about a run: it reads, and writes nothing. */
  query<const N extends keyof D['queries'] & string>(
    name: N,
  ): Giver<D, `query "${N}"`, OutputOf<D['queries'][N]>, [Standing<D>], 'Standing'>

  /** How runs of an older version go on here; on the class, under `@workflow`. */
  migrate<const Old = never>(
    options: MigrateOptions<D, Old>,
  ): <C extends AnyClass>(target: C, context: ClassDecoratorContext<C>) => void

  /** Moves to `state` with `data`, and changes `vars` where given. */
  go<const S extends D['state']>(state: S, data: SentTo<D, S>, vars?: Partial<D['vars']>): Go<S>
}
