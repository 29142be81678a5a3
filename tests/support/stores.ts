import { afterAll, beforeAll } from 'vitest'
import { StoreKinds, type StoreKind } from './store-kind.ts'

export { freshName, type StoreKind } from './store-kind.ts'

/** The kinds of stores that every suite runs on. Call it once at the top of a test file. */
export function storeKinds(
  kinds: readonly StoreKind['kind'][] = ['memory', 'sqlite', 'redis', 'keyv'],
): readonly StoreKind[] {
  const opened = new StoreKinds(kinds)
  beforeAll(() => opened.start())
  afterAll(() => opened.stop())
  return opened.all
}
