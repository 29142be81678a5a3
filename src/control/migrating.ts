import { isHeld } from '../model/status.ts'
import { duePut } from '../store/due-list.ts'
import type { RunDocument } from '../store/run-document.ts'
import { advanceAll, carried } from '../runtime/mapping.ts'
import type { RunEvent } from '../runtime/event.ts'
import type { Kernel } from '../runtime/kernel.ts'
import { judgeLive, type MigrationReport } from './judging.ts'
import type { RunStore } from './run-store.ts'

/** Judges every live run, and unless it is a dry run maps those that can be. A run that a worker has is mapped when that lets go of it. */
export async function migrateRuns(
  runs: RunStore,
  kernel: Kernel,
  dryRun: boolean,
): Promise<readonly MigrationReport[]> {
  const reports: MigrationReport[] = []
  for await (const { document, report, mapped } of judgeLive(runs, kernel)) {
    reports.push(report)
    const { run } = document
    if (dryRun || run.undoing) continue
    const parked = run.status === 'needs-migration'
    const unparked = parked ? [{ type: 'unparked' } as const] : []
    if (mapped) {
      if (!isHeld(run)) await commit(document, [{ type: 'migrated', ...mapped }, ...unparked], kernel)
    } else if (parked && report.fate === 'stays') await commit(document, unparked, kernel)
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
