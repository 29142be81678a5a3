import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { quoted } from '../llm/ask.ts'
import type { Llm } from '../llm/llm.ts'
import { hashOf } from '../llm/request-hash.ts'
import { readItems } from './dataset.ts'
import type { Evaluation } from './evaluation.ts'
import { evaluate, type EvaluateOptions } from './evaluate.ts'
import { placed, type Item } from './item.ts'
import type { ItemResult } from './result.ts'
import { textOf } from './scorer.ts'

/** A prompt and how it did on the items that it was chosen by. */
export interface Tried {
  readonly prompt: string
  readonly mean: number
}

/** Makes another prompt of the best one so far; `failures` are items that it did not do well, the worst first. */
export type Propose = (
  best: Tried,
  failures: readonly ItemResult[],
  tried: readonly Tried[],
) => string | Promise<string>

/** How a prompt is sought. */
export interface ClimbOptions extends Pick<EvaluateOptions, 'concurrency' | 'limit' | 'folder' | 'signal'> {
  /** Its `resources` must be a function that heeds `prompt`. */
  readonly evaluation: Evaluation
  /** The prompt to begin with. */
  readonly start: string
  readonly propose: Propose
  /** How many prompts are tried after the first. Default 5. */
  readonly rounds?: number
  /** The share of the items that no prompt is chosen by, and `propose` never sees. Default 0.3. */
  readonly holdout?: number
  /** Another seed holds out other items; the same one always the same. Default 1. */
  readonly seed?: number
  /** The model of all variants. */
  readonly model?: string
  /** Called with each prompt that was tried. */
  readonly onRound?: (round: ClimbRound) => void
}

/** One prompt that was tried. */
export interface ClimbRound extends Tried {
  /** It is better than all before. */
  readonly kept: boolean
}

/** Where a climb has led. */
export interface Climbed {
  /** The best prompt, with its score on the items that it was chosen by, and on those held out. */
  readonly best: Tried & { readonly heldOut: number }
  /** The same of the prompt to begin with. */
  readonly start: Tried & { readonly heldOut: number }
  readonly rounds: readonly ClimbRound[]
  /** How many items it was chosen by, and how many were held out. */
  readonly items: { readonly training: number; readonly heldOut: number }
}

/** Failures that are shown to `propose`. */
const FAILURES_SHOWN = 10

/**
 * Seeks a better prompt: keeps the best one, has another one made of it and of what it failed at, and so on. What tells
 * whether that was worth it is `best.heldOut` against `start.heldOut`: the score on items that nobody has looked at.
 *
 * @throws StepwrightError `invalid-options`; and what `propose` throws
 * @example
 * const { best, start } = await climb({ evaluation: topics, start: PROMPT, propose: rewriting(llm, 'Sort mails by topic.') })
 */
export async function climb(options: ClimbOptions): Promise<Climbed> {
  const { evaluation, start, propose, rounds = 5, model, concurrency, onRound, signal } = options
  const { training, heldOut } = await partsOf(options)
  const run = (prompt: string, items: readonly Item[]) =>
    evaluate(evaluation, {
      variant: { prompt, ...(model === undefined ? {} : { model }) },
      items,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(signal ? { signal } : {}),
    })
  const first = await run(start, training)
  const beginning: Tried = { prompt: start, mean: first.mean }
  let best = beginning
  let found = first
  const tried: ClimbRound[] = []
  while (tried.length < rounds && best.mean < 1 && !signal?.aborted) {
    const prompt = await propose(best, failuresOf(found.items), [beginning, ...tried])
    if (typeof prompt !== 'string' || prompt.trim() === '')
      throw new StepwrightError('invalid-options', {
        what: `The climb was proposed ${quote(prompt)}`,
        remedy: 'Have propose give a prompt',
      })
    const known = [beginning, ...tried].find((each) => each.prompt === prompt)
    const result = known ? undefined : await run(prompt, training)
    if (result?.stopped) break // of too few items to be compared
    const round = { prompt, mean: result?.mean ?? known?.mean ?? 0 }
    const kept = result !== undefined && round.mean > best.mean
    if (kept) [best, found] = [round, result]
    tried.push({ ...round, kept })
    onRound?.({ ...round, kept })
  }
  const before = (await run(start, heldOut)).mean
  const after = best.prompt === start ? before : (await run(best.prompt, heldOut)).mean
  return {
    best: { ...best, heldOut: after },
    start: { ...beginning, heldOut: before },
    rounds: tried,
    items: { training: training.length, heldOut: heldOut.length },
  }
}

/** The items by which a prompt is chosen and those held out: by a hash of each, so that one more item moves few. */
async function partsOf({
  evaluation,
  limit,
  folder = '.',
  holdout = 0.3,
  seed = 1,
}: ClimbOptions): Promise<{ readonly training: readonly Item[]; readonly heldOut: readonly Item[] }> {
  const all = placed(await readItems(evaluation.data, folder, limit))
  const count = Math.max(1, Math.round(all.length * holdout))
  if (!(holdout > 0 && holdout < 1) || count >= all.length)
    throw new StepwrightError('invalid-options', {
      what: `Of ${all.length} items ${quote(holdout)} are to be held out`,
      remedy: 'Give holdout a share between 0 and 1 that leaves one item or more on both sides',
    })
  const drawn = all
    .map(({ key }) => ({ key, order: hashOf([seed, key]) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
  const out = new Set(drawn.slice(0, count).map(({ key }) => key))
  return {
    training: all.filter(({ key }) => !out.has(key)).map(({ item }) => item),
    heldOut: all.filter(({ key }) => out.has(key)).map(({ item }) => item),
  }
}

function failuresOf(items: readonly ItemResult[]): readonly ItemResult[] {
  return items
    .filter(({ mean }) => mean < 1)
    .sort((a, b) => a.mean - b.mean)
    .slice(0, FAILURES_SHOWN)
}

/**
 * A model that makes the next prompt of a climb, from what the prompt is for, the best one, and what it failed at.
 *
 * @example
 * climb({ evaluation, start, propose: rewriting(llm, 'Sort the mails of a shop by topic.') })
 */
export function rewriting(llm: Pick<Llm, 'object'>, aim: string): Propose {
  const Rewritten = z.object({
    reason: z.string().describe('why the prompt fails at these items'),
    prompt: z.string().min(1).describe('the whole new prompt'),
  })
  return async ({ prompt, mean }, failures, tried) => {
    const asked = [
      `Improve a prompt for a language model. What it is for: ${aim}`,
      `The best prompt so far, with a score of ${mean} of 1:\n${quoted(prompt)}`,
      `What it failed at:\n${failures.map(sayFailed).join('\n')}`,
      `Prompts that were tried already: ${JSON.stringify(tried.map((each) => each.prompt))}`,
      'Write a prompt that does better at such items in general. Do not put these items or their answers into it.',
    ].join('\n\n')
    return (await llm.object(Rewritten, asked)).prompt
  }
}

function sayFailed({ input, expected, output, error, scores }: ItemResult): string {
  const reasons = Object.values(scores).flatMap(({ reason }) => (reason === undefined ? [] : [reason]))
  const wanted = expected === undefined ? '' : `, expected ${textOf(expected)}`
  const came = error ? `failed: ${error.message}` : `came to ${textOf(output)}`
  return quoted(`${textOf(input)}${wanted}, ${came}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`)
}
