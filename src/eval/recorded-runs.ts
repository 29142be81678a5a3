import { existsSync } from 'node:fs'
import { RunStore, type RunFilter } from '../control/run-store.ts'
import type { RunView } from '../control/run-view.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { hashOf } from '../llm/request-hash.ts'
import { systemHost } from '../model/host.ts'
import { spentWithChildren } from '../model/run.ts'
import { idleKernel } from '../runtime/kernel.ts'
import { makeStore, type StoreOption } from '../store/open-store.ts'
import { sealOf } from '../store/seal.ts'
import { calledTools } from './called-tools.ts'
import type { Item } from './item.ts'
import { Tracer } from './trace.ts'

/** Which recorded runs are taken. Default: those that have completed, the newest 100. */
export interface RecordedFilter extends RunFilter {
  /** Only that share of them, from 0 to 1, drawn by their ids: the same runs each time. */
  readonly sample?: number
}

/**
 * Recorded runs as a dataset to be run again: their inputs, and as expected their outputs, paths and tools. The oldest
 * first.
 *
 * @example
 * data: fromRuns('sqlite:runs.db', { workflow: 'article', limit: 50 })
 */
export async function* fromRuns(
  store: StoreOption,
  filter: RecordedFilter = {},
): AsyncGenerator<Item<never, never>> {
  for await (const { view, input, tracer } of recorded(store, filter)) {
    const { path, tools } = tracer
    const expected = view.status === 'completed' ? { expected: view.data as never } : {}
    yield { name: view.id, input: input as never, ...expected, path, tools }
  }
}

/**
 * Recorded runs as they came out, to be judged without running them again: a sample of live runs.
 *
 * @example
 * evaluation({ name: 'live', data: outcomesOf('sqlite:runs.db', { sample: 0.1 }), scorers: [judge(llm, RUBRIC)] })
 */
export async function* outcomesOf(
  store: StoreOption,
  filter: RecordedFilter = {},
): AsyncGenerator<Item<never, never>> {
  for await (const { view, input, tracer } of recorded(store, filter)) {
    const { path, tools } = tracer
    yield {
      name: view.id,
      input: input as never,
      recorded: { output: view.data, path, tools, spent: spentWithChildren(view) },
    }
  }
}

interface Recorded {
  readonly view: RunView
  readonly input: unknown
  readonly tracer: Tracer
}

async function* recorded(
  from: StoreOption,
  { sample = 1, ...filter }: RecordedFilter,
): AsyncGenerator<Recorded> {
  const store = makeStore(mustExist(from))
  try {
    await store.open()
    const runs = new RunStore(idleKernel(store, systemHost, sealOf()))
    const views = await runs.list({ status: 'completed', ...filter })
    for (const view of views.toReversed().filter(({ id }) => shareOf(id) < sample)) {
      const tracer = new Tracer()
      tracer.tell(...(await runs.history(view.id, 0)))
      tracer.called(await calledTools(view.id, tracer.history, runs, store))
      const started = tracer.history.find(({ type }) => type === 'started')
      if (started && 'data' in started) yield { view, input: started.data, tracer }
    }
  } finally {
    if (store !== from) await store.close()
  }
}

/** From 0 to 1, the same for an id each time. */
function shareOf(id: string): number {
  return Buffer.from(hashOf(id), 'base64url').readUInt32BE() / 2 ** 32
}

/** Reading must not create an empty database where a name was misspelt. */
function mustExist(store: StoreOption): StoreOption {
  const file = typeof store === 'string' ? /^sqlite:(?!file:)([^?]+)/.exec(store)?.[1] : undefined
  if (file === undefined || existsSync(file)) return store
  throw new StepwrightError('store-unusable', {
    what: `There is no store file ${quote(file)}`,
    remedy: 'Name the one that runs are kept in',
    details: { store, file },
  })
}
