/**
 * How a worker comes to have a run: it reads the document, judges whether the loaded code can go on with it, and
 * commits that it has it.
 *
 * I1 Whoever takes a run commits that first; what another worker still writes of it is refused then.
 * I10 A document that cannot be read, or that no loaded code fits, is set aside with a reason.
 */
import { StepwrightError } from '../errors/stepwright-error.ts'
import { toFailure } from '../model/failure.ts'
import { isEnded, isHeld, isParked } from '../model/status.ts'
import type { DueEntry } from '../store/due-list.ts'
import { readNotices } from '../store/inbox.ts'
import { isAlive, readLeases } from '../store/lease.ts'
import { RunDocument } from '../store/run-document.ts'
import { dueKeys } from '../store/run-rows.ts'
import type { Delete } from '../store/store.ts'
import type { Advance, RunEvent } from './event.ts'
import type { Kernel, Loaded } from './kernel.ts'
import { advanceAll, carried } from './mapping.ts'
import { progressOf } from './progress.ts'

/** A run that this worker may drive. */
export interface Claimed {
  readonly document: RunDocument
  readonly loaded: Loaded
  /** Entries of the due list that are answered by driving it. */
  readonly due: readonly Delete[]
}

/** Takes a run that something is due for. `undefined`: there is nothing to do, or it is another worker's. */
export async function claim(
  id: string,
  due: readonly DueEntry[],
  kernel: Kernel,
): Promise<Claimed | undefined> {
  for (;;) {
    const document = await load(id, due, kernel)
    if (!document) return undefined
    const event = await claimEvent(document, kernel)
    if (event === 'leave') return undefined
    const kept = dueKeys(document.run)
    const answered = rowsOf(due.filter(({ key }) => !kept.includes(key)))
    if (event === 'later') {
      if (answered.length > 0) await kernel.store.write({ delete: answered })
      return undefined
    }
    const loaded = kernel.library.of(document.run)
    if (!loaded || (event !== 'go on' && !(await apply(document, event, kernel)))) return undefined
    if (event !== 'go on' && event.type === 'migrated') continue // judged once more, as what it is now
    const keptNow = dueKeys(document.run)
    return { document, loaded, due: answered.filter(({ key }) => !keptNow.includes(key)) }
  }
}

/** The document of a run that has not ended. */
async function load(id: string, due: readonly DueEntry[], kernel: Kernel): Promise<RunDocument | undefined> {
  const { store, host } = kernel
  try {
    const document = await RunDocument.load(store, id, host.newId)
    if (document && !isEnded(document.run.status)) return document
    const notices = document ? await readNotices(store, id) : []
    const gone = [...rowsOf(due), ...notices.map(({ key }) => ({ collection: 'inbox', key }) as const)]
    if (gone.length > 0) await store.write({ delete: gone })
    return undefined
  } catch (error) {
    const unreadable =
      error instanceof StepwrightError &&
      (error.code === 'corrupt-document' || error.code === 'store-newer' || error.code === 'key-missing')
    if (!unreadable) throw error
    await setAside(id, error, due, kernel)
    return undefined
  }
}

/**
 * What has to be committed before this worker may drive a run: an event, or nothing (`go on`). `leave`: it is another
 * worker's. `later`: only its timer can set it going.
 */
async function claimEvent(
  { run }: RunDocument,
  kernel: Kernel,
): Promise<RunEvent | 'go on' | 'leave' | 'later'> {
  const { store, host, worker, library } = kernel
  if (isHeld(run) && run.worker !== undefined && run.worker !== worker) {
    const leases = await readLeases(store)
    if (isAlive(leases.get(run.worker), host.now())) return 'leave'
  }
  const still = isParked(run.status) || run.status === 'paused'
  if (still) return library.of(run) ? 'go on' : 'leave' // people may ask for something all the same
  const fate = run.status === 'compensating' ? undefined : await library.fateOf(run)
  if (fate?.fate === 'unknown') return 'leave'
  if (fate?.fate === 'maps') return { type: 'migrated', ...fate.to }
  if (fate?.fate === 'blocked')
    return { type: 'parked', status: 'needs-migration', reason: fate.reason, remedy: fate.remedy }
  if (run.status === 'waiting') return 'go on'
  if (run.status === 'pending') return { type: 'claimed', worker }
  if (run.status === 'compensating' && run.worker === undefined)
    return (run.timer?.at ?? 0) > host.now() ? 'later' : { type: 'claimed', worker }
  return { type: 'recovered', worker, memos: await progressOf(store, run) }
}

async function apply(document: RunDocument, event: RunEvent, kernel: Kernel): Promise<boolean> {
  const { host, library, announce } = kernel
  let advanced: Advance
  try {
    advanced = advanceAll(library, document.run, [event], host.now())
  } catch (error) {
    // a function of the workflow's own threw, such as one that says how long a timer takes
    const reason = `It could not be taken up: ${toFailure(error).message}`
    const remedy = 'Mend the workflow, then resume the run'
    const parked = { type: 'parked', status: 'needs-migration', reason, remedy } as const
    advanced = advanceAll(library, document.run, [parked], host.now())
  }
  const { run, happenings } = advanced
  const put = carried(document.run, run, host.newId)
  if (!(await document.commit(run, happenings, { put }))) return false // another worker was first
  announce({ run, revision: document.revision, happenings })
  return true
}

/** A document that cannot be read keeps its text and gets a status of its own. */
async function setAside(
  id: string,
  error: StepwrightError,
  due: readonly DueEntry[],
  { store, warn }: Kernel,
): Promise<void> {
  warn(error.message)
  const [row] = await store.get('run', [id])
  if (!row) return
  const tag = error.code === 'corrupt-document' ? 'corrupt/' : 'needs-migration/'
  await store.write({
    put: [{ collection: 'run', key: id, value: row.value, expect: row.revision, tag }],
    delete: rowsOf(due),
  })
}

function rowsOf(due: readonly DueEntry[]): readonly Delete[] {
  return due.map(({ key }) => ({ collection: 'due', key }))
}
