import type { ChatToolCall } from './chat-message.ts'
import { readChatRequest } from './chat-request.ts'
import type { ModelAnswer } from './model-answer.ts'
import type { Wire } from './wire.ts'

/** `POST /v1/chat/completions`. */
export const chatWire: Wire = {
  read: readChatRequest,
  idPrefix: 'chatcmpl',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  choice: ({ text, refusal, toolCalls, finish }) => ({
    index: 0,
    message: {
      role: 'assistant',
      content: text,
      refusal,
      ...(toolCalls.length > 0 ? { tool_calls: toolCalls.map(toolCallOf) } : {}),
    },
    logprobs: null,
    finish_reason: finish,
  }),
  deltas: (answer) => [...deltasOf(answer)].map((delta) => choiceOf(delta, null)),
  finish: ({ finish }) => choiceOf({}, finish),
}

function choiceOf(delta: object, finish: ModelAnswer['finish']) {
  return { index: 0, delta, logprobs: null, finish_reason: finish }
}

function* deltasOf({ text, refusal, toolCalls }: ModelAnswer): Iterable<object> {
  yield { role: 'assistant', content: text === null ? null : '', refusal: null }
  for (const content of words(text ?? '')) yield { content }
  for (const piece of words(refusal ?? '')) yield { refusal: piece }
  for (const [index, call] of toolCalls.entries()) {
    yield { tool_calls: [{ index, ...toolCallOf({ ...call, arguments: '' }) }] }
    for (const piece of call.arguments.match(/[^]{1,8}/g) ?? [])
      yield { tool_calls: [{ index, function: { arguments: piece } }] }
  }
}

/** A text in pieces of a word each, with the space after it. */
export function words(text: string): readonly string[] {
  return text.match(/^\s+|\S+\s*/g) ?? []
}

function toolCallOf({ id, name, arguments: text }: ChatToolCall) {
  return { id, type: 'function', function: { name, arguments: text } }
}
