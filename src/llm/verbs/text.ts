import { messagesOf, settingsOf, type Ask, type AskOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import type { Completion } from '../model.ts'
import { answering, troubleOf } from './answering.ts'

/** The model's answer as text. */
export function askText(caller: Caller, ask: Ask, options: AskOptions, verb = 'text'): Promise<string> {
  const request = { ...settingsOf(options), messages: messagesOf(ask, options) }
  return answering(async (passed) => {
    const last = await caller.complete({ verb, request, ask, options, passed })
    const error = troubleOf(last.answer)
    return error ? { error, last } : { value: last.answer.text }
  })
}

/** The text of an answer that is whole. */
export function textIn(answer: Completion): string {
  const error = troubleOf(answer)
  if (error) throw error
  return answer.text
}
