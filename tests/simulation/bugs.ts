/** Bugs that can be planted, to see that the simulation would find them: each makes the store break one promise. */
import { PassingStore } from '../../src/store/passing-store.ts'
import type { Batch, Collection, Delete, Entry, Put, Range, Store } from '../../src/store/store.ts'
import type { Chance } from './chance.ts'

export const BUGS = {
  'no-revision-check': 'a run document is written whatever revision stands',
  'no-fence-check': 'what a batch checks without writing it is not checked',
  'acknowledged-before-written': 'a write is acknowledged, and done with the next one',
  'timer-forgotten': 'now and then an entry of the due list is not written',
  'inbox-kept': 'what is taken out of an inbox stays there',
  'torn-batch': 'now and then only half of a batch is written',
  'leases-forgotten': 'no lease is ever seen',
  'undo-kept': 'what was undone stays on the list',
  'session-overwritten': 'a session is written whatever revision stands',
  'ids-forgotten': 'ids of accepted signals are not told apart',
  'memo-lost': 'results saved inside a step are not kept',
} as const

/** One of {@link BUGS}. */
export type Bug = keyof typeof BUGS

/** A store with one bug. */
export class BuggyStore extends PassingStore {
  override readonly shared = true
  readonly #bug: Bug
  readonly #chance: Chance
  #late: Batch | undefined

  constructor(inner: Store, bug: Bug, chance: Chance) {
    super(inner)
    this.#bug = bug
    this.#chance = chance
  }

  override list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    if (this.#bug === 'leases-forgotten' && collection === 'worker') return Promise.resolve([])
    return this.inner.list(collection, range)
  }

  override async write(batch: Batch): Promise<boolean> {
    switch (this.#bug) {
      case 'no-revision-check':
        return this.inner.write({ ...batch, put: await this.#forced(batch, 'run') })
      case 'session-overwritten':
        return this.inner.write({ ...batch, put: await this.#forced(batch, 'session') })
      case 'no-fence-check':
        return this.inner.write({ ...batch, check: [] })
      case 'acknowledged-before-written': {
        const late = this.#late
        this.#late = batch
        if (late) await this.inner.write(late)
        return true
      }
      case 'timer-forgotten':
        return this.inner.write(puts(batch, (put) => put.collection !== 'due' || this.#chance.hits(0.7)))
      case 'inbox-kept':
        return this.inner.write(deletes(batch, ({ collection }) => collection !== 'inbox'))
      case 'undo-kept':
        return this.inner.write(deletes(batch, ({ collection }) => collection !== 'undo'))
      case 'memo-lost':
        return this.inner.write(puts(batch, ({ collection }) => collection !== 'memo'))
      case 'ids-forgotten':
        return this.inner.write(puts(batch, ({ collection }) => collection !== 'seen'))
      case 'torn-batch': {
        const { put = [] } = batch
        if (put.length < 2 || !this.#chance.hits(0.05)) return this.inner.write(batch)
        return this.inner.write({ ...batch, put: put.slice(put.length >> 1) })
      }
      default:
        return this.inner.write(batch)
    }
  }

  /** Puts of a collection name whatever revision stands. */
  async #forced({ put = [] }: Batch, collection: Collection): Promise<readonly Put[]> {
    return Promise.all(
      put.map(async (each) => {
        if (each.collection !== collection) return each
        const [row] = await this.inner.get(collection, [each.key])
        return { ...each, expect: row?.revision ?? 0 }
      }),
    )
  }
}

function puts(batch: Batch, keep: (put: Put) => boolean): Batch {
  return { ...batch, put: (batch.put ?? []).filter(keep) }
}

function deletes(batch: Batch, keep: (gone: Delete) => boolean): Batch {
  return { ...batch, delete: (batch.delete ?? []).filter(keep) }
}
