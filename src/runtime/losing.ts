/** Why the store has refused a write of a run that this worker drives: it looks what stands there now. */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { RunDocument } from '../store/run-document.ts'
import type { Store } from '../store/store.ts'

/**
 * I6 A store that holds less of a run than this worker has committed was rolled back, by a restore or by a failover to
 * an older replica. Acknowledged work is gone then; that is reported, and the run goes on from what the store has.
 */
export async function whyRefused({ run, revision }: RunDocument, store: Store): Promise<StepwrightError> {
  const [row] = await store.get('run', [run.id])
  const stands = row?.revision ?? 0
  if (stands > revision) return fenced(run.id, revision)
  if (stands < revision) return rolledBack(store.name, run.id, revision, stands)
  return new StepwrightError('store-unavailable', {
    what: `${store.name} refused a write of run ${quote(run.id)}, which stands at revision ${revision} as that write expects`,
    remedy: 'See what ails the store; the run is read again and goes on',
    details: { run: run.id, revision },
  })
}

function fenced(run: string, revision: number): StepwrightError {
  return new StepwrightError('fenced', {
    what: `Run ${quote(run)} has moved on past revision ${revision}, in other hands`,
    remedy: 'Nothing to do: whoever has it now goes on',
    details: { run },
  })
}

/** `stands`: 0 where the run is gone. */
export function rolledBack(store: string, run: string, revision: number, stands: number): StepwrightError {
  const holds = stands === 0 ? 'no such run' : `revision ${stands}`
  return new StepwrightError('store-rollback', {
    what: `${store} acknowledged revision ${revision} of run ${quote(run)} and now holds ${holds}`,
    remedy:
      'Look whether the store was restored, or failed over to an older replica; the run goes on from there',
    details: { run, revision, stands },
  })
}
