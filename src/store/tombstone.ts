import { z } from 'zod'
import type { Put, Row } from './store.ts'

/** How the tags of runs begin that are being removed. */
export const REMOVED = 'removed/'
const MARK = '{"removed":true,'

const schema = z.object({ segments: z.array(z.string()), pieces: z.array(z.string()) })

/**
 * What stands in the place of a run's document while all that belongs to the run is removed: nobody finds a run there,
 * no start can take its id yet, and whoever goes on finds what is left.
 */
export interface Tombstone {
  /** Sealed history that is still there. */
  readonly segments: readonly string[]
  /** References to pieces that are still there, besides those of the history. */
  readonly pieces: readonly string[]
}

export function isTombstone({ value }: Row): boolean {
  return value.startsWith(MARK)
}

export function tombstonePut(id: string, { segments, pieces }: Tombstone, expect: number): Put {
  const value = `${MARK}${JSON.stringify({ segments, pieces }).slice(1)}`
  return { collection: 'run', key: id, value, expect, tag: REMOVED }
}

export function readTombstone({ value }: Row): Tombstone {
  return schema.parse(JSON.parse(value))
}
