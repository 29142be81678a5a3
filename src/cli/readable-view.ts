import type { RunView } from '../control/run-view.ts'
import type { Engine } from '../engine.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'

/** `undefined` for a run that is not there, or whose document is damaged. */
export async function viewIfReadable(engine: Engine, id: string): Promise<RunView | undefined> {
  try {
    return await (await engine.get(id)).view()
  } catch (error) {
    const code = error instanceof StepwrightError ? error.code : undefined
    if (code === 'corrupt-document' || code === 'store-newer' || code === 'unknown-run') return undefined
    throw error
  }
}
