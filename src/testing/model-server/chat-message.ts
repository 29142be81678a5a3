/**
 * A call of a tool, as a model asks for it.
 *
 * @example
 * const call: ChatToolCall = { id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' }
 */
export interface ChatToolCall {
  readonly id: string
  readonly name: string
  /** As the model wrote them: usually JSON, but that is not checked. */
  readonly arguments: string
}

/**
 * One message of a call. The parts of a content list are joined by line breaks; an image is read as the line
 * `[image: ...]`.
 *
 * @example
 * const message: ChatMessage = { role: 'user', content: 'What do bees make?' }
 */
export interface ChatMessage {
  readonly role: string
  readonly content: string
  /** The tools that an assistant message called, where it called any. */
  readonly toolCalls?: readonly ChatToolCall[]
  /** The call that a tool message answers. */
  readonly toolCallId?: string
}

/**
 * A tool that the model may call.
 *
 * @example
 * server.script(({ tools = [] }) => tools.map(({ name }) => name).join(', '))
 */
export interface ChatTool {
  readonly name: string
  readonly description?: string
  /** A JSON schema, as it came. */
  readonly parameters?: unknown
  readonly strict?: boolean
}

/**
 * What the request says about calling tools: a name is a tool that must be called.
 *
 * @example
 * const choice: ChatToolChoice = { name: 'weather' }
 */
export type ChatToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }

/** The text of a message that a model would read, for counting. */
export function readable({ content, toolCalls = [] }: ChatMessage): string {
  return content + toolCalls.map((call) => call.name + call.arguments).join('')
}
