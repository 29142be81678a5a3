import type { DataOf, Declares, Go, Key, Shape, ShapeOf } from './shape.ts'

type OldShape<Old> = [Old] extends [never]
  ? never
  : Old extends Declares<infer D extends Shape>
    ? D
    : ShapeOf<Old>

/** The states of an older version, by the names that are stored. */
type OldStates<D extends Shape> = {
  [S in D['state']]: S extends string
    ? S
    : { [K in keyof D['names'] & string]: D['names'][K] extends S ? K : never }[keyof D['names'] & string]
}[D['state']]

/** Where a run that stands in an old state goes on: in a state with the same data, or where the function says. */
type Way<D extends Shape, Data> =
  D['state'] | ((data: Data, vars: Readonly<Record<string, unknown>>) => Go<D['state']>)

type DataBehind<O extends Shape, N> = {
  [S in O['state']]: (
    S extends string ? S : { [K in keyof O['names']]: O['names'][K] extends S ? K : never }[keyof O['names']]
  ) extends N
    ? DataOf<O, S & Key>
    : never
}[O['state']]

type FinalNames<O extends Shape> = {
  [S in O['final']]: S extends string
    ? S
    : { [K in keyof O['names'] & string]: O['names'][K] extends S ? K : never }[keyof O['names'] & string]
}[O['final']]

/** Options of `@migrate`: the states of the old version, each with its way into this one. */
export interface MigrateOptions<D extends Shape, Old> {
  /** The version that is mapped. */
  readonly from: number
  /** The class or declaration of the old version: with it, a state that is left out does not compile. */
  readonly of?: Old
  readonly states: [Old] extends [never]
    ? Readonly<Record<string, Way<D, never>>>
    : {
        readonly [N in Exclude<OldStates<OldShape<Old>>, FinalNames<OldShape<Old>>>]: Way<
          D,
          DataBehind<OldShape<Old>, N>
        >
      }
}
