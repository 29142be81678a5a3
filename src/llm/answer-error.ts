import { FatalError } from '../model/failure.ts'
import type { AnswerTrouble } from '../model/model-call.ts'

/** Why an answer is of no use: it is only a part of one, or it is not JSON or does not fit its schema. */
export type AnswerFault = Exclude<AnswerTrouble, 'refusal'>

/**
 * A model has answered, and the answer is of no use. `raw` is what it said. A step tries again.
 *
 * @example
 * await llm.object(schema, prompt).catch((error) => {
 *   if (error instanceof AnswerError) console.error(error.raw)
 * })
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

/** The model, or a filter before it, would not answer. A step does not try again. */
export class RefusalError extends FatalError {
  override readonly name: string = 'RefusalError'
  readonly raw: string

  constructor(message: string, raw: string) {
    super(message)
    this.raw = raw
  }
}
