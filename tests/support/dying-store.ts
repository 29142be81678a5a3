import { FaultyStore } from 'stepwright/testing'
import type { Store } from '../../src/store/store.ts'

/** A store whose process dies at its nth write, just before or just after it lands: from then on nothing answers. */
export class DyingStore extends FaultyStore {
  constructor(inner: Store, at = Infinity, lands = false) {
    super(inner, ({ verb, write }) => (verb === 'write' && write === at ? { type: 'die', lands } : undefined))
  }
}
