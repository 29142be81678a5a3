import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Status } from '../model/status.ts'
import type { BulkVerb, Said } from './control.ts'
import type { RunHandle } from './run-handle.ts'
import type { RunView } from './run-view.ts'

/** How something is done with many runs. */
export interface BulkOptions extends Said {
  /** Only says what would be done. */
  readonly dryRun?: boolean
}

/** What was done with one run, or why not. */
export interface BulkResult {
  readonly id: string
  readonly status: Status
  /** The verb fits the run's status. */
  readonly possible: boolean
  readonly done: boolean
  readonly error?: string
}

const VERBS: readonly BulkVerb[] = ['pause', 'resume', 'cancel', 'terminate', 'retry']

/** Does one thing with each of some runs; trouble with one stops no other. */
export async function doInBulk(
  verb: BulkVerb,
  runs: readonly RunView[],
  { dryRun = false, ...said }: BulkOptions,
  handleOf: (id: string) => RunHandle,
): Promise<readonly BulkResult[]> {
  if (!VERBS.includes(verb))
    throw new StepwrightError('invalid-options', {
      what: `${quote(verb)} is nothing that can be done with many runs`,
      remedy: `Give one of ${VERBS.join(', ')}`,
    })
  const results: BulkResult[] = []
  for (const { id, status, may } of runs) {
    const possible = may.includes(verb)
    if (!possible || dryRun) {
      results.push({ id, status, possible, done: false })
      continue
    }
    try {
      await handleOf(id)[verb](said)
      results.push({ id, status, possible, done: true })
    } catch (error) {
      if (!(error instanceof StepwrightError)) throw error
      results.push({ id, status, possible, done: false, error: error.message })
    }
  }
  return results
}
