import { AnswerError, RefusalError } from '../answer-error.ts'
import type { Heard } from '../caller.ts'
import type { Handover } from '../../model/model-call.ts'
import type { Completion } from '../model.ts'

/** What one go at a question has come to; `last` is the answer that is of no use. */
export type Came<T> =
  { readonly value: T } | { readonly error: AnswerError | RefusalError; readonly last: Heard }

const NOBODY: Partial<Handover> & Pick<Handover, 'on'> = { on: [] }

/**
 * What a question comes to. Where it comes to an answer of no use, the next one of a list of models is asked, if the list
 * says so; and where the attempt before has failed with that very answer, it is asked anew: the answer is
 * recorded, and a second attempt would fail with it for ever.
 */
export async function answering<T>(
  go: (passed: readonly string[] | undefined) => Promise<Came<T>>,
): Promise<T> {
  let passed: readonly string[] | undefined
  for (;;) {
    const came = await go(passed)
    if ('value' in came) return came.value
    const { error, last } = came
    const { on, passed: next } = last.answer.handover ?? NOBODY
    const refused = error instanceof RefusalError
    if (on.includes(refused ? 'refusal' : error.fault)) passed = next
    else if (last.old && !refused) passed = undefined
    else throw error
  }
}

/** What makes an answer one of no use, whatever it was asked for. */
export function troubleOf({ text, finish, refusal }: Completion): AnswerError | RefusalError | undefined {
  if (refusal !== undefined) return new RefusalError(`the model refused: ${refusal}`, refusal)
  if (finish === 'filter') return new RefusalError('the answer was held back by a content filter', text)
  if (finish === 'length')
    return new AnswerError('not-whole', 'the answer is cut off at its most tokens', text)
  return undefined
}
