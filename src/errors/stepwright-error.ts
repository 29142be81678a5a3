import type { ErrorCode } from './codes.ts'

/** What a {@link StepwrightError} says. */
export interface Explanation {
  /** What is wrong, with the value that was wrong and where it stands. One sentence, no full stop. */
  readonly what: string
  /** What to do about it. One sentence, no full stop. */
  readonly remedy: string
  /** The error underneath, if there is one. */
  readonly cause?: unknown
  /** The same facts for programs: ids, paths, lists of what would have been possible. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * Every error that Stepwright itself raises: a code with a page in `docs/errors`, what was wrong, and the remedy.
 *
 * @example
 * try { await engine.get('article-7') } catch (e) {
 *   if (e instanceof StepwrightError && e.code === 'store-unavailable') await retryLater()
 * }
 */
export class StepwrightError extends Error {
  override readonly name = 'StepwrightError'
  readonly code: ErrorCode
  readonly remedy: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, { what, remedy, cause, details = {} }: Explanation) {
    super(
      `${what}${what.endsWith('\n') ? '' : '. '}${remedy}. [${code}]`,
      cause === undefined ? undefined : { cause },
    )
    this.code = code
    this.remedy = remedy
    this.details = details
  }
}

/** What is wrong alone, where remedy and code are shown in places of their own. */
export function whatOf({ message, remedy, code }: StepwrightError): string {
  const end = `${remedy}. [${code}]`
  return message.endsWith(end) ? message.slice(0, -end.length).replace(/(\. |\n)$/, '') : message
}

/** A value as it is quoted in messages: JSON where possible, at most 80 characters. */
export function quote(value: unknown): string {
  let text: string | undefined
  try {
    text = typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)
  } catch {
    // cycles and the like
  }
  if (value === undefined || typeof value === 'symbol') return String(value)
  text ??= typeof value === 'function' ? 'a function' : Object.prototype.toString.call(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
