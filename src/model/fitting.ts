import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { checkSize } from './limits.ts'
import { parseWith, type Parsed, type Schema } from './schema.ts'

/** A value that fits a schema, parsed, or an error that names what does not; `too-large` where it is over the limit. A promise only where the schema is asynchronous. `where` begins the message. */
export function fit(
  schema: Schema,
  value: unknown,
  code: 'invalid-data' | 'invalid-input' | 'invalid-signal',
  where: string | (() => string),
  limit = Infinity,
): unknown {
  if (limit < Infinity) checkSize(value, limit, where)
  const read = (parsed: Parsed): unknown => {
    if (parsed.ok) return parsed.value
    throw new StepwrightError(code, {
      what: `${typeof where === 'string' ? where : where()} does not fit its schema: ${parsed.reasons.join('; ')}`,
      remedy: 'Mend the value, or the schema',
      details: { reasons: parsed.reasons, value: quote(value) },
    })
  }
  const parsed = parseWith(schema, value)
  return parsed instanceof Promise ? parsed.then(read) : read(parsed)
}
