import { z } from 'zod'
import type { ChatMessage, ChatTool, ChatToolChoice } from './chat-message.ts'
import { checkConversation } from './conversation.ts'
import { HttpError, unsupported } from './http-reply.ts'
import { checked } from './request-body.ts'
import { checkStrict } from './strict-schema.ts'

/** How much of an image's address is read. */
const IMAGE_NAME = 40

const part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
})
const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
})
const message = z.looseObject({
  role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(part)]).nullish(),
  tool_calls: z.array(toolCall).min(1).nullish(),
  tool_call_id: z.string().nullish(),
})
const responseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  // The schema is passed through unread, so that keys such as __proto__ stay as they came.
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: z.string().optional(),
      strict: z.boolean().nullish(),
      schema: z.unknown(),
    }),
  }),
])
const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string().regex(/^[\w-]{1,64}$/),
    description: z.string().nullish(),
    parameters: z.unknown().optional(),
    strict: z.boolean().nullish(),
  }),
})
const toolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
])
/** The most tokens of an answer. */
export const limit = z.int().min(1).nullish()

const body = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  response_format: responseFormat.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(tool).min(1).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_completion_tokens: limit,
  max_tokens: limit,
})
type Body = z.infer<typeof body>

/**
 * The answer's form, as the request asked for it.
 *
 * @example
 * const format: ResponseFormat = { type: 'json_object' }
 */
export type ResponseFormat = z.infer<typeof responseFormat>

/** A checked request. */
export interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly responseFormat?: ResponseFormat
  /** The tools that may be called, if the request has any. */
  readonly tools?: readonly ChatTool[]
  /** `auto` where the request has tools and does not say. */
  readonly toolChoice?: ChatToolChoice
  /** False if the model may call one tool only. */
  readonly parallelToolCalls?: boolean
  /** True if the answer is to be streamed. */
  readonly stream?: boolean
  /** True if the stream is to end with the usage. */
  readonly streamUsage?: boolean
  /** The most tokens of the offline model's answer; more are cut off, and it ends because of its `length`. */
  readonly maxTokens?: number
  /** What is to follow the answer; of a request to the completions endpoint. */
  readonly suffix?: string
}

/** Reads a chat completion request; throws an `HttpError` of 400. */
export function readChatRequest(json: unknown): ChatRequest {
  const read = checked(body, json)
  const { model, response_format } = read
  const maxTokens = read.max_completion_tokens ?? read.max_tokens
  const messages = read.messages.map(readMessage)
  checkConversation(messages)
  if (response_format?.type === 'json_schema' && response_format.json_schema.strict === true) {
    const { name = 'answer', schema } = response_format.json_schema
    checkStrict(schema, `response_format '${name}'`, 'response_format')
  }
  return {
    model,
    messages,
    ...(response_format ? { responseFormat: response_format } : {}),
    ...readTools(read),
    ...(maxTokens == null ? {} : { maxTokens }),
    ...readStream(read.stream, read.stream_options?.include_usage),
  }
}

/** What a request says about streaming. */
export function readStream(
  stream: boolean | null | undefined,
  usage: boolean | null | undefined,
): Pick<ChatRequest, 'stream' | 'streamUsage'> {
  if (stream !== true) return {}
  return { stream, ...(usage === true ? { streamUsage: true } : {}) }
}

type ToolRequest = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>

function readTools({ tools, tool_choice, parallel_tool_calls }: Body): ToolRequest {
  if (!tools) {
    const stray = tool_choice
      ? 'tool_choice'
      : parallel_tool_calls != null
        ? 'parallel_tool_calls'
        : undefined
    if (stray === undefined || tool_choice === 'none') return {}
    throw new HttpError(400, `'${stray}' is only allowed when 'tools' are specified.`, stray)
  }
  for (const [at, { function: made }] of tools.entries()) {
    if (made.strict !== true) continue
    checkStrict(made.parameters ?? {}, `function '${made.name}'`, `tools.${at}.function.parameters`)
  }
  const chosen = typeof tool_choice === 'object' ? tool_choice?.function.name : undefined
  if (chosen !== undefined && tools.every((made) => made.function.name !== chosen))
    throw new HttpError(400, `Tool choice '${chosen}' not found in 'tools' parameter.`, 'tool_choice')
  return {
    tools: tools.map(({ function: { name, description, parameters, strict } }) => ({
      name,
      ...(description ? { description } : {}),
      ...(parameters === undefined ? {} : { parameters }),
      ...(strict === true ? { strict } : {}),
    })),
    toolChoice:
      typeof tool_choice === 'string' ? tool_choice : chosen === undefined ? 'auto' : { name: chosen },
    ...(parallel_tool_calls === false ? { parallelToolCalls: false } : {}),
  }
}

function readMessage({ role, content, tool_calls, tool_call_id }: Body['messages'][number], at: number) {
  const toolCalls = tool_calls?.map(({ id, function: { name, arguments: text } }) => ({
    id,
    name,
    arguments: text,
  }))
  return {
    role,
    content: readContent(content, at),
    ...(toolCalls ? { toolCalls } : {}),
    ...(tool_call_id == null ? {} : { toolCallId: tool_call_id }),
  }
}

function readContent(content: Body['messages'][number]['content'], at: number): string {
  if (typeof content === 'string') return content
  const texts = (content ?? []).map(({ type, text, image_url }, place) => {
    if (type === 'image_url' && image_url !== undefined) return `[image: ${imageName(image_url.url)}]`
    if (type === 'text' && text !== undefined) return text
    const param = `messages.${at}.content.${place}.type: ${type}`
    throw unsupported(param, `${param} is not supported by the offline model`)
  })
  return texts.join('\n')
}

function imageName(url: string): string {
  return (/^data:([^;,]+)/.exec(url)?.[1] ?? url).slice(0, IMAGE_NAME)
}
