import { APIError, APIUserAbortError } from 'openai'
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import type { Stream } from 'openai/streaming'
import { AnswerError } from '../answer-error.ts'

/** What a streamed answer adds up to, in the form of one that came whole. */
interface Sum {
  model: string
  content: string
  refusal: string
  finish: string | null
  readonly calls: Map<number, { id: string; name: string; arguments: string }>
  usage: ChatCompletionChunk['usage']
}

/**
 * Reads a stream to its end. Throws where it was cut, where the server says in it that it failed, where it fell silent for `idleMs` milliseconds, and where it ended
 * without saying that it is whole: the openai package takes the last for a good end, and waits for ever for the second.
 */
export async function readStream(
  stream: Stream<ChatCompletionChunk>,
  idleMs: number,
  onText: (piece: string) => void,
): Promise<unknown> {
  const sum: Sum = { model: '', content: '', refusal: '', finish: null, calls: new Map(), usage: undefined }
  let idle = false
  let timer: NodeJS.Timeout | undefined
  const wait = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      idle = true
      stream.controller.abort()
    }, idleMs)
  }
  const cut = (why: string, cause?: unknown): AnswerError =>
    new AnswerError('not-whole', `the streamed answer ${why}`, sum.content, cause)
  wait()
  try {
    for await (const chunk of stream) {
      wait()
      const piece = add(sum, chunk)
      if (piece !== '') onText(piece)
    }
  } catch (error) {
    if (idle) throw cut(`was silent for ${idleMs} ms`, error)
    if (error instanceof APIError && !(error instanceof APIUserAbortError))
      throw cut(`was broken off by the server: ${error.message}`, error)
    // a socket that was cut is a bare TypeError, an event that was cut a SyntaxError
    throw error instanceof TypeError || error instanceof SyntaxError ? cut('was cut off', error) : error
  } finally {
    clearTimeout(timer)
  }
  if (idle) throw cut(`was silent for ${idleMs} ms`)
  if (sum.finish === null && !stream.controller.signal.aborted) throw cut('ended without a finish_reason')
  return whole(sum)
}

function add(sum: Sum, { model, choices, usage }: ChatCompletionChunk): string {
  sum.model = model
  if (usage) sum.usage = usage
  const choice = choices?.[0]
  if (!choice) return ''
  const { content, refusal, tool_calls: calls } = choice.delta ?? {}
  if (choice.finish_reason) sum.finish = choice.finish_reason
  sum.refusal += refusal ?? ''
  for (const { index, id, function: called } of calls ?? []) {
    const call = sum.calls.get(index) ?? { id: '', name: '', arguments: '' }
    sum.calls.set(index, call)
    call.id ||= id ?? ''
    call.name += called?.name ?? ''
    call.arguments += called?.arguments ?? ''
  }
  sum.content += content ?? ''
  return content ?? ''
}

function whole({ model, content, refusal, finish, calls, usage }: Sum): unknown {
  const toolCalls = [...calls.values()].map(({ id, ...called }) => ({
    id,
    type: 'function',
    function: called,
  }))
  const message = {
    role: 'assistant',
    content,
    refusal,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
  }
  return { model, choices: [{ index: 0, message, finish_reason: finish }], usage }
}
