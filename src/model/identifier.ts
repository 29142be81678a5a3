import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/** The longest id of a run, a session or a signal, in UTF-16 units. */
export const LONGEST_ID = 200

/**
 * An id as given, or an error. Any printable text serves (`/`, spaces, umlauts); control characters and halves of
 * characters do not, since not every store keeps them.
 */
export function checkId(what: 'run' | 'session' | 'signal' | 'caller' | 'schedule', id: unknown): string {
  const wrong =
    typeof id !== 'string'
      ? 'is not a string'
      : id === ''
        ? 'is empty'
        : id.length > LONGEST_ID
          ? `has ${id.length} characters, more than ${LONGEST_ID}`
          : /\p{Cc}/u.test(id)
            ? 'holds a control character'
            : !id.isWellFormed()
              ? 'holds half of a character (a lone surrogate)'
              : undefined
  if (wrong === undefined) return id as string
  throw new StepwrightError('invalid-id', {
    what: `The ${what} id ${quote(id)} ${wrong}`,
    remedy: `Give 1 to ${LONGEST_ID} printable characters`,
    details: { what, id },
  })
}

/** Ids joined to one key of a store, so that no id can reach into the keys of another. */
export function joinKey(...parts: readonly string[]): string {
  return parts.map((part) => encodeURIComponent(part)).join('/')
}
