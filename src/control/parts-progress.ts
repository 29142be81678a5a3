import type { StateDefinition } from '../definition/definition.ts'
import { visitOf } from '../model/run.ts'
import type { PartSettled } from '../runtime/kernel.ts'

/** How far the branches, items or child run of the state a run stands in have come. */
export interface PartsProgress {
  readonly run: string
  readonly state: string
  readonly visit: number
  readonly of: 'items' | 'branches' | 'child'
  /** How many have ended well. */
  readonly done: number
  /** How many have failed for good. */
  readonly failed: number
  /** How many are known. */
  readonly total: number
  /** A stream of items has not been read to its end: there may be more than `total`. */
  readonly more: boolean
}

const OF = { map: 'items', parallel: 'branches', child: 'child' } as const

/** What the end of a part says of all of them; `undefined` where it has not ended. */
export function progressOf(
  { of: { run }, part: { status }, book }: PartSettled,
  kind: StateDefinition['kind'] | undefined,
): PartsProgress | undefined {
  if (status !== 'done' && status !== 'failed') return undefined
  if (kind !== 'map' && kind !== 'parallel' && kind !== 'child') return undefined
  const { done, failed, total } = book.tally
  const { id, state } = run
  return { run: id, state, visit: visitOf(run), of: OF[kind], done, failed, total, more: !book.queue.ended }
}
