/** Why an answer is of no use. */
export type AnswerFault =
  /** It ended before it was whole: too long, or cut off. */
  | 'not-whole'
  /** The model's server, or the model itself, would not answer. */
  | 'refused'
  /** It is not JSON, or does not fit the schema. */
  | 'wrong-form'

/**
 * A model has answered, and the answer is of no use. `raw` is what it said. Tried again as other errors are, but where
 * it was refused.
 */
export class AnswerError extends Error {
  override readonly name: string = 'AnswerError'
  readonly fault: AnswerFault
  readonly raw: string

  constructor(fault: AnswerFault, message: string, raw: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.fault = fault
    this.raw = raw
  }
}
