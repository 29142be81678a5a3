/** Requests and answers as OpenAI's chat completions have them. */
import type OpenAI from 'openai'
import type {
  ChatCompletion,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type { Usage } from '../../model/model-call.ts'
import { AnswerError } from '../answer-error.ts'
import type { Completion, Format, Message, ModelRequest, ToolCall } from '../model.ts'
import { distinctCalls } from './distinct-calls.ts'

/** A request as it goes over the wire. */
export function bodyOf(model: string, request: ModelRequest): ChatCompletionCreateParamsNonStreaming {
  const { messages, format, tools, toolChoice, parallelTools, maxTokens, temperature, seed, stop, more } =
    request
  return {
    ...more,
    model,
    messages: messages.map(messageOf),
    ...(format ? { response_format: formatOf(format) } : {}),
    ...(tools && tools.length > 0
      ? {
          tools: tools.map(({ name, description, input }) => ({
            type: 'function' as const,
            function: { name, description, parameters: input },
          })),
        }
      : {}),
    ...(toolChoice === undefined
      ? {}
      : {
          tool_choice:
            typeof toolChoice === 'string'
              ? toolChoice
              : { type: 'function' as const, function: { name: toolChoice.name } },
        }),
    ...(parallelTools === undefined ? {} : { parallel_tool_calls: parallelTools }),
    ...(maxTokens === undefined ? {} : { max_completion_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop ? { stop: [...stop] } : {}),
  }
}

function messageOf(message: Message): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text }
    case 'tool':
      return { role: 'tool', tool_call_id: message.call, content: message.text }
    case 'assistant': {
      const calls = message.toolCalls ?? []
      return {
        role: 'assistant',
        content: message.text,
        ...(calls.length > 0
          ? {
              tool_calls: calls.map(({ id, name, input }) => ({
                id,
                type: 'function' as const,
                function: { name, arguments: input },
              })),
            }
          : {}),
      }
    }
    case 'user': {
      const { text, images = [] } = message
      if (images.length === 0) return { role: 'user', content: text }
      const parts = images.map((url) => ({ type: 'image_url' as const, image_url: { url } }))
      return { role: 'user', content: [{ type: 'text', text }, ...parts] }
    }
  }
}

function formatOf(format: Format): NonNullable<ChatCompletionCreateParamsNonStreaming['response_format']> {
  if (format.type === 'json') return { type: 'json_object' }
  return {
    type: 'json_schema',
    json_schema: { name: format.name, schema: { ...format.schema }, strict: true },
  }
}

const FINISH: Readonly<Record<string, Completion['finish']>> = {
  stop: 'stop',
  tool_calls: 'tools',
  function_call: 'tools',
  length: 'length',
  content_filter: 'filter',
}

/** An answer of the server. It comes from outside: what its types promise is looked at here. */
export function completionOf(answer: unknown): Completion {
  const { choices, model, usage } = (answer ?? {}) as Partial<ChatCompletion>
  const choice = Array.isArray(choices) ? choices[0] : undefined
  const raw = textOf(choice?.message?.content)
  if (!choice) throw new AnswerError('not-whole', 'the answer holds no choice', shorten(answer))
  const finish = FINISH[String(choice.finish_reason)]
  if (!finish)
    throw new AnswerError(
      'not-whole',
      `the answer is not whole: finish_reason ${String(choice.finish_reason)}`,
      raw,
    )
  const toolCalls = toolCallsOf(choice.message.tool_calls)
  const { refusal } = choice.message
  return {
    text: raw,
    toolCalls,
    finish: finish === 'stop' && toolCalls.length > 0 ? 'tools' : finish, // forced calls end in `stop`
    ...(typeof refusal === 'string' && refusal !== '' ? { refusal } : {}),
    usage: usageOf(usage),
    model: String(model),
  }
}

function toolCallsOf(calls: ChatCompletion['choices'][number]['message']['tool_calls']): readonly ToolCall[] {
  const read = (Array.isArray(calls) ? calls : []).flatMap((call) =>
    call.type === 'function'
      ? [{ id: textOf(call.id), name: textOf(call.function.name), input: textOf(call.function.arguments) }]
      : [],
  )
  return distinctCalls(read)
}

/** The answer of a completion endpoint. */
export function fillOf({ choices, model, usage }: OpenAI.Completion): Completion {
  const choice = choices[0]
  const finish = FINISH[String(choice?.finish_reason)]
  if (!choice || !finish) throw new AnswerError('not-whole', 'the answer is not whole', choice?.text ?? '')
  return { text: choice.text, toolCalls: [], finish, usage: usageOf(usage), model }
}

/** Tokens as the server counts them; 0 where it says nothing. */
export function usageOf(usage: OpenAI.CompletionUsage | undefined): Usage {
  const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0
  return {
    input: usage?.prompt_tokens ?? 0,
    output: usage?.completion_tokens ?? 0,
    ...(cached > 0 ? { cached } : {}),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function shorten(answer: unknown): string {
  return (typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? '')).slice(0, 2_000)
}
