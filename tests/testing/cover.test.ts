import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FatalError, states, type Input, type ShapeOf } from 'stepwright'
import { coverPaths, coverTransitions, takePath } from 'stepwright/testing'
import { Everything } from '../inspect/everything.ts'

describe('every construct there is', () => {
  const { chart, paths } = coverTransitions(Everything)
  it('all transitions are taken', () => {
    expect(chart).toHaveLength(37)
    expect(new Set(paths.flatMap(({ transitions }) => transitions))).toEqual(new Set(chart))
    expect(paths.length).toBeLessThan(chart.length)
  })
  for (const path of paths) it(path.name, path.run)
})

enum State {
  Ask = 'ask',
  Check = 'check',
  Done = 'done',
  Refused = 'refused',
}
class CardError extends FatalError {
  override readonly name = 'CardError'
  constructor(card: { readonly number: string }) {
    super(card.number.toUpperCase())
  }
}
const card = z.object({ number: z.string().refine((text) => text.endsWith('42'), 'ends with 42') })
const make = (targets: readonly (State.Done | State.Refused)[], schema: z.ZodObject = card) => {
  const Shop = states(
    State,
    {
      [State.Ask]: z.object({ text: z.string() }),
      [State.Check]: schema,
      [State.Done]: z.object({ at: z.date(), sizes: z.map(z.string(), z.bigint()) }),
      [State.Refused]: z.object({ why: z.string() }),
    },
    { initial: State.Ask, final: [State.Done, State.Refused] },
  )
  @Shop.workflow({ name: 'shop' })
  class ShopWorkflow {
    @Shop.step(State.Ask, { to: State.Check })
    ask({ text }: Input<ShapeOf<typeof Shop>, State.Ask>) {
      return Shop.go(State.Check, { number: text })
    }
    @Shop.step(State.Check, {
      to: targets as unknown as State.Done,
      catch: { error: CardError, to: State.Ask, with: { text: 'again' } },
      maxVisits: { times: 3, to: State.Refused, with: { why: 'too often' } },
    })
    check({ number }: Input<ShapeOf<typeof Shop>, State.Check> & { readonly number?: unknown }) {
      return number === 'real 42'
        ? Shop.go(State.Done, { at: new Date(0), sizes: new Map() })
        : Shop.go(State.Refused as State.Done, { why: 'not 42' } as never)
    }
  }
  return { Shop, ShopWorkflow, go: Shop.go }
}

describe('a workflow with a bound, a caught class of errors and a refinement', () => {
  const { ShopWorkflow, go } = make([State.Done, State.Refused])
  const outcomes = { [State.Ask]: go(State.Check, { number: '42' }) }
  const { chart, paths } = coverTransitions(ShopWorkflow, { outcomes })

  it('says which state has no value, and how to give it', () => {
    expect(() => coverTransitions(ShopWorkflow)).toThrow(
      'no value is found for "check" (number: ends with 42): give outcomes: { [ask]: go(check, { ... }) }',
    )
  })
  it('covers the chart', () => {
    expect(chart).toEqual([
      'ask -> check by step',
      'check -> done by step',
      'check -> refused by step',
      'check -> refused by visits',
      'check -> ask by catch of CardError',
    ])
    expect(new Set(paths.flatMap(({ transitions }) => transitions))).toEqual(new Set(chart))
    expect(paths.map(({ name }) => name)).toContain(
      'ask > check > catch of CardError: ask > check > catch of CardError: ask > check > catch of CardError: ask > check > visits: refused',
    )
  })
  for (const path of paths) it(path.name, path.run)

  it('a transition that was deleted makes its path fail, and the chart is another', async () => {
    const mutant = make([State.Done])
    const outcomes = { [State.Ask]: mutant.go(State.Check, { number: '42' }) }
    expect(coverTransitions(mutant.ShopWorkflow, { outcomes }).chart).not.toEqual(chart)
    const path = paths.find(({ transitions }) => transitions.includes('check -> refused by step'))
    const taken = async () => takePath(mutant.ShopWorkflow, path?.transitions ?? [], { outcomes })
    await expect(taken()).rejects.toThrow('the chart has no transition check -> refused by step')
    await expect(
      takePath(mutant.ShopWorkflow, ['ask -> check by step', 'check -> done by step'], { outcomes }),
    ).resolves.toBeUndefined()
  })

  it('a real handler that goes elsewhere fails its path, one that goes there does not', async () => {
    const real = { [State.Ask]: 'real', [State.Check]: 'real' } as const
    const done = ['ask -> check by step', 'check -> done by step']
    await takePath(ShopWorkflow, done, { outcomes: real, input: { text: 'real 42' } })
    await expect(takePath(ShopWorkflow, done, { outcomes: real, input: { text: '42' } })).rejects.toThrow(
      'The run was to take check -> done by step, and took check -> refused by step',
    )
  })

  it('a move that the chart does not have is refused', () => {
    const outcomes = { [State.Ask]: [go(State.Check, { number: '42' }), go(State.Refused, { why: '' })] }
    expect(() => coverTransitions(ShopWorkflow, { outcomes: outcomes as never })).toThrow(
      'outcomes has a move from "ask" to "refused", and the chart has none',
    )
  })

  it('simple paths enter no state twice, and stop at their limit', async () => {
    const simple = coverPaths(ShopWorkflow, { outcomes })
    expect(simple.paths.map(({ name }) => name)).toEqual(['ask > check > done', 'ask > check > refused'])
    for (const path of simple.paths) await path.run()
    expect(coverPaths(ShopWorkflow, { outcomes, limit: 1 }).paths).toHaveLength(1)
  })
})

it('an edge that is hidden by one before it is named', () => {
  const S = states(
    { A: 'a', B: 'b', C: 'c' },
    { a: z.object({}), b: z.object({}), c: z.object({}) },
    { initial: 'a', final: ['b', 'c'] },
  )
  @S.workflow({ name: 'hidden' })
  class Hidden {
    @S.step('a', {
      to: 'b',
      catch: [
        { to: 'b', with: {} },
        { error: TypeError, to: 'c', with: {} },
      ],
    })
    a(_: Input<ShapeOf<typeof S>, 'a'>) {
      return S.go('b', {})
    }
  }
  expect(() => coverTransitions(Hidden)).toThrow(
    'a -> c by catch of TypeError: an edge before it catches every error that it is for',
  )
})
