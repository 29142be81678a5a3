/** Rows that lie beside the document of a run and belong to it by their keys, each with a checksum of its own. */
import { joinKey } from '../model/identifier.ts'
import { isSound, unseal } from './sealed-row.ts'
import type { Store } from './store.ts'

/** Letters, saved results, what parts have come to, and what is to be undone. */
export const SIDES = ['inbox', 'memo', 'part', 'undo'] as const

/** One of them. */
export interface SideRow {
  readonly collection: (typeof SIDES)[number]
  readonly key: string
  /** What it holds, encoded; `undefined`: it is not as it was written. */
  readonly encoded: unknown
}

/** All that lie beside a run, a page at a time. */
export async function* sideRows(store: Store, run: string): AsyncGenerator<readonly SideRow[]> {
  const prefix = `${joinKey(run)}/`
  for (const collection of SIDES)
    for (let after: string | undefined; ;) {
      const more = after === undefined ? {} : { after }
      const page = await store.list(collection, { prefix, limit: 1_000, values: true, ...more })
      yield page.map(({ key, value = '' }) => {
        const encoded = isSound(value) ? unseal(value, key) : undefined
        return { collection, key, encoded }
      })
      if (page.length < 1_000) break
      after = page.at(-1)?.key
    }
}
