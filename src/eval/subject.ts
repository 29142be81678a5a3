import type { Item } from './item.ts'
import type { Tracer } from './trace.ts'

/** What is evaluated: gives the output for the input of an item. */
export type Subject = (item: Item, how: Doing) => Promise<unknown>

/** How one item is done. */
export interface Doing {
  /** Not used by any other item, nor by another evaluation. */
  readonly id: string
  readonly resources: object
  readonly tracer: Tracer
  /** Fires when it is out of time. */
  readonly signal: AbortSignal
}
