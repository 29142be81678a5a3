/**
 * Removes runs that have ended and are kept no longer, and what nothing needs any more.
 *
 * A run stays while another one may still ask for it: a child of a parent that has not ended, or that failed and may
 * be retried. Forks have pieces of their own, so what they came from may go.
 */
import { joinKey } from '../model/identifier.ts'
import { isEnded, type Status } from '../model/status.ts'
import { finishRemovals, removeRun } from '../store/removal.ts'
import type { Delete } from '../store/store.ts'
import { startedKey } from '../runtime/creation.ts'
import { readRetention, type Retention, type Rule } from './retention.ts'
import type { RunStore } from './run-store.ts'
import type { RunView } from './run-view.ts'
import { sweep, type PruneParts } from './sweeping.ts'

/** What to prune. */
export interface PruneOptions extends Retention {
  /** Only runs of that workflow; `keep` then counts these. */
  readonly workflow?: string
  /** Only say which runs would be removed. */
  readonly dryRun?: boolean
}

/** A run that was removed, or would be. */
export interface Pruned {
  readonly id: string
  readonly workflow: string
  readonly status: Status
  /** Milliseconds. */
  readonly endedAt: number
}

/** What pruning came to. */
export interface PruneReport {
  readonly dryRun: boolean
  readonly runs: readonly Pruned[]
  /** Other rows that nothing needed any more. */
  readonly rows: number
}

/** Runs looked at in one go; others get their turn in between. */
const PAGE = 100

export async function prune(options: PruneOptions, parts: PruneParts): Promise<PruneReport> {
  const rule = readRetention(options)
  const { kernel, stop } = parts
  const { workflow, dryRun = false } = options
  if (!dryRun) await finishRemovals(kernel.store)
  const removed: Pruned[] = []
  if (rule.removes)
    for await (const view of chosen(rule, workflow, parts)) {
      if (stop?.aborted) break
      const { id, status, updatedAt: endedAt } = view
      if (dryRun || (await removeRun(kernel.store, id, view.revision, listedBy(view))))
        removed.push({ id, workflow: view.workflow, status, endedAt })
    }
  const rows = dryRun || stop?.aborted ? 0 : await sweep(rule, parts)
  return { dryRun, runs: removed, rows }
}

/** The runs that may go, newest first. */
async function* chosen(
  rule: Rule,
  workflow: string | undefined,
  { runs, kernel }: PruneParts,
): AsyncGenerator<RunView> {
  const { store, host } = kernel
  const until = host.now() - rule.afterMs
  let kept = 0
  // what ended by then was started before; where some are kept, the newest are counted
  for (let before = rule.keep > 0 ? undefined : startedKey(until + 1, ''); ;) {
    const range = { limit: PAGE, reverse: true, ...(before === undefined ? {} : { before }) }
    const page = await store.list('started', range)
    for (const { key } of page) {
      const view = await runs.findAny(decodeURIComponent(key.slice(key.indexOf('/') + 1)))
      if (!view || !rule.statuses.includes(view.status)) continue
      if (workflow !== undefined && view.workflow !== workflow) continue
      if (++kept <= rule.keep || view.updatedAt > until || (await isAwaited(view, runs))) continue
      yield view
    }
    if (page.length < PAGE) return
    before = page.at(-1)?.key
    await new Promise(setImmediate)
  }
}

/** Its parent may still ask what has become of it. */
async function isAwaited({ parent }: RunView, runs: RunStore): Promise<boolean> {
  const found = parent && (await runs.findAny(parent.run))
  return found !== undefined && (!isEnded(found.status) || found.status === 'failed')
}

function listedBy({ id, session, createdAt }: RunView): readonly Delete[] {
  return [
    { collection: 'started', key: startedKey(createdAt, id) },
    { collection: 'member', key: joinKey(session, id) },
  ]
}
