import type { Usage } from '../model/model-call.ts'

/** What a model costs, for a million tokens, in whatever currency budgets are given in. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Of input that the server had already. Default: as other input. */
  readonly cached?: number
}

/** Prices by the name of the model. */
export type Prices = Readonly<Record<string, Price>>

/** What a call has cost; `undefined` where its model has no price. */
export function costOf(
  prices: Prices,
  model: string,
  { input, output, cached = 0 }: Usage,
): number | undefined {
  const price = Object.hasOwn(prices, model) ? prices[model] : undefined
  if (!price) return undefined
  const fresh = Math.max(0, input - cached)
  return (fresh * price.input + cached * (price.cached ?? price.input) + output * price.output) / 1e6
}
