import type { ChatMessage, ChatTool } from '../chat-message.ts'
import type { ChatRequest } from '../chat-request.ts'
import type { Prompt } from './prompt.ts'
import { answerSchema } from './schema-answer.ts'
import { overlap, spell, stemsOf, topicOf } from './words.ts'

/** Words of a tool that a message must share before the tool is called; those of its name count twice. */
const ENOUGH = 2

/** A call before it has an id. */
export interface PlannedCall {
  readonly name: string
  readonly arguments: string
}

/**
 * The tools that a request's last user message is answered with. One that is demanded is called; otherwise those
 * that share the most words with the message, once. Several are called if they share as many and the request does
 * not forbid it.
 */
export function planCalls(request: ChatRequest): readonly PlannedCall[] {
  const { messages, tools = [], toolChoice = 'auto', parallelToolCalls = true } = request
  const since = messages.slice(messages.findLastIndex(({ role }) => role === 'user'))
  const content = since[0]?.role === 'user' ? since[0].content : ''
  const chosen = choose(tools, toolChoice, content, since)
  const prompt = { document: content, question: content, instruction: content, names: namesIn(content) }
  return chosen
    .slice(0, parallelToolCalls ? undefined : 1)
    .map((tool) => ({ name: tool.name, arguments: JSON.stringify(writeArguments(tool, prompt)) }))
}

function choose(
  tools: readonly ChatTool[],
  choice: NonNullable<ChatRequest['toolChoice']>,
  content: string,
  since: readonly ChatMessage[],
): readonly ChatTool[] {
  if (choice === 'none') return []
  if (typeof choice === 'object') return tools.filter(({ name }) => name === choice.name).slice(0, 1)
  const topic = topicOf(content)
  const scores = tools.map((tool) => ({ tool, score: scoreOf(tool, topic) }))
  const best = Math.max(...scores.map(({ score }) => score))
  const matching = scores.filter(({ score }) => score === best && score >= ENOUGH).map(({ tool }) => tool)
  if (choice === 'required') return matching.length > 0 ? matching : tools.slice(0, 1)
  return since.some(({ toolCalls }) => toolCalls !== undefined) ? [] : matching
}

function scoreOf({ name, description = '' }: ChatTool, topic: ReadonlySet<string>): number {
  const named = new Set(stemsOf(spell(name)))
  const described = new Set(stemsOf(description)).difference(named)
  return 2 * overlap(named, topic) + overlap(described, topic)
}

function writeArguments({ parameters }: ChatTool, prompt: Prompt): unknown {
  return answerSchema(parameters ?? { type: 'object', properties: {} }, prompt)
}

// Both are bounded: without, a long text of opening quotes or dots would take the square of its length.
const QUOTED =
  /"([^"]{1,500})"|“([^”]{1,500})”|`([^`]{1,500})`|(?<![\p{L}\p{N}])'([^']{1,500})'(?![\p{L}\p{N}])/gu
const NAMED =
  /(?<![\p{L}\p{N}])[\w.-]{1,100}\/[\w./-]{0,100}\w|(?<=[\p{L}\p{N},;:] )\p{Lu}[\p{L}\p{N}-]*(?: \p{Lu}[\p{L}\p{N}-]*)*/gu

/** What stands in quotes; where nothing does, paths and names inside sentences. */
function namesIn(text: string): readonly string[] {
  const quoted = [...text.matchAll(QUOTED)].map((match) => match.slice(1).find((group) => group) ?? '')
  return [...new Set(quoted.length > 0 ? quoted : (text.match(NAMED) ?? []))]
}
