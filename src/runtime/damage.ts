/**
 * What becomes of a run when something that is stored of it cannot be read.
 *
 * I10 It is set aside with the reason; it neither stops its worker nor comes back again and again.
 */
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { RunEvent } from './event.ts'

/** Something that is stored of a run is damaged, and its document is not. */
export function isDamage(error: unknown): error is StepwrightError {
  return error instanceof StepwrightError && error.code === 'corrupt-document'
}

export function parking({ message }: StepwrightError): RunEvent {
  const reason = message.replace(/\. .*$/s, '')
  const remedy = 'Restore that row from a backup, or delete it; then resume the run'
  return { type: 'parked', status: 'corrupt', reason, remedy }
}
