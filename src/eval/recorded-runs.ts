import { RunStore, type RunFilter } from '../control/run-store.ts'
import { systemHost } from '../model/host.ts'
import { idleKernel } from '../runtime/kernel.ts'
import { makeStore, type StoreOption } from '../store/open-store.ts'
import { sealOf } from '../store/seal.ts'
import type { Item } from './item.ts'
import { Tracer } from './trace.ts'

/**
 * Recorded runs as a dataset: their inputs, and as expected their outputs, paths and tools. Those that have completed,
 * unless the filter says otherwise; the oldest first.
 *
 * @example
 * data: fromRuns('sqlite:runs.db', { workflow: 'article', limit: 50 })
 */
export async function* fromRuns(
  from: StoreOption,
  filter: RunFilter = {},
): AsyncGenerator<Item<never, never>> {
  const store = makeStore(from)
  try {
    await store.open()
    const runs = new RunStore(idleKernel(store, systemHost, sealOf()))
    const views = await runs.list({ status: 'completed', ...filter })
    for (const { id, status, data } of views.toReversed()) {
      const tracer = new Tracer()
      tracer.tell(...(await runs.history(id, 0)))
      const started = tracer.history.find((each) => each.type === 'started')
      if (!started) continue // its history was not kept
      const { path, tools } = tracer
      const expected = status === 'completed' ? { expected: data as never } : {}
      yield { name: id, input: started.data as never, ...expected, path, tools }
    }
  } finally {
    if (store !== from) await store.close()
  }
}
