import type { Schema } from '../model/schema.ts'
import type { Key } from './shape.ts'

/** The arguments of `states()`, with stored names. */
export interface Declared {
  readonly names: ReadonlyMap<Key, string>
  readonly schemas: ReadonlyMap<string, Schema>
  readonly initial: Key
  readonly final: readonly Key[]
  readonly signals: ReadonlyMap<string, Schema>
  readonly replies: ReadonlyMap<string, Schema>
  readonly queries: ReadonlyMap<string, Schema>
  readonly items: ReadonlyMap<string, Schema>
  readonly branches: ReadonlyMap<string, ReadonlyMap<string, Schema>>
  readonly transactions: Readonly<
    Record<string, { readonly states: readonly Key[]; readonly catch: unknown }>
  >
  readonly vars: Schema
  readonly session: Schema | undefined
  readonly config: Schema
}
