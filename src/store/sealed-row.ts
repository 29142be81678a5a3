/**
 * Small rows with a checksum: `[crc, value]`.
 *
 * I10 A row that was cut off or changed is an error, never a value that nobody has written.
 */
import { crc32 } from 'node:zlib'
import { StepwrightError } from '../errors/stepwright-error.ts'

/** The text of a row that holds an encoded value. */
export function seal(encoded: unknown): string {
  return sealJson(JSON.stringify(encoded))
}

/** As `seal`, of a value that is JSON already. */
export function sealJson(json: string): string {
  return `[${crc32(json)},${json}]`
}

/** Whether a row is as it was written. */
export function isSound(text: string): boolean {
  const json = jsonOf(text)
  return text === sealJson(json)
}

function jsonOf(text: string): string {
  return text.slice(text.indexOf(',') + 1, -1)
}

/** The encoded value of a row. Throws `corrupt-document`; `what` names the row. */
export function unseal(text: string | undefined, what: string): unknown {
  if (text !== undefined && isSound(text)) return JSON.parse(jsonOf(text))
  throw new StepwrightError('corrupt-document', {
    what: `${what} was changed or cut off (its checksum does not fit)`,
    remedy: 'Restore it from a backup, or delete that row, and resume the run; other runs are not affected',
  })
}
