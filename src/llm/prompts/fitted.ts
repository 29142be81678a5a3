import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import type { Model } from '../model.ts'
import { estimateTokens } from '../tokens.ts'

/** A part of a context. */
export interface Part {
  readonly text: string
  /** The lowest is cut first; of two that are the same, the later one. `Infinity`: never. */
  readonly priority: number
  /** What the history calls it. Default: `part 1` and so on. */
  readonly name?: string
  /** Makes it shorter, to so many tokens. Without it the part goes as a whole. */
  readonly shrink?: (text: string, tokens: number) => string
}

/** What was left out of a part. */
export interface Cut {
  readonly name: string
  readonly tokens: number
}

/** How much room there is. */
export interface FitOptions {
  /** Of the model's window, what is kept for the answer. */
  readonly answerTokens: number
  /** Of the window, what else is said: the instruction around the context. Default 0. */
  readonly besides?: number
  /** What stands between two parts. Default: an empty line. */
  readonly between?: string
  /** Tokens of a text. Default: one for every four characters. */
  readonly count?: (text: string) => number
}

/** A text that was fitted to the window of a model. A prompt takes it in the place of a text, and the history tells what was cut. */
export class Fitted {
  readonly text: string
  readonly tokens: number
  readonly cut: readonly Cut[]

  /** @internal */
  constructor(text: string, tokens: number, cut: readonly Cut[]) {
    this.text = text
    this.tokens = tokens
    this.cut = cut
  }
}

/**
 * Parts of a context, joined in their order and fitted to the window of a model: what matters least is shortened, or
 * left out, first. Throws `too-large` where parts of priority `Infinity` alone are too much.
 *
 * @example
 * const context = fitted(llm.model, [
 *   { name: 'question', text: question, priority: Infinity },
 *   { name: 'manual', text: manual, priority: 1, shrink: (text, tokens) => text.slice(0, tokens * 4) },
 * ], { answerTokens: 1_000 })
 * await llm.text(answer({ context }))
 */
export function fitted(
  model: Pick<Model, 'name' | 'abilities'>,
  parts: readonly Part[],
  { answerTokens, besides = 0, between = '\n\n', count = estimateTokens }: FitOptions,
): Fitted {
  const room = model.abilities.window - answerTokens - besides
  let left: readonly Piece[] = parts.map((part, i) => ({
    ...part,
    name: part.name ?? `part ${i + 1}`,
    shrunk: false,
  }))
  const cut = new Map<string, number>()
  for (;;) {
    const text = left.map((part) => part.text).join(between)
    const tokens = count(text)
    if (tokens <= room)
      return new Fitted(
        text,
        tokens,
        [...cut].map(([name, gone]) => ({ name, tokens: gone })),
      )
    const least = leastOf(left)
    if (!least) throw tooLarge(model, left, tokens, room)
    const size = count(least.text)
    const shorter = shrink(least, size - (tokens - room), count)
    left = left.flatMap((part) =>
      part !== least ? part : shorter === undefined ? [] : { ...part, text: shorter, shrunk: true },
    )
    cut.set(least.name, (cut.get(least.name) ?? 0) + size - (shorter === undefined ? 0 : count(shorter)))
  }
}

interface Piece extends Part {
  readonly name: string
  readonly shrunk: boolean
}

function leastOf(parts: readonly Piece[]): Piece | undefined {
  let least: Piece | undefined
  for (const part of parts)
    if (part.priority !== Infinity && (!least || part.priority <= least.priority)) least = part
  return least
}

/** The text of a part in so many tokens; `undefined` where it goes as a whole. */
function shrink(part: Piece, tokens: number, count: (text: string) => number): string | undefined {
  if (!part.shrink || part.shrunk || tokens <= 0) return undefined
  const text = part.shrink(part.text, tokens)
  return text !== '' && count(text) <= tokens ? text : undefined
}

function tooLarge({ name }: Pick<Model, 'name'>, parts: readonly Piece[], tokens: number, room: number) {
  return new StepwrightError('too-large', {
    what: `What must not be cut (${parts.map((part) => quote(part.name)).join(', ')}) has ${tokens} tokens, and ${name} has room for ${room}`,
    remedy: 'Shorten it, let it be cut, or ask a model with a larger window',
    details: { tokens, room },
  })
}
