import { hash } from 'node:crypto'
import type { ChatRequest } from './chat-request.ts'
import { readable } from './chat-message.ts'

/** How many characters are taken for a token. */
export const TOKEN_LENGTH = 4

/** An estimate, not a count: a token for every four characters, rounded up. */
export function estimateTokens(text: string): number {
  return tokensIn(text.length)
}

/** What a request's prompt costs. */
export interface PromptUsage {
  readonly tokens: number
  /** How many of them an earlier request began with. */
  readonly cached: number
}

/** Counts the tokens of prompts, and knows which of them it has counted before. */
export class PromptCounter {
  readonly #seen = new Set<string>()

  count({ model, tools, messages }: ChatRequest): PromptUsage {
    const definitions = tools === undefined ? '' : JSON.stringify(tools)
    let key = hash('sha256', JSON.stringify([model, definitions]))
    let text = definitions.length
    let shared = 0
    for (const message of messages) {
      key = hash('sha256', key + JSON.stringify(message))
      text += readable(message).length
      if (this.#seen.has(key)) shared = text
    }
    this.#seen.add(key)
    return { tokens: tokensIn(text), cached: tokensIn(shared) }
  }
}

function tokensIn(characters: number): number {
  return Math.ceil(characters / TOKEN_LENGTH)
}
