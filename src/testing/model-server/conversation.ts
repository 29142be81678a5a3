import type { ChatMessage } from './chat-message.ts'
import { HttpError } from './http-reply.ts'

/** Every tool message answers a call, and every call is answered before anyone else speaks; throws a 400. */
export function checkConversation(messages: readonly ChatMessage[]): void {
  let calls: ReadonlySet<string> = new Set()
  let open = new Set<string>()
  let caller = 0
  const close = (): void => {
    if (open.size === 0) return
    throw new HttpError(
      400,
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each " +
        `'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
      `messages.${caller}.tool_calls`,
    )
  }
  for (const [at, { role, toolCalls = [], toolCallId = '' }] of messages.entries()) {
    if (role === 'tool') {
      if (!calls.has(toolCallId)) throw stray(at, toolCallId)
      open.delete(toolCallId)
      continue
    }
    close()
    caller = at
    calls = new Set(role === 'assistant' ? toolCalls.map(({ id }) => id) : [])
    open = new Set(calls)
  }
  close()
}

function stray(at: number, id: string): HttpError {
  const message =
    "Messages with role 'tool' must be a response to a preceding message with 'tool_calls': " +
    `there is no call '${id}' before this one.`
  return new HttpError(400, message, `messages.${at}.tool_call_id`)
}
