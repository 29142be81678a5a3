import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { ChatFault } from './chat-fault.ts'
import type { ChatMessage } from './prompt.ts'

/** The longest request body, in bytes. */
const MOST_BYTES = 5_000_000

const part = z.looseObject({ type: z.string(), text: z.string().optional() })
const message = z.looseObject({
  role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(part)]).nullish(),
})
const responseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  // The schema is passed through unread, so that keys such as __proto__ stay as they came.
  z.looseObject({ type: z.literal('json_schema'), json_schema: z.looseObject({ schema: z.unknown() }) }),
])
const body = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  response_format: responseFormat.nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(z.unknown()).nullish(),
})

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
}

/** Reads a request's body as a chat completion request; throws a `ChatFault` of 400 or 413. */
export async function readChatRequest(request: IncomingMessage): Promise<ChatRequest> {
  const parsed = body.safeParse(parse(await readBody(request)))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new ChatFault(400, issue?.message ?? 'the request is not valid', issue?.path.join('.') || null)
  }
  const { model, messages, response_format, stream, tools } = parsed.data
  if (stream === true) throw unsupported('stream')
  if (tools && tools.length > 0) throw unsupported('tools')
  return {
    model,
    messages: messages.map(({ role, content }, at) => ({ role, content: readContent(content, at) })),
    ...(response_format ? { responseFormat: response_format } : {}),
  }
}

function unsupported(param: string): ChatFault {
  return new ChatFault(
    400,
    `${param} is not supported by the offline model yet`,
    param,
    'unsupported_parameter',
  )
}

function readContent(content: z.infer<typeof message>['content'], at: number): string {
  if (typeof content === 'string') return content
  const texts = (content ?? []).map(({ type, text }, place) => {
    if (type !== 'text' || text === undefined)
      throw unsupported(`messages.${at}.content.${place}.type: ${type}`)
    return text
  })
  return texts.join('\n')
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  // Read to the end even when it is too much: a client that is still sending would not see the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MOST_BYTES) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > MOST_BYTES) throw new ChatFault(413, `the body is over ${MOST_BYTES} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ChatFault(400, 'the body is not valid JSON')
  }
}
