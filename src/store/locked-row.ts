import { StepwrightError, whatOf } from '../errors/stepwright-error.ts'

const BEGIN = '{"locked":'

/**
 * What stands for a run's document that could not be decrypted: whoever reads it learns why, and a write of it leaves
 * what is stored as it is. So the run is set aside like any that cannot be read, and harms no other.
 */
export function lockedRow(error: StepwrightError, stored: string): string {
  const { code, remedy, details } = error
  return `${BEGIN}${JSON.stringify({ code, what: whatOf(error), remedy, details })},"stored":${stored}}`
}

/** What is stored in the place of a locked row; `undefined` for any other. */
export function storedOf(value: string): string | undefined {
  if (!value.startsWith(BEGIN)) return undefined
  return JSON.stringify((JSON.parse(value) as { stored: unknown }).stored)
}

/** Throws what was wrong, where a row is locked. */
export function refuseLocked(value: string): void {
  if (!value.startsWith(BEGIN)) return
  const { locked } = JSON.parse(value) as {
    locked: { code: 'key-missing' | 'corrupt-document'; what: string; remedy: string; details: object }
  }
  const { code, what, remedy, details } = locked
  throw new StepwrightError(code, { what, remedy, details: { ...details } })
}
