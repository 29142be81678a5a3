import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Schema } from '../model/schema.ts'

/** The parsed value, at once: where XState cannot wait, what an asynchronous schema would say is left out. */
export function fitNow(schema: Schema, value: unknown, where: string): unknown {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    result.catch(() => undefined)
    return value
  }
  if (!result.issues) return result.value
  throw unfit(
    where,
    result.issues.map((issue) => issue.message),
  )
}

function unfit(where: string, reasons: readonly string[]): StepwrightError {
  return new StepwrightError('invalid-data', {
    what: `${where} does not fit its schema: ${reasons.join('; ')}`,
    remedy: 'Mend the value, or the schema',
    details: { reasons },
  })
}
