/** How many tokens something is, as far as that can be said without the model's own count. */
import type { Message } from './model.ts'

/** Characters that are taken for one token. */
export const TOKEN_LENGTH = 4
/** About what a model's server adds to each message. */
const MESSAGE_TOKENS = 4
/** About what an image costs; the length of its address says nothing of that. */
const IMAGE_TOKENS = 1_000

/** How the tokens of a text are counted. */
export interface Counting {
  /** Default: one for every four characters. */
  readonly count?: (text: string) => number
}

/** Tokens of a text, estimated: a token for every four characters, rounded up. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / TOKEN_LENGTH)
}

/** About how many tokens messages are: their texts and tool calls, 4 for each message, 1,000 for each image. */
export function tokensOf(messages: readonly Message[], { count = estimateTokens }: Counting = {}): number {
  let tokens = 0
  for (const message of messages) {
    tokens += MESSAGE_TOKENS + count(message.text)
    if (message.role === 'user') tokens += IMAGE_TOKENS * (message.images?.length ?? 0)
    if (message.role === 'assistant')
      for (const { name, input } of message.toolCalls ?? []) tokens += count(name) + count(input)
  }
  return tokens
}
