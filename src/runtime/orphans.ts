import type { Run } from '../model/run.ts'
import { noticePuts } from '../store/inbox.ts'
import { PartList } from '../store/part-list.ts'
import type { Put } from '../store/store.ts'
import type { Kernel } from './kernel.ts'

/** Notices to the children that a run no longer waits for: they are cancelled, or terminated with it. */
export async function orphanPuts(
  run: Run,
  kind: 'cancel' | 'terminate',
  { store, host }: Kernel,
): Promise<readonly Put[]> {
  const letter = { payload: { reason: `its parent ${run.id} went on without it` }, at: host.now() }
  const parts = [...(await new PartList(run).load(store)).values()]
  return parts.flatMap(({ status, child, foreign }) =>
    status === 'child' && child !== undefined && !foreign
      ? noticePuts(child, host.newId(), kind, letter)
      : [],
  )
}
