import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Subject } from './subject.ts'

/** Nothing is run: what items came to is there already. */
export const recordedSubject: Subject = ({ recorded }, { tracer }) => {
  if (!recorded)
    return Promise.reject(
      new StepwrightError('invalid-options', {
        what: 'The item has no recorded output, and the evaluation runs nothing',
        remedy: 'Take the data from outcomesOf(store), or give the evaluation a run or a workflow',
      }),
    )
  tracer.recall(recorded)
  return Promise.resolve(recorded.output)
}
