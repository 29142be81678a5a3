import { expect, test } from 'vitest'
import { S, wrongWith, type Method } from './declared-class.ts'

const gone = { to: S.Gone, with: {} }
/** What follows a duration that cannot be read. */
const DURATION =
  "which is not a duration between 0 and 100 years. Give milliseconds or a number with one unit of ms, s, m, h, d, w, such as '90s' or '1.5h'."

test('nothing is wrong with sound methods', () => expect(wrongWith({})).toEqual([]))

test.each<[string, readonly Method[], Parameters<typeof wrongWith>[0], readonly string[]]>([
  [
    'two handlers',
    [['again', 'timer', S.Send, { for: 1, to: S.Done }]],
    {},
    ['"send" has 2 handlers: send, again'],
  ],
  ['no handler', [], { send: null }, ['"send" has no handler']],
  [
    'a name that is no state',
    [['late', 'timer', 'nowhere', { for: 1, to: S.Done }]],
    {},
    ['late: @timer names "nowhere", which is not a state'],
  ],
  [
    'an unknown effect',
    [],
    { send: { effect: 'magic' } },
    ['send ("send"): effect is "magic", not one of none, idempotent, undoable, irreversible'],
  ],
  [
    'an effect that nothing undoes',
    [],
    { send: { effect: 'undoable' }, check: { effect: 'undoable' } },
    [
      'check ("check") is undoable, but has no @compensate',
      'send ("send") is undoable, but has no @compensate',
    ],
  ],
  [
    'limits that cannot be read',
    [],
    { send: { timeout: 'soon', heartbeat: -1 } },
    [`send ("send"): timeout is "soon", ${DURATION}`, `send ("send"): heartbeat is -1, ${DURATION}`],
  ],
  [
    'a retry table',
    [],
    { send: { retry: { on: [{ error: 7 }] } }, tone: { retry: { maxAttempts: 0 } } },
    [
      'tone ("check/tone"): retry.maxAttempts is 0. Give a whole number of 1 or more.',
      'send ("send"): retry.on[0].error is 7. Give an error class, or the name or code of an error.',
    ],
  ],
  [
    'a rule of a retry table',
    [],
    { awake: { retry: { on: [{ error: TypeError, coefficient: 0 }] } } },
    ['awake ("sleep"): retry.on[0].coefficient is 0. Give a number of 1 or more.'],
  ],
  [
    'a final state that goes on',
    [['end', 'step', S.Done, { to: S.Gone }]],
    {},
    ['end ("done") is final, so it has no "to"'],
  ],
  [
    'a final state that does more than close',
    [
      ['end', 'wait', S.Done, { on: {} }],
      ['over', 'children', S.Gone, {}],
      ['nag', 'reminder', S.Done, { after: '1d' }],
      ['undo', 'compensate', S.Gone],
    ],
    {},
    [
      'end ("done") is final, so it cannot be a @wait',
      'nag: @reminder is on "done", which is final',
      'over ("gone") is final, so it cannot be a @children',
      'undo: @compensate is on "gone", which is final',
    ],
  ],
  [
    'a cache',
    [],
    { send: { cache: { key: 'a', ttl: 'long' } } },
    ['send ("send"): cache.key is "a", not a function', `send ("send"): cache.ttl is "long", ${DURATION}`],
  ],
  [
    'a wait for nothing',
    [],
    { review: { on: { stop: undefined } } },
    ['review ("review") waits for neither a signal nor "expires", so it would wait for ever'],
  ],
])('%s', (_, added, changes, problems) => expect(wrongWith(changes, added)).toEqual(problems))

test.each([
  ['score', 'score'],
  ['check', 'check'],
  ['asked', 'ask'],
  ['askedAll', 'askAll'],
  ['awake', 'sleep'],
  ['send', 'send'],
])('the targets of %s', (method, state) => {
  expect(wrongWith({ [method]: { to: undefined } })).toEqual([
    `${method} ("${state}") needs "to": the states it may move to`,
  ])
  expect(wrongWith({ [method]: { to: [S.Done, 'nowhere'] } })).toEqual([
    `${method} ("${state}"): to names "nowhere", which is not a state`,
  ])
})

test.each<[string, object, string]>([
  ['no length', { for: undefined }, 'awake ("sleep") needs exactly one of "for" and "until"'],
  ['two lengths', { until: new Date(0) }, 'awake ("sleep") needs exactly one of "for" and "until"'],
  ['a length that cannot be read', { for: '3 days' }, `awake ("sleep"): for is "3 days", ${DURATION}`],
  [
    'a date as text',
    { for: undefined, until: '2030-01-01' },
    'awake ("sleep"): until is "2030-01-01", which is not a valid Date. Give a Date, or a function that makes one.',
  ],
  [
    'a date that is none',
    { for: undefined, until: new Date(NaN) },
    'awake ("sleep"): until is null, which is not a valid Date. Give a Date, or a function that makes one.',
  ],
])('a timer with %s', (_, awake, problem) => expect(wrongWith({ awake })).toEqual([problem]))

test.each<[string, readonly Method[], readonly string[]]>([
  [
    'on a state that does not wait',
    [['nag', 'reminder', S.Send, { after: '1d' }]],
    ['nag: @reminder is on "send", which is not a @wait'],
  ],
  [
    'that cannot be read',
    [['nag', 'reminder', S.Review, { after: 'soon', every: 10, times: 0, timeout: 'x' }]],
    [
      'nag (reminder of review ("review")): every is 10, which is shorter than a second',
      `nag (reminder of review ("review")): timeout is "x", ${DURATION}`,
      `nag (reminder of review ("review")): after is "soon", ${DURATION}`,
      'nag (reminder of review ("review")): times is 0, not a whole number of 1 or more',
    ],
  ],
  [
    'at no time',
    [['nag', 'reminder', S.Review, {}]],
    [expect.stringMatching(/^nag \(reminder of review \("review"\)\): after is /) as string],
  ],
])('a reminder %s', (_, added, problems) => expect(wrongWith({}, added)).toEqual(problems))

test.each<[string, readonly Method[], readonly string[]]>([
  [
    'of all branches at once',
    [['uncheck', 'compensate', S.Check]],
    ['uncheck: @compensate of check ("check") needs { branch }: a parallel state is undone branch by branch'],
  ],
  [
    'of a branch where there is none',
    [['unsend', 'compensate', S.Send, { branch: 'facts' }]],
    ['unsend: @compensate of send ("send") names a branch, and the state has none'],
  ],
  [
    'of a branch that does not exist',
    [['unfacts', 'compensate', S.Check, { branch: 'fatcs' }]],
    ['unfacts: @compensate names the branch "fatcs", which check ("check") does not have'],
  ],
  [
    'twice',
    [
      ['unsend', 'compensate', S.Send],
      ['again', 'compensate', S.Send],
    ],
    ['send ("send") has 2 @compensate methods'],
  ],
  [
    'that cannot be tried',
    [
      ['unsend', 'compensate', S.Send, { timeout: 'soon' }],
      ['unfacts', 'compensate', S.Check, { branch: 'facts', retry: { maxAttempts: 0 } }],
    ],
    [
      'unfacts (undo of check ("check"), branch "facts"): retry.maxAttempts is 0. Give a whole number of 1 or more.',
      `unsend (undo of send ("send")): timeout is "soon", ${DURATION}`,
    ],
  ],
])('a compensation %s', (_, added, problems) => expect(wrongWith({}, added)).toEqual(problems))

test('a branch of an undoable state can be undone alone', () => {
  const unfacts: Method = ['unfacts', 'compensate', S.Check, { branch: 'facts' }]
  expect(wrongWith({ check: { effect: 'undoable' } }, [unfacts])).toEqual([])
})

test('transactions: their states, each in one of them, and their edges', () => {
  const transactions = {
    money: { states: [S.Send, 'nowhere'], catch: { to: 'lost', with: 7, error: 7 } },
    mail: { states: [S.Send], catch: gone },
  }
  expect(wrongWith({}, [], { options: { transactions } })).toEqual([
    'transaction "money": catch.error is 7, not an error class or the name or code of an error',
    'transaction "money": catch.to names "lost", which is not a state',
    'transaction "money": catch.with is 7, not an object or a function that makes one',
    'transaction "money": states names "nowhere", which is not a state',
    '"send" is in 2 transactions, money, mail',
  ])
})
