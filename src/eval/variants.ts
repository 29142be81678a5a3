import { StepwrightError } from '../errors/stepwright-error.ts'
import { compareResults, type Comparison } from './comparison.ts'
import type { Evaluation, Variant } from './evaluation.ts'
import { evaluate, type EvaluateOptions } from './evaluate.ts'
import type { EvaluationResult } from './result.ts'

/** What one of several variants has come to. */
export interface VariantResult {
  readonly variant: Variant
  readonly result: EvaluationResult
  /** Against the first variant. */
  readonly comparison: Comparison
}

/**
 * Runs an evaluation with each variant, one after the other over the same items. In the order of the variants.
 *
 * @throws StepwrightError `invalid-options`
 * @example
 * const [small, large] = await compare(topics, [{ model: 'gpt-5-nano' }, { model: 'gpt-5' }])
 */
export async function compare(
  evaluation: Evaluation,
  variants: readonly Variant[],
  options: Omit<EvaluateOptions, 'variant'> = {},
): Promise<readonly VariantResult[]> {
  if (variants.length === 0)
    throw new StepwrightError('invalid-options', {
      what: 'There are no variants to compare',
      remedy: 'Give one or more, such as [{}, { model: "gpt-5" }]',
    })
  const results: EvaluationResult[] = []
  for (const variant of variants) {
    if (options.signal?.aborted && results.length > 0) break
    results.push(await evaluate(evaluation, { ...options, variant }))
  }
  return results.map((result) => ({
    variant: result.variant,
    result,
    comparison: compareResults(results[0] ?? result, result),
  }))
}

/** A variant for people. */
export function sayVariant({ name, model, prompt }: Variant): string {
  const said = [
    ...(model === undefined ? [] : [model]),
    ...(prompt === undefined ? [] : [JSON.stringify(prompt)]),
  ]
  return name ?? (said.join(' ') || 'as it is')
}
