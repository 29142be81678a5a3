import type { Usage } from '../model/model-call.ts'
import type { Answer } from './asked.ts'
import type { Model } from './model.ts'

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

/** What an answer has cost: by the name that its server gives, which may be a dated one, or else by that of the model that was asked. */
export function costOfAnswer(prices: Prices, { name }: Model, answer: Answer): number | undefined {
  const { model, asked = name, usage } = answer
  return costOf(prices, model, usage) ?? costOf(prices, asked, usage) ?? costOf(prices, name, usage)
}

/** What a call may cost that is yet to be made: of a list of models, by the dearest. */
export function expectedCost(prices: Prices, model: Model, usage: Usage): number {
  return Math.max(0, ...namesOf(model).map((name) => costOf(prices, name, usage) ?? 0))
}

/** The names that a model may be priced by. */
export function namesOf({ name, models }: Model): readonly string[] {
  return models ?? [name]
}
