import type {
  AnyClass,
  Go,
  OneOrMany,
  Shape,
  ShapeOf,
  StartOf,
  TargetsFrom,
  Working,
} from '../../definition/shape.ts'
import type { InputOf, Schema } from '../../model/schema.ts'

type Given<S> = S extends Schema ? InputOf<S> : never

/**
 * What generated tests cannot know by themselves. All of it is optional: what is left out is made from the schemas, the
 * same in every run.
 */
export interface CoverOptions<C extends AnyClass, D extends Shape = ShapeOf<C>> {
  /** What runs start with. */
  readonly input?: StartOf<D>
  /**
   * How the handlers of a state come out: the moves they make, one for each target that needs another than a made-up one;
   * or `'real'` to call them.
   */
  readonly outcomes?: { readonly [S in Working<D>]?: OneOrMany<Go<TargetsFrom<C, S>>> | 'real' }
  /** Results of the items of a map, by state. */
  readonly items?: { readonly [S in keyof D['items']]?: Given<D['items'][S]> }
  /** Results of the branches of a parallel state, by state. */
  readonly branches?: {
    readonly [S in keyof D['branches']]?: {
      readonly [B in keyof D['branches'][S]]?: Given<D['branches'][S][B]>
    }
  }
  /** Payloads of signals. */
  readonly signals?: { readonly [N in keyof D['signals']]?: InputOf<D['signals'][N]> }
  /** Answers to updates. */
  readonly replies?: { readonly [N in keyof D['replies']]?: Given<D['replies'][N]> }
  /** For handlers that are `'real'`. */
  readonly resources?: Partial<D['resources']>
  readonly config?: D['configGiven']
}
