import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Item } from './item.ts'
import type { Trace } from './trace.ts'

/** What a scorer sees of an item. */
export interface Outcome<I = unknown, O = unknown, E = unknown> {
  readonly input: I
  readonly output: O
  readonly expected: E | undefined
  readonly item: Item
  /** The path, the tools and the history that led to the output. */
  readonly trace: Trace
  /** Fires when the item is out of time. */
  readonly signal: AbortSignal
  /** A resource of the scorer's own, such as an `llm`, with what it costs counted as the price of scoring. */
  counted<T>(resource: T): T
}

/** From 0, of no use, to 1, as it should be; with a reason, for people. */
export type Score = number | boolean | { readonly score: number | boolean; readonly reason?: string }

/**
 * Judges one output. A scorer of one's own is a function; it is shown by its name.
 *
 * @example
 * const short: Scorer<unknown, string> = ({ output }) => output.length <= 80
 */
export type Scorer<I = unknown, O = unknown, E = unknown> = (
  outcome: Outcome<I, O, E>,
) => Score | Promise<Score>

/** A score as it stands in a result. */
export interface Scored {
  readonly score: number
  readonly reason?: string
}

/** A scorer with the name under which its scores stand. */
export interface NamedScorer {
  readonly name: string
  readonly score: Scorer<never, never, never>
}

/** Gives a scorer a name. */
export function named<I, O, E>(name: string, scorer: Scorer<I, O, E>): Scorer<I, O, E> {
  return Object.defineProperty((outcome: Outcome<I, O, E>) => scorer(outcome), 'name', { value: name })
}

/** Scorers by their names; the second of one name is numbered. */
export function namedScorers(scorers: readonly Scorer<never, never, never>[]): readonly NamedScorer[] {
  const times = new Map<string, number>()
  return scorers.map((score, i) => {
    const own = score.name === '' ? `scorer ${i + 1}` : score.name
    const time = (times.get(own) ?? 0) + 1
    times.set(own, time)
    return { name: time === 1 ? own : `${own} ${time}`, score }
  })
}

/** What a scorer gave, checked. */
export function readScore(name: string, given: unknown): Scored {
  const { score, reason } = (typeof given === 'object' && given !== null ? given : { score: given }) as {
    readonly score?: unknown
    readonly reason?: unknown
  }
  const number = typeof score === 'boolean' ? Number(score) : score
  if (typeof number === 'number' && number >= 0 && number <= 1)
    return { score: number, ...(reason === undefined ? {} : { reason: String(reason) }) }
  throw new StepwrightError('invalid-data', {
    what: `The scorer ${quote(name)} gave ${quote(given)}`,
    remedy: 'Give a number from 0 to 1, true or false, or { score, reason }',
  })
}

/** An output as text: itself, or its JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
}
