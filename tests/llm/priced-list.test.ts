import { describe, expect, it } from 'vitest'
import { fallback, limited } from 'stepwright/llm'
import { ask, scripted } from './scripted.ts'

const prices = { large: { input: 0, output: 1_000 }, small: { input: 0, output: 100 } }
/** A call costs 2, and its server calls the model by a dated name. */
const own = (name: string) =>
  scripted(name, () => ({ model: `${name}-2025-08-07`, usage: { input: 0, output: 2_000 } }))
const limits = [{ per: 'run', cost: 5 }] as const

describe('what a list of models costs', () => {
  it('is the price of the one that was asked, so a budget around the list holds', async () => {
    const model = limited(fallback([own('large'), own('small')]), { prices, limits })
    const call = () => model.complete(ask('x', 2_000), { for: { run: 'r' } })
    expect(await call()).toMatchObject({ model: 'large-2025-08-07', asked: 'large' })
    await call()
    await expect(call()).rejects.toMatchObject({ code: 'over-budget' }) // a third might come to 6
  })

  it('must be known, where money is limited', () => {
    const list = fallback([own('large'), own('other')])
    expect(() => limited(list, { prices, limits })).toThrow(/nothing says what a call of "other" costs/)
  })
})
