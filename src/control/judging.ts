import { StepwrightError } from '../errors/stepwright-error.ts'
import { isEnded, type Status } from '../model/status.ts'
import type { Fate } from '../runtime/library.ts'
import type { Kernel } from '../runtime/kernel.ts'
import type { RunDocument } from '../store/run-document.ts'
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

/** A live run, and what becomes of it. */
interface Judged {
  readonly document: RunDocument
  readonly report: MigrationReport
  /** Where it is mapped to. */
  readonly mapped?: (Fate & { readonly fate: 'maps' })['to']
}

/** Judges every live run, the newest first, one at a time. Those whose documents cannot be read are left out. */
export async function* judgeLive(runs: RunStore, kernel: Kernel): AsyncGenerator<Judged> {
  for await (const id of runs.ids()) {
    const document = await kernel.documents.load(id).catch(unreadable)
    if (document && !isEnded(document.run.status)) yield { document, ...(await judge(document, kernel)) }
  }
}

async function judge({ run }: RunDocument, { library }: Kernel): Promise<Omit<Judged, 'document'>> {
  const { id, workflow, version, status, state } = run
  const report = { id, workflow, version, status, state }
  if (run.undoing) return { report: { ...report, fate: 'stays' } } // it is undone by the states it went through
  const fate = await library.fateOf(run)
  switch (fate.fate) {
    case 'fits':
      return { report: { ...report, fate: 'stays' } }
    case 'unknown':
      return { report: { ...report, fate: 'unknown' } }
    case 'blocked':
      return { report: { ...report, fate: 'blocked', reason: fate.reason } }
    case 'maps': {
      const to = { version: fate.to.version, state: fate.to.state }
      return { report: { ...report, fate: 'maps', to }, mapped: fate.to }
    }
  }
}

/** Of the run alone; a store that does not answer is another matter. */
function unreadable(error: unknown): undefined {
  const codes: readonly string[] = ['corrupt-document', 'store-newer', 'key-missing']
  if (!(error instanceof StepwrightError && codes.includes(error.code))) throw error
}
