import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import { createLlm, fallback, limited, type Llm } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { ask, scripted } from './scripted.ts'

enum State {
  Ask = 'ask',
  Done = 'done',
}
const Declared = states(
  State,
  { [State.Ask]: z.object({}), [State.Done]: z.object({}) },
  { initial: State.Ask, final: State.Done, resources: resources<{ llm: Llm }>() },
)
type D = ShapeOf<typeof Declared>

@Declared.workflow({ name: 'asking' })
class Asking {
  @Declared.step(State.Ask, { to: State.Done })
  async ask(_: Input<D, State.Ask>, { llm }: Context<D>) {
    await llm.text('How are you?')
    return Declared.go(State.Done, {})
  }
}

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

  it('is what a run has spent, whatever the server calls the model', async () => {
    const llm = createLlm(fallback([own('large'), own('small')]), { prices })
    const { engine, finish, close } = createTestEngine({ workflows: [Asking], resources: { llm } })
    const run = await engine.start(Asking, {})
    expect(await finish(run)).toMatchObject({ status: 'completed', spent: { calls: 1, cost: 2 } })
    await close()
  })

  it('must be known, where money is limited', () => {
    const list = fallback([own('large'), own('other')])
    expect(() => limited(list, { prices, limits })).toThrow(/nothing says what a call of "other" costs/)
  })
})
