import { isEnded, isHeld, type Status } from '../model/status.ts'
import { duePut } from '../store/due-list.ts'
import type { RunDocument } from '../store/run-document.ts'
import { advanceAll, carried } from '../runtime/mapping.ts'
import type { RunEvent } from '../runtime/event.ts'
import type { Kernel } from '../runtime/kernel.ts'
import type { RunStore } from './run-store.ts'

/** What becomes of one live run with the code that is loaded. */
export interface MigrationReport {
  readonly id: string
  readonly workflow: string
  readonly version: number
  readonly status: Status
  readonly state: string
  /** `stays`: it goes on as it is; `maps`: to another version; `blocked`: it is parked, or will be; `unknown`: its workflow is not loaded. */
  readonly fate: 'stays' | 'maps' | 'blocked' | 'unknown'
  /** Where it is mapped to. */
  readonly to?: { readonly version: number; readonly state: string }
  /** Why it is blocked. */
  readonly reason?: string
}

/** Judges every live run, and unless it is a dry run maps those that can be. A run that a worker has is mapped when that lets go of it. */
export async function migrateRuns(
  runs: RunStore,
  kernel: Kernel,
  dryRun: boolean,
): Promise<readonly MigrationReport[]> {
  const reports: MigrationReport[] = []
  for (const { id, status } of await runs.list({ limit: Number.MAX_SAFE_INTEGER })) {
    if (isEnded(status) || status === 'corrupt') continue
    const document = await kernel.documents.load(id)
    if (!document || isEnded(document.run.status)) continue
    const { run } = document
    const { workflow, version, state } = run
    const report = { id, workflow, version, status: run.status, state }
    if (run.undoing) {
      reports.push({ ...report, fate: 'stays' }) // it is undone by the states it went through
      continue
    }
    const fate = await kernel.library.fateOf(run)
    const parked = run.status === 'needs-migration'
    const unparked = parked ? [{ type: 'unparked' } as const] : []
    if (fate.fate === 'fits') {
      reports.push({ ...report, fate: 'stays' })
      if (!dryRun && parked) await commit(document, unparked, kernel)
    } else if (fate.fate === 'unknown') reports.push({ ...report, fate: 'unknown' })
    else if (fate.fate === 'blocked') reports.push({ ...report, fate: 'blocked', reason: fate.reason })
    else {
      const { to } = fate
      reports.push({ ...report, fate: 'maps', to: { version: to.version, state: to.state } })
      if (!dryRun && !isHeld(run)) await commit(document, [{ type: 'migrated', ...to }, ...unparked], kernel)
    }
  }
  kernel.nudge()
  return reports
}

/** A run that has moved meanwhile is mapped by the worker that takes it next. */
async function commit(
  document: RunDocument,
  events: readonly RunEvent[],
  { library, host, announce }: Kernel,
): Promise<void> {
  const now = host.now()
  const { run, happenings } = advanceAll(library, document.run, events, now)
  const put = [...carried(document.run, run, host.newId), duePut(now, run.id, host.newId())]
  if (await document.commit(run, happenings, { put }))
    announce({ run, revision: document.revision, happenings })
}
