import { AnswerError, RefusalError } from '../answer-error.ts'
import { messagesOf, settingsOf, type Ask, type AskOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import type { Completion } from '../model.ts'

/** The model's answer as text. */
export async function askText(caller: Caller, ask: Ask, options: AskOptions, verb = 'text'): Promise<string> {
  const request = { ...settingsOf(options), messages: messagesOf(ask, options) }
  return textIn(await caller.complete({ verb, request, ask, options }))
}

/** The text of an answer that is whole. */
export function textIn({ text, finish, refusal }: Completion): string {
  if (refusal !== undefined) throw new RefusalError(`the model refused: ${refusal}`, refusal)
  if (finish === 'filter') throw new RefusalError('the answer was held back by a content filter', text)
  if (finish === 'length')
    throw new AnswerError('not-whole', 'the answer is cut off at its most tokens', text)
  return text
}
