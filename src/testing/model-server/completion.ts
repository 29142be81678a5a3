import { answerText } from './answer.ts'
import { ChatFault } from './chat-fault.ts'
import type { ChatRequest } from './chat-request.ts'
import { ANSWER_LABEL, readPrompt } from './prompt.ts'
import { SchemaFault, answerSchema } from './schema-answer.ts'

/** What the server calls its only model. */
export const MODEL = 'offline-model'

/** The default answer to a request: plain text ends in a line that says where it came from, JSON is left clean. */
export function answerChat({ messages, responseFormat }: ChatRequest): string {
  const prompt = readPrompt(messages)
  if (responseFormat?.type === 'json_object') return JSON.stringify({ answer: answerText(prompt) })
  if (responseFormat?.type !== 'json_schema') return `${answerText(prompt)}\n${ANSWER_LABEL}`
  try {
    return JSON.stringify(answerSchema(responseFormat.json_schema.schema ?? {}, prompt))
  } catch (error) {
    if (error instanceof SchemaFault) throw new ChatFault(400, error.message, 'response_format')
    throw error
  }
}

/** An answer in the form of a chat completion. */
export function completionOf(request: ChatRequest, answer: string, number: number) {
  const prompt = estimateTokens(request.messages.map(({ content }) => content).join(''))
  const completion = estimateTokens(answer)
  return {
    id: `chatcmpl-offline-${number}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    model: MODEL,
    system_fingerprint: 'offline model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  }
}

/** An estimate, not a count: a token for every four characters, rounded up. */
function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4)
}
