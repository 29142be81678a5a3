import type { Failure } from '../model/failure.ts'
import { NOTHING_SPENT, plus, type Spent } from '../model/model-call.ts'
import type { Variant } from './evaluation.ts'
import type { Scored } from './scorer.ts'

/** What has come of one item. */
export interface ItemResult {
  /** By which it is known again in another result. */
  readonly key: string
  /** For people. */
  readonly title: string
  readonly number: number
  readonly input: unknown
  readonly expected?: unknown
  readonly output?: unknown
  /** By scorer. Empty where the item failed. */
  readonly scores: Readonly<Record<string, Scored>>
  /** Of its scores; 0 where it failed. */
  readonly mean: number
  /** Why it has no scores; `in` is the scorer that failed, or `run`. */
  readonly error?: Pick<Failure, 'name' | 'message' | 'code'> & { readonly in: string }
  readonly path: readonly string[]
  readonly tools: readonly string[]
  /** What its model calls have cost, and those of its scorers. */
  readonly spent: Spent
  readonly scoring: Spent
  /** Until its output was there. */
  readonly ms: number
}

/** What an evaluation has come to. It is plain data, but for what the outputs hold. */
export interface EvaluationResult {
  /** Of the form in which it is stored. */
  readonly version: 1
  readonly evaluation: string
  readonly variant: Variant
  /** ISO 8601. */
  readonly startedAt: string
  readonly ms: number
  /** In the order of the data. */
  readonly items: readonly ItemResult[]
  /** How many items there were to do. */
  readonly total: number
  /** It was ended before all were done. */
  readonly stopped: boolean
  /** How many items have failed. */
  readonly failed: number
  /** The mean of all items. */
  readonly mean: number
  /** The mean of each scorer over all items; one that failed counts as 0. */
  readonly scores: Readonly<Record<string, number>>
  readonly spent: Spent
  readonly scoring: Spent
  readonly threshold?: number
  readonly passed: boolean
}

/** What of a result is told by its items. */
export function summary(
  items: readonly ItemResult[],
  scorers: readonly string[],
  threshold: number | undefined,
): Pick<EvaluationResult, 'failed' | 'mean' | 'scores' | 'spent' | 'scoring' | 'passed'> {
  const failed = items.filter(({ error }) => error).length
  const mean = meanOf(items.map((item) => item.mean))
  return {
    failed,
    mean,
    scores: Object.fromEntries(
      scorers.map((name) => [name, meanOf(items.map(({ scores }) => scores[name]?.score ?? 0))]),
    ),
    spent: items.map(({ spent }) => spent).reduce(plus, NOTHING_SPENT),
    scoring: items.map(({ scoring }) => scoring).reduce(plus, NOTHING_SPENT),
    passed: threshold === undefined ? failed === 0 : mean >= threshold,
  }
}

/** Rounded, so that four fifths are 0.8 whatever they were added up from. 0 where there are none. */
export function meanOf(numbers: readonly number[]): number {
  if (numbers.length === 0) return 0
  return Math.round((numbers.reduce((sum, n) => sum + n, 0) / numbers.length) * 1e6) / 1e6
}
