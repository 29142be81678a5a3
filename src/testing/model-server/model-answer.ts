import type { ChatToolCall } from './chat-message.ts'
import type { ChatRequest } from './chat-request.ts'
import type { Flaw } from './fault.ts'
import { listAt, asNode } from './offline-model/schema-node.ts'

/** What a model said, before it has the form of a response. */
export interface ModelAnswer {
  /** Null where the model only calls tools, or refuses. */
  readonly text: string | null
  readonly toolCalls: readonly ChatToolCall[]
  readonly refusal: string | null
  readonly finish: 'stop' | 'tool_calls' | 'length' | 'content_filter' | null
  /** True for a response without choices. */
  readonly empty: boolean
  /** What the server says instead of the rest of it. */
  readonly error: string | null
}

/** An answer without flaws. */
export function answerWith(
  request: ChatRequest,
  text: string | null,
  toolCalls: readonly ChatToolCall[] = [],
): ModelAnswer {
  // A call that was demanded by name is no reason to stop: the real API says `stop` there too.
  const named = typeof request.toolChoice === 'object'
  const finish = toolCalls.length > 0 && !named ? 'tool_calls' : 'stop'
  return { text, toolCalls, refusal: null, finish, empty: false, error: null }
}

/** The answer as it is once something has gone wrong with it. */
export function withFlaw(answer: ModelAnswer, request: ChatRequest, flaw: Flaw): ModelAnswer {
  const { refusal, choices, json, toolIds, finish, errorEvent } = flaw
  let flawed = answer
  if (refusal !== undefined) flawed = { ...flawed, text: null, toolCalls: [], refusal, finish: 'stop' }
  if (choices !== undefined) flawed = { ...flawed, empty: true }
  if (json !== undefined) flawed = spoil(flawed, request, json === 'broken' ? breakOff : misfit)
  if (toolIds !== undefined) flawed = { ...flawed, toolCalls: sameIds(flawed.toolCalls) }
  if (finish !== undefined) flawed = { ...spoil(flawed, request, half), finish }
  if (errorEvent !== undefined) flawed = { ...flawed, error: errorEvent }
  return flawed
}

type Spoiler = (text: string, schema: unknown) => string

function spoil(
  answer: ModelAnswer,
  { responseFormat, tools = [] }: ChatRequest,
  spoiler: Spoiler,
): ModelAnswer {
  const schema = responseFormat?.type === 'json_schema' ? responseFormat.json_schema.schema : undefined
  const toolCalls = answer.toolCalls.map((call) => {
    const parameters = tools.find(({ name }) => name === call.name)?.parameters
    return { ...call, arguments: spoiler(call.arguments, parameters) }
  })
  if (answer.text === null || toolCalls.length > 0) return { ...answer, toolCalls }
  return { ...answer, text: spoiler(answer.text, schema) }
}

function half(text: string): string {
  return text.slice(0, Math.ceil(text.length / 2))
}

/** Half an object or list is never JSON; half a number could be. */
function breakOff(text: string): string {
  const value = parse(text)
  return half(typeof value === 'object' && value !== null ? text : JSON.stringify({ answer: value }))
}

/** Without the first required property; where nothing is required, in a list. */
function misfit(text: string, schema: unknown): string {
  const value = parse(text)
  const required = listAt(asNode(schema) ?? {}, 'required')?.[0]
  if (typeof value !== 'object' || value === null || required === undefined) return JSON.stringify([value])
  return JSON.stringify(Object.fromEntries(Object.entries(value).filter(([name]) => name !== required)))
}

function sameIds(calls: readonly ChatToolCall[]): readonly ChatToolCall[] {
  const [first] = calls
  if (first === undefined) return calls
  return (calls.length > 1 ? calls : [first, first]).map((call) => ({ ...call, id: first.id }))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
