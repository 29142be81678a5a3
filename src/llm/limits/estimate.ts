import type { Usage } from '../../model/model-call.ts'
import type { Asked } from '../asked.ts'
import type { Message } from '../model.ts'

/** Output that is reserved where a call does not say `maxTokens`. */
const OUTPUT = 1_000
/** Of an image, whatever its size. */
const IMAGE = 1_000

/** Tokens that a call may use: a token for four characters of input, and all of the output it may have. */
export function estimateUsage(ask: Asked): Usage {
  if (ask.verb === 'embed') return { input: tokensOf(sum(ask.texts, (text) => text.length)), output: 0 }
  const { maxTokens: output = OUTPUT } = ask.request
  if (ask.verb === 'fill') {
    const { prefix, suffix = '' } = ask.request
    return { input: tokensOf(prefix.length + suffix.length), output }
  }
  const { messages, tools, format } = ask.request
  const extra = tools || format ? JSON.stringify([tools, format]).length : 0
  const images = sum(messages, (message) => (message.role === 'user' ? (message.images?.length ?? 0) : 0))
  return { input: tokensOf(sum(messages, lengthOf) + extra) + images * IMAGE, output }
}

function lengthOf(message: Message): number {
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : []
  return message.text.length + sum(calls, ({ name, input }) => name.length + input.length)
}

function tokensOf(characters: number): number {
  return Math.ceil(characters / 4)
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
