import type { ChatRequest } from './chat-request.ts'
import type { ModelAnswer } from './model-answer.ts'
import { answerWith, withFlaw } from './model-answer.ts'
import { answerChat } from './offline-model/offline-model.ts'
import type { ScriptedAnswer, ScriptedToolCall } from './script.ts'
import { TOKEN_LENGTH, estimateTokens } from './usage.ts'

/**
 * The answer to a request: the script's own text and tool calls as they stand, or else the offline model's; with the
 * flaws that the script asks for. Calls without an id are numbered.
 */
export function answerTo(request: ChatRequest, scripted: ScriptedAnswer, number: number): ModelAnswer {
  const { text, toolCalls, finish, ...flaw } = scripted
  if (text === undefined && toolCalls === undefined) {
    const offline = answerChat(request)
    const answer = answerWith(request, offline.text, withIds(offline.calls, number))
    return withFlaw(within(answer, request.maxTokens), request, scripted)
  }
  const answer = answerWith(request, text ?? null, withIds(toolCalls ?? [], number))
  const flawed = withFlaw(answer, request, flaw)
  return finish === undefined ? flawed : { ...flawed, finish } // as long as the script made it
}

/** A text of at most so many tokens. */
function within(answer: ModelAnswer, most = Infinity): ModelAnswer {
  if (answer.text === null || estimateTokens(answer.text) <= most) return answer
  return { ...answer, text: answer.text.slice(0, most * TOKEN_LENGTH), finish: 'length' }
}

function withIds(calls: readonly ScriptedToolCall[], number: number) {
  return calls.map(({ name, arguments: given, id }, at) => ({
    id: id ?? `call_offline_${number}_${at + 1}`,
    name,
    arguments: typeof given === 'string' ? given : JSON.stringify(given),
  }))
}
