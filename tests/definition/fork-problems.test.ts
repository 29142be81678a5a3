import { expect, test } from 'vitest'
import { S, SubWorkflow, wrongWith, type Method } from './declared-class.ts'

test.each<[string, object, readonly string[]]>([
  [
    'functions',
    { over: 7, reduce: 'sum' },
    ['score ("score"): over is 7, not a function', 'score ("score"): reduce is "sum", not a function'],
  ],
  [
    'numbers',
    { concurrency: 0, most: 0.5 },
    [
      'score ("score"): concurrency is 0, not a whole number of 1 or more',
      'score ("score"): most is 0.5, not a whole number of 1 or more',
    ],
  ],
  ...['collct', null, {}, { threshold: -1 }, { threshold: 'five' }, { threshold: '120%' }].map(
    (onError): [string, object, readonly string[]] => [
      `onError ${JSON.stringify(onError)}`,
      { onError },
      [
        `score ("score"): onError is ${JSON.stringify(onError)}, not 'fail', 'collect' or { threshold } with a whole number or a percentage`,
      ],
    ],
  ),
  ['a threshold of none', { onError: { threshold: 0 } }, []],
  ['a threshold of half', { onError: { threshold: '50%' } }, []],
])('a map: %s', (_, score, problems) => expect(wrongWith({ score })).toEqual(problems))

test('a map whose results have no schema', () => {
  expect(wrongWith({}, [], { options: { items: {} } })).toEqual([
    'score ("score"): the schema of one result is missing; declare items: { [score]: ... }',
  ])
})

test.each<[string, Parameters<typeof wrongWith>[0], readonly Method[], readonly string[]]>([
  ['without a method', { tone: null }, [], ['check ("check"): the branch "tone" has no @branch method']],
  [
    'with two methods',
    {},
    [['again', 'branch', S.Check, 'tone']],
    ['check ("check"): the branch "tone" has 2 @branch methods'],
  ],
  [
    'that was not declared',
    {},
    [['more', 'branch', S.Check, 'fatcs']],
    ['more: @branch names the branch "fatcs", which check ("check") does not have'],
  ],
  [
    'of a state that has none',
    {},
    [['more', 'branch', S.Send, 'facts']],
    ['more: @branch is on "send", which is not @parallel'],
  ],
  [
    'that cannot be tried',
    { tone: { timeout: 'soon' } },
    [],
    [expect.stringMatching(/^tone \("check\/tone"\): timeout is "soon", which is not a duration/) as string],
  ],
])('a branch %s', (_, changes, added, problems) => expect(wrongWith(changes, added)).toEqual(problems))

test('a parallel state without branches', () => {
  expect(wrongWith({ facts: null, tone: null }, [], { options: { branches: {} } })).toEqual([
    'check ("check") has no branches; declare branches: { [check]: ... }',
  ])
})

test.each([0, 3, 1.5])('a join of %s out of two branches', (join) =>
  expect(wrongWith({ check: { join } })).toEqual([
    `check ("check"): join is ${join}, and it has 2 branches, so it can never be satisfied`,
  ]),
)

test.each(['most', {}])('a join by %j', (join) =>
  expect(wrongWith({ check: { join } })).toEqual([
    `check ("check"): join is ${JSON.stringify(join)}, not 'all', 'any', 'settled', a number or a function`,
  ]),
)

test.each(['all', 'any', 'settled', 1, 2, () => true])('a join by %s is one', (join) =>
  expect(wrongWith({ check: { join } })).toEqual([]),
)

test('child runs: what is run, with what, under which id', () => {
  expect(wrongWith({ asked: { workflow: undefined, input: 7, id: 'x' } })).toEqual([
    'asked ("ask"): id is "x", not a function',
    'asked ("ask"): workflow is undefined, not a workflow class',
    'asked ("ask"): input is 7, not a function',
  ])
  expect(wrongWith({ askedAll: { workflow: 'x', over: undefined } })).toEqual([
    'askedAll ("askAll"): over is undefined, not a function',
    'askedAll ("askAll"): workflow is "x", not a workflow class',
  ])
  expect(wrongWith({ asked: { workflow: SubWorkflow, id: () => 'x', detached: true } })).toEqual([])
})

test('a detached child is not waited for', () => {
  const expires = { after: '1d', to: S.Gone, with: {} }
  for (const more of [{ on: { stop: S.Gone } }, { expires }])
    expect(wrongWith({ asked: { detached: true, ...more } })).toEqual([
      'asked ("ask") is detached, so it does not wait for anything',
    ])
})

test('a signal that may come before a child is declared', () => {
  expect(wrongWith({ asked: { on: { stopp: 'nowhere' } } })).toEqual([
    'asked ("ask") waits for "stopp", which is not among the signals ["approve","stop"]',
    'asked ("ask"): on.stopp names "nowhere", which is not a state',
  ])
})
