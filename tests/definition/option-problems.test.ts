import { expect, test } from 'vitest'
import { z } from 'zod'
import { S, wrongWith, type Method } from './declared-class.ts'

const gone = { to: S.Gone, with: {} }

test.each<[string, object | null, readonly string[]]>([
  [
    'all of it',
    { error: 7, to: 'nowhere', with: 7 },
    [
      'send ("send"): catch.error is 7, not an error class or the name or code of an error',
      'send ("send"): catch.to names "nowhere", which is not a state',
      'send ("send"): catch.with is 7, not an object or a function that makes one',
    ],
  ],
  [
    'one of several',
    [gone, { ...gone, error: ['E_X', 7], with: null }, { with: () => ({}) }],
    [
      'send ("send"): catch[1].error is ["E_X",7], not an error class or the name or code of an error',
      'send ("send"): catch[1].with is null, not an object or a function that makes one',
      'send ("send"): catch[2] needs "to"',
    ],
  ],
  [
    'nothing in it',
    null,
    [
      'send ("send"): catch needs "to"',
      'send ("send"): catch.with is undefined, not an object or a function that makes one',
    ],
  ],
])('a catch edge: %s', (_, edge, problems) => expect(wrongWith({ send: { catch: edge } })).toEqual(problems))

test('an edge of the workflow itself', () => {
  expect(wrongWith({}, [], { workflow: { catch: [gone, { to: 'nowhere', with: {} }] } })).toEqual([
    'workflow: catch[1].to names "nowhere", which is not a state',
  ])
})

test('the end of a wait', () => {
  expect(wrongWith({ review: { expires: { after: 'soon', to: 'nowhere' } } })).toEqual([
    expect.stringMatching(/^review \("review"\): expires\.after is "soon", which is not a duration/),
    'review ("review"): expires.to names "nowhere", which is not a state',
    'review ("review"): expires.with is undefined, not an object or a function that makes one',
  ])
  expect(wrongWith({ asked: { expires: gone } })).toEqual(['asked ("ask"): expires needs "after"'])
})

test('too many visits', () => {
  expect(wrongWith({ send: { maxVisits: { times: 0, to: 'nowhere', with: 7 } } })).toEqual([
    'send ("send"): maxVisits.times is 0, not a whole number of 1 or more',
    'send ("send"): maxVisits.to names "nowhere", which is not a state',
    'send ("send"): maxVisits.with is 7, not an object or a function that makes one',
  ])
  expect(wrongWith({ send: { maxVisits: { times: 1, with: {} } } })).toEqual([
    'send ("send"): maxVisits needs "to"',
  ])
})

test('awaited signals', () => {
  const stop = { to: 'nowhere', count: 0 }
  expect(wrongWith({ review: { on: { aprove: S.Send, approve: [], stop } } })).toEqual([
    'review ("review") waits for "aprove", which is not among the signals ["approve","stop"]',
    'review ("review"): on.approve needs a target',
    'review ("review"): on.stop names "nowhere", which is not a state',
    'review ("review"): on.stop.count is 0, not a whole number of 1 or more',
  ])
  const approve = { to: S.Send, count: '2' }
  expect(wrongWith({ review: { on: { approve, stop: { to: S.Gone, count: 2 } } } })).toEqual([
    'review ("review"): on.approve.count is "2", not a whole number of 1 or more',
    'review ("review"): on.stop.count is 2, but "stop" is an update, which is answered at once',
  ])
})

test('the limit of a run', () => {
  expect(wrongWith({}, [], { workflow: { deadline: 'soon' } })).toEqual([
    expect.stringMatching(/^deadline is "soon", which is not a duration/),
  ])
})

test('queries, each with its method', () => {
  const misspelt: Method = ['progres', 'query', 'progres']
  expect(wrongWith({ progress: null }, [misspelt])).toEqual([
    'progres: @query names "progres", which is not among the queries',
    'the query "progress" has no @query method',
  ])
})

test('I8 the schemas of results, answers and questions can be stored too', () => {
  const options = {
    items: { score: 7 },
    branches: { check: { facts: 7, tone: z.string().transform(Number) } },
    queries: { progress: 7 },
    replies: { stop: z.object({ at: z.promise(z.date()) }) },
    signals: { approve: 7, stop: z.object({}) },
  }
  expect(wrongWith({}, [], { options, schemas: { send: undefined } })).toEqual([
    '"send" has no schema',
    'send: its schema is undefined, not a Zod or other Standard Schema',
    'signal approve: its schema is 7, not a Zod or other Standard Schema',
    'reply stop: at is a promise, which cannot be stored',
    'query progress: its schema is 7, not a Zod or other Standard Schema',
    'item of score: its schema is 7, not a Zod or other Standard Schema',
    'branch check/facts: its schema is 7, not a Zod or other Standard Schema',
    'branch check/tone: the schema itself is transformed, and what comes out cannot be read back by the same schema; transform it in the handler',
  ])
})
