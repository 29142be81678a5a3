import { CODES, type ErrorCode } from '../../errors/codes.ts'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { FatalError, RetryableError, type Failure } from '../../model/failure.ts'
import { AnswerError, RefusalError } from '../answer-error.ts'

/** The error that a call failed with: of its class where that is ours, else one of its name, code and status. */
export function failed({ name, message, code, status }: Failure): Error {
  if (name === 'FatalError') return new FatalError(message)
  if (name === 'RetryableError') return new RetryableError(message)
  if (name === 'RefusalError') return new RefusalError(message, message)
  if (name === 'AnswerError') return new AnswerError('not-whole', message, '')
  if (name === 'StepwrightError' && isCode(code))
    return new StepwrightError(code, {
      what: message.replace(/\. [^.]*\. \[[\w-]+\]$/, ''),
      remedy: 'It is so on the tape',
    })
  const more = { ...(code === undefined ? {} : { code }), ...(status === undefined ? {} : { status }) }
  return Object.assign(new Error(message), { name, ...more })
}

function isCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(CODES, code)
}
