import type { ChatRequest } from '../chat-request.ts'
import { HttpError } from '../http-reply.ts'
import { answerText } from './answer.ts'
import { ANSWER_LABEL, readPrompt } from './prompt.ts'
import { SchemaFault, answerSchema } from './schema-answer.ts'
import type { PlannedCall } from './tool-calls.ts'
import { planCalls } from './tool-calls.ts'

/** What the offline model says to a request: a text, or calls of tools. */
export interface OfflineAnswer {
  readonly text: string | null
  readonly calls: readonly PlannedCall[]
}

/** Answers a request: plain text ends in a line that says where it came from, JSON is left clean. */
export function answerChat(request: ChatRequest): OfflineAnswer {
  const calls = fitting('tools', () => planCalls(request))
  return calls.length > 0 ? { text: null, calls } : { text: say(request), calls }
}

function say({ messages, responseFormat, suffix }: ChatRequest): string {
  // With a suffix the document is what stands around the gap.
  const around = messages.map(({ content }) => content).join('\n')
  const prompt = readPrompt(
    suffix === undefined ? messages : [{ role: 'user', content: `${around}\n${suffix}` }],
  )
  if (responseFormat?.type === 'json_object') return JSON.stringify({ answer: answerText(prompt) })
  if (responseFormat?.type !== 'json_schema') return `${answerText(prompt)}\n${ANSWER_LABEL}`
  const { schema } = responseFormat.json_schema
  return fitting('response_format', () => JSON.stringify(answerSchema(schema ?? {}, prompt)))
}

/** A schema that no value was found for is the request's fault. */
function fitting<T>(param: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof SchemaFault) throw new HttpError(400, error.message, param)
    throw error
  }
}
