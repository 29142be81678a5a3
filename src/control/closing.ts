import { StepwrightError } from '../errors/stepwright-error.ts'

/** What is thrown by everything that is asked of an engine after its end. */
export function closedError(): StepwrightError {
  return new StepwrightError('engine-closed', {
    what: 'This engine was closed',
    remedy: 'Make a new one with createEngine; runs go on from where they stand',
  })
}
