/** Rows that nothing needs any more, of runs that go on and of none. */
import { joinKey } from '../model/identifier.ts'
import { isEnded, isParked } from '../model/status.ts'
import { decode } from '../store/codec.ts'
import { unseal } from '../store/sealed-row.ts'
import type { Batch, Collection, Entry, Store } from '../store/store.ts'
import type { Kernel } from '../runtime/kernel.ts'
import type { Rule } from './retention.ts'
import type { RunStore } from './run-store.ts'
import type { RunView } from './run-view.ts'

/** What pruning works with. */
export interface PruneParts {
  readonly runs: RunStore
  readonly kernel: Kernel
  /** Ends it between two runs. */
  readonly stop?: AbortSignal
}

const PAGE = 500

/** Deletes what has run out; gives the number of rows. */
export async function sweep(rule: Rule, parts: PruneParts): Promise<number> {
  const { store, host } = parts.kernel
  const now = host.now()
  const run = (work: (page: readonly Entry[]) => Promise<number>, collection: Collection): Promise<number> =>
    eachPage(store, collection, parts.stop, work)
  return (
    (await run((page) => sweepSeen(page, now - rule.seenMs, store), 'seen')) +
    (await run((page) => sweepTokens(page, now, store), 'callback')) +
    (await run((page) => sweepCache(page, now, store), 'cache')) +
    (await run((page) => sweepVisits(page, 'part', parts), 'part')) +
    (await run((page) => sweepVisits(page, 'memo', parts), 'memo'))
  )
}

async function eachPage(
  store: Store,
  collection: Collection,
  stop: AbortSignal | undefined,
  work: (page: readonly Entry[]) => Promise<number>,
): Promise<number> {
  const values = collection !== 'part' && collection !== 'memo'
  let swept = 0
  for (let after: string | undefined; !stop?.aborted;) {
    const page = await store.list(collection, {
      limit: PAGE,
      values,
      ...(after === undefined ? {} : { after }),
    })
    if (page.length > 0) swept += await work(page)
    if (page.length < PAGE) break
    after = page.at(-1)?.key
    await new Promise(setImmediate)
  }
  return swept
}

async function deleted(
  store: Store,
  gone: NonNullable<Batch['delete']>,
  check: Batch['check'] = [],
): Promise<number> {
  return gone.length > 0 && (await store.write({ delete: gone, check })) ? gone.length : 0
}

/** I6 An id is forgotten after its time, and with it the answer to an update of that id. */
async function sweepSeen(page: readonly Entry[], until: number, store: Store): Promise<number> {
  const old = page.filter(
    ({ value }) => ((JSON.parse(value ?? '{}') as { at?: number }).at ?? Infinity) < until,
  )
  const gone = old.flatMap(({ key }) => [
    { collection: 'seen', key } as const,
    { collection: 'reply', key } as const,
  ])
  return deleted(store, gone)
}

async function sweepTokens(page: readonly Entry[], now: number, store: Store): Promise<number> {
  const old = page.filter(
    ({ value }) => ((JSON.parse(value ?? '{}') as { until?: number }).until ?? Infinity) <= now,
  )
  const gone = old.flatMap(({ key }) => [
    { collection: 'callback', key } as const,
    { collection: 'token', key: key.split('/')[1] ?? '' } as const,
  ])
  return deleted(store, gone)
}

/** A result that is made anew at this moment has another revision, and stays. */
async function sweepCache(page: readonly Entry[], now: number, store: Store): Promise<number> {
  let swept = 0
  for (const { key, value } of page) {
    if (((decode(unseal(value, 'A cached result')) as { until?: number }).until ?? Infinity) > now) continue
    const [row] = await store.get('cache', [key])
    if (row?.value !== value || row === undefined) continue
    const check = [{ collection: 'cache', key, revision: row.revision } as const]
    swept += await deleted(store, [{ collection: 'cache', key }], check)
  }
  return swept
}

/** What was kept of visits that were left and cannot be undone any more. Nothing of a run that failed: it may be retried. */
async function sweepVisits(
  page: readonly Entry[],
  collection: 'part' | 'memo',
  parts: PruneParts,
): Promise<number> {
  let swept = 0
  for (const [prefix, rows] of Map.groupBy(page, ({ key }) => key.split('/', 1)[0] ?? '')) {
    const id = decodeURIComponent(prefix)
    const view = await parts.runs.findAny(id)
    if (view && (isEnded(view.status) || isParked(view.status))) continue
    const kept = view ? await visitsOf(view, parts) : undefined
    if (!view || !kept) continue
    const gone = rows.filter(({ key }) => !kept.has(visitIn(key)))
    const check = [{ collection: 'run', key: id, revision: view.revision } as const]
    swept += await deleted(
      parts.kernel.store,
      gone.map(({ key }) => ({ collection, key })),
      check,
    )
  }
  return swept
}

/** The visits whose rows are needed: the present one, and those that can be undone. */
async function visitsOf(
  { id, state, visits }: RunView,
  { kernel }: PruneParts,
): Promise<ReadonlySet<string>> {
  const limit = Number.MAX_SAFE_INTEGER
  const entries = await kernel.store.list('undo', { prefix: `${joinKey(id)}/`, limit, values: true })
  const undoable = entries.map(
    ({ value }) => unseal(value, 'What can be undone') as { state: string; visit: number },
  )
  const present = { state, visit: visits[state] ?? 0 }
  return new Set([present, ...undoable].map((each) => `${each.state}/${each.visit}`))
}

function visitIn(key: string): string {
  const [, state = '', visit = ''] = key.split('/')
  return `${decodeURIComponent(state)}/${visit}`
}
