import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { states } from 'stepwright'
import { problemsOf, type Method } from './declared-class.ts'

const none = z.object({})
const S = { A: 'a', B: 'b', End: 'end' } as const

const saidOf = (options: object, ...methods: readonly Method[]): string => {
  const base = { initial: 'a', final: 'end', signals: { yes: none } }
  const declared = states(S, { a: none, b: none, end: none }, { ...base, ...options } as never)
  return problemsOf(declared, methods).join('\n')
}
const a: Method = ['a', 'step', 'a', { to: 'b' }]
const b: Method = ['b', 'step', 'b', { to: 'end' }]
const waits = (yes: object): Method => ['a', 'wait', 'a', { on: { yes } }]

describe('what is refused when a class is loaded', () => {
  it.each([
    ['a misspelt role', { to: 'b', role: 'editor' }, 'on.yes has "role"; it takes to, count and roles'],
    ['no roles at all', { to: 'b', roles: [] }, 'on.yes.roles is []'],
    ['roles that are no names', { to: 'b', roles: 7 }, 'on.yes.roles is 7'],
  ])('a signal that anybody could send by mistake: %s', (_, on, problem) => {
    expect(saidOf({}, waits(on), b)).toContain(problem)
  })

  it('several approvals by a signal that is an update', () => {
    expect(saidOf({ replies: { yes: none } }, waits({ to: 'b', count: 2 }), b)).toContain(
      'on.yes.count is 2, but "yes" is an update, which is answered at once',
    )
  })

  it('maxVisits edges that lead round in a circle, or that say no number', () => {
    const times = { times: 1, with: {} }
    const round: Method[] = [
      ['a', 'step', 'a', { to: 'b', maxVisits: { ...times, to: 'b' } }],
      ['b', 'step', 'b', { to: ['a', 'end'], maxVisits: { ...times, to: 'a' } }],
    ]
    expect(saidOf({}, ...round)).toContain('maxVisits leads round in a circle: "a", "b"')
    expect(saidOf({}, ['a', 'step', 'a', { to: 'b', maxVisits: { to: 'b', with: {} } }], b)).toContain(
      'maxVisits.times is null',
    )
  })

  it('answers, items and branches that belong to nothing', () => {
    const more = {
      replies: { nope: none },
      items: { a: none },
      branches: { b: { x: none } },
      queries: { q: none },
    }
    const said = saidOf(more, a, b, ['q', 'query', 'q'], ['r', 'query', 'q'])
    expect(said).toContain('replies has "nope", which is not among the signals ["yes"]')
    expect(said).toContain('items has "a", which is not a @map')
    expect(said).toContain('branches has "b", which is not @parallel')
    expect(said).toContain('the query "q" has 2 @query methods')
  })

  it('a transaction without a way out', () => {
    expect(saidOf({ transactions: { t: { states: ['a'] } } }, a, b)).toContain(
      'transaction "t" needs "catch": where the run goes once it is undone',
    )
  })
})
