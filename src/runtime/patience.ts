import { isAway, type Patience } from '../store/run-document.ts'
import type { Store } from '../store/store.ts'
import type { Kernel } from './kernel.ts'

/** While the store is away, waits longer and longer, and gives up only when the worker is stopped. */
export function makePatience({
  kernel,
  stop,
}: {
  readonly kernel: Kernel
  readonly stop: AbortSignal
}): Patience {
  return (error, tries) => {
    if (tries === 1) kernel.warn(error.message)
    if (stop.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const cancel = kernel.host.alarm(kernel.host.now() + Math.min(50 * 2 ** tries, 2_000), () =>
        resolve(true),
      )
      stop.addEventListener('abort', () => (cancel(), resolve(false)), { once: true })
    })
  }
}

/** Does something that may be done twice, again for as long as the store is away. */
export async function patiently<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!isAway(error)) throw error
      if (!(await patience(error, tries))) throw error
    }
  }
}

/** A store whose reads wait for it to come back. */
export function patientReads(store: Store, patience: Patience): Store {
  return {
    name: store.name,
    shared: store.shared,
    snapshots: store.snapshots,
    open: () => store.open(),
    close: () => store.close(),
    write: (batch) => store.write(batch),
    rows: () => store.rows(),
    restore: (rows) => store.restore(rows),
    get: (...args) => patiently(() => store.get(...args), patience),
    list: (...args) => patiently(() => store.list(...args), patience),
  }
}
