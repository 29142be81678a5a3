import { StepwrightError } from '../../src/errors/stepwright-error.ts'
import type { Batch, Collection, Entry, Range, Row, Store, StoredRow } from '../../src/store/store.ts'

/** A call that a process has made and the scheduler has not let through yet. */
export interface PendingCall {
  readonly owner: string
  readonly isWrite: boolean
  /** Does it, or makes it fail. */
  settle(how: 'ok' | 'fail' | 'lose-reply'): Promise<void>
}

/** What the scheduler holds back. */
export interface Calls {
  readonly pending: PendingCall[]
}

/** The store as one simulated process sees it: nothing happens until the scheduler says so. */
export class SimStore implements Store {
  readonly name = 'simulated'
  readonly shared = true
  readonly snapshots = true
  readonly #inner: Store
  readonly #calls: Calls
  readonly #owner: string

  constructor(inner: Store, calls: Calls, owner: string) {
    this.#inner = inner
    this.#calls = calls
    this.#owner = owner
  }

  open(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    return this.#hold(false, () => this.#inner.get(collection, keys))
  }

  list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    return this.#hold(false, () => this.#inner.list(collection, range))
  }

  write(batch: Batch): Promise<boolean> {
    return this.#hold(true, () => this.#inner.write(batch))
  }

  rows(): AsyncIterable<readonly StoredRow[]> {
    return this.#inner.rows()
  }

  restore(rows: readonly StoredRow[]): Promise<void> {
    return this.#hold(true, () => this.#inner.restore(rows))
  }

  #hold<T>(isWrite: boolean, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = async (how: 'ok' | 'fail' | 'lose-reply'): Promise<void> => {
        if (how === 'fail') return reject(away())
        try {
          const answer = await work()
          if (how === 'ok') resolve(answer)
          else reject(away())
        } catch (error) {
          reject(error as Error)
        }
      }
      this.#calls.pending.push({ owner: this.#owner, isWrite, settle })
    })
  }
}

function away(): StepwrightError {
  return new StepwrightError('store-unavailable', {
    what: 'The simulated store is away',
    remedy: 'Try again',
  })
}
