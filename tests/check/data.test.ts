import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { check, readSource } from '../../src/check/index.ts'
import { sayMisfit } from '../../src/check/rules/data.ts'
import { states, type Input, type ShapeOf } from '../../src/index.ts'

test('what handlers hand over is wrong as their comments say, and nothing else is', async () => {
  const source = await readSource([join(import.meta.dirname, 'fixtures/odd-data.ts')], { types: true })
  const { handlers = [], methods } = source.workflows[0] ?? {}
  const told = handlers.map(({ method, moves, edges }) => {
    const misfits = [...moves, ...edges].flatMap((way) => way.misfits)
    return [method, misfits.map(sayMisfit).join('; ')]
  })
  expect(told.length).toBeGreaterThan(15)
  expect(told).toEqual(told.map(([method = '']) => [method, methods?.get(method)?.doc ?? '']))
})

const some = z.object({ n: z.number() })
const T = states(
  { Ask: 'ask', Try: 'try', End: 'end' },
  { ask: some, try: some, end: some },
  { initial: 'ask', final: 'end', signals: { yes: some } },
)
type In<S extends 'ask' | 'try'> = Input<ShapeOf<typeof T>, S>
const wrong = { n: 'many' } as never

function made(edge: 'expires' | 'maxVisits' | 'catch' | 'workflow' | 'none') {
  const end = { to: 'end', with: wrong } as const
  @T.workflow({ name: 'made', ...(edge === 'workflow' ? { catch: end } : {}) })
  class Made {
    @T.wait('ask', {
      on: { yes: 'try' },
      expires: { after: '1h', to: 'end', with: edge === 'expires' ? wrong : { n: 1 } },
    })
    ask(_signal: unknown, { n }: In<'ask'>) {
      return T.go('try', { n })
    }
    @T.step('try', {
      to: ['ask', 'end'],
      ...(edge === 'maxVisits' ? { maxVisits: { times: 2, ...end } } : {}),
      ...(edge === 'catch' ? { catch: end } : {}),
    })
    try({ n }: In<'try'>) {
      return n > 1 ? T.go('ask', { n }) : T.go('end', { n })
    }
  }
  return Made
}

test.each([
  ['expires', 'ask', { by: 'expires', to: 'end' }, ['ask', 'end']],
  ['maxVisits', 'try', { by: 'visits', to: 'end' }, ['ask', 'try', 'end']],
  ['catch', 'try', { by: 'catch', to: 'end' }, ['ask', 'try', 'end']],
  ['workflow', 'ask', { by: 'catch', to: 'end' }, ['ask', 'end']],
] as const)('data that stands in %s is read by the schema, without any source', (edge, state, exit, path) => {
  const rules = { 'unbounded-loop': 'off' } as const
  expect(check(made('none'), { rules })).toEqual([])
  expect(check(made(edge), { rules })).toMatchObject([
    {
      rule: 'unfit-data',
      state,
      edge: exit,
      path,
      message: `"${state}" hands "end" what it refuses: n: Invalid input: expected number, received string`,
    },
  ])
})
