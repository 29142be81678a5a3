import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { checkSize } from './limits.ts'
import { parseWith, type Schema } from './schema.ts'

/** A value that fits a schema, parsed, or an error that names what does not; `too-large` where it is over the limit. */
export async function fit(
  schema: Schema,
  value: unknown,
  code: 'invalid-data' | 'invalid-input' | 'invalid-signal',
  where: string,
  limit = Infinity,
): Promise<unknown> {
  if (limit < Infinity) checkSize(value, limit, where)
  const parsed = await parseWith(schema, value)
  if (parsed.ok) return parsed.value
  throw new StepwrightError(code, {
    what: `${where} does not fit its schema: ${parsed.reasons.join('; ')}`,
    remedy: 'Mend the value, or the schema',
    details: { reasons: parsed.reasons, value: quote(value) },
  })
}
