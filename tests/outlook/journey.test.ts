import { describe, expect, test } from 'vitest'
import { Gathering } from '../../src/outlook/gathering.ts'
import { forecastFrom, type Forecast } from 'stepwright/outlook'
import type { Happening, HistoryEvent } from '../../src/model/history.ts'
import { journeyOf, type Journey } from '../../src/model/journey.ts'

const failure = { name: 'RangeError', message: 'no' }
const started = {
  type: 'started',
  workflow: 'w',
  version: 1,
  to: 'a',
  data: {},
  vars: {},
  session: 's',
} as const
const moved = (from: string, to: string, by: 'step' | 'expires' | 'skip' | 'catch' | 'signal:go' = 'step') =>
  ({ type: 'moved', from, to, by, visit: 1, data: {} }) as const
const called = (tokens: number, cost: number) =>
  ({
    type: 'model-called',
    model: 'm',
    verb: 'text',
    hash: 'h',
    messages: [],
    ms: 1,
    attempt: 1,
    usage: { input: tokens, output: 0 },
    cost,
  }) as const
const signalled = { type: 'signalled', name: 'go', id: '1', payload: {} } as const

/** The journey of what happened at these times. */
function told(...happened: readonly (readonly [at: number, happening: Happening])[]): Journey {
  const history = happened.map(([at, happening], i): HistoryEvent => ({ seq: i + 1, at, ...happening }))
  return journeyOf(history, 10_000, (state) => state === 'wait')
}

describe('time at work and time waiting', () => {
  test('a step works, a wait waits until its signal comes, and works on it then', () => {
    const { stays, end } = told(
      [0, started],
      [100, moved('a', 'wait')],
      [1_100, signalled],
      [1_150, moved('wait', 'z', 'signal:go')],
      [1_150, { type: 'completed', state: 'z' }],
    )
    expect(end).toBe('completed')
    expect(stays).toMatchObject([
      { state: 'a', at: 0, workMs: 100, waitMs: 0, left: { to: 'wait', by: 'step' } },
      { state: 'wait', workMs: 50, waitMs: 1_000, left: { to: 'z', by: 'signal:go' } },
      { state: 'z', workMs: 0, waitMs: 0 },
    ])
  })

  test('between attempts, before a worker comes, and for parts it waits', () => {
    const { stays } = told(
      [0, started],
      [30, { type: 'claimed', worker: 'w1' }],
      [50, { type: 'attempt-failed', state: 'a', attempt: 1, failure, retryAt: 550 }],
      [550, { type: 'retried', state: 'a', attempt: 2 }],
      [600, { type: 'waits' }],
      [900, { type: 'woken', worker: 'w1' }],
      [920, { type: 'joined', state: 'a', done: 1, failed: 2, failures: { x: failure } }],
      [920, moved('a', 'b')],
    )
    expect(stays[0]).toMatchObject({ workMs: 20 + 50 + 20, waitMs: 30 + 500 + 300, failures: 3 })
    expect(stays[0]?.errors).toEqual(new Map([['RangeError', 2]]))
    expect(stays[1]).toMatchObject({ state: 'b', workMs: 10_000 - 920 })
  })

  test('while it is paused it waits; what expires or is skipped was waited for', () => {
    const { stays } = told(
      [0, started],
      [10, { type: 'paused' }],
      [510, { type: 'unpaused' }],
      [520, { type: 'released', worker: 'w1' }],
      [600, moved('a', 'wait', 'skip')],
      [900, moved('wait', 'z', 'expires')],
    )
    expect(stays[0]).toMatchObject({ workMs: 20, waitMs: 580 })
    expect(stays[1]).toMatchObject({ workMs: 0, waitMs: 300 })
  })

  test('a run that failed stands still until it is retried by hand', () => {
    const { stays, end } = told(
      [0, started],
      [10, { type: 'failed', state: 'a', failure }],
      [5_000, { type: 'retried-by-hand', state: 'a' }],
      [5_010, moved('a', 'b')],
      [5_010, { type: 'terminated' }],
    )
    expect(end).toBe('terminated')
    expect(stays).toMatchObject([
      { workMs: 20, failed: false },
      { state: 'b', workMs: 0 },
    ])
  })
})

test('how it ended, after what was done was undone', () => {
  const undone = (why: 'failed' | 'cancelled') =>
    told([0, started], [5, { type: 'compensating', why, undoable: 1 }], [9, { type: 'compensated' }]).end
  expect(undone('failed')).toBe('compensated')
  expect(undone('cancelled')).toBe('cancelled')
  // a transaction is undone, and the run goes on
  const { stays, end } = told(
    [0, started],
    [5, { type: 'compensating', why: 'transaction', undoable: 1, to: 'b' }],
    [9, { type: 'compensated' }],
    [9, moved('a', 'b', 'catch')],
  )
  expect(end).toBeUndefined()
  expect(stays).toMatchObject([{ state: 'a', workMs: 9, failures: 1 }, { state: 'b' }])
})

test('what models cost is counted in the visit that called them, and foretold with its loops', () => {
  const gathering = new Gathering('w', 4)
  // a is left for b; from b every second run goes back to a once
  for (let i = 0; i < 20; i++) {
    const again =
      i % 2 === 0
        ? ([
            [30, moved('b', 'a')],
            [30, called(100, 0.5)],
            [40, moved('a', 'b')],
          ] as const)
        : []
    gathering.add(
      `r${i}`,
      told(
        [0, started],
        [10, called(100, 0.5)],
        [10, moved('a', 'b')],
        ...again,
        [60, { type: 'joined', state: 'b', done: 1, failed: 0, spent: { calls: 2, tokens: 40, cost: 0.1 } }],
        [60, moved('b', 'z')],
        [60, { type: 'completed', state: 'z' }],
      ),
    )
  }
  const { statistics } = gathering
  expect(statistics.states.get('a')).toMatchObject({
    visits: 30,
    spent: { calls: 30, tokens: 3_000, cost: 15 },
  })
  expect(statistics.states.get('b')).toMatchObject({ visits: 30, spent: { calls: 40, tokens: 800 } })
  // 1.5 visits of each state
  const told20 = forecastFrom(statistics, { state: 'a', ms: 0 }) as Forecast
  expect(told20).toMatchObject({
    calls: expect.closeTo(1.5 + 2, 6) as number,
    tokens: expect.closeTo(150 + 40, 6) as number,
    cost: expect.closeTo(0.75 + 0.1, 6) as number,
    ms: expect.closeTo(60, 6) as number,
    ends: [{ status: 'completed', state: 'z', chance: expect.closeTo(1, 9) as number }],
  })
})

test('odd names of states and errors are names like any other', () => {
  const gathering = new Gathering('w', 3)
  const odd = { ...failure, name: 'constructor' }
  gathering.add(
    'r',
    told(
      [0, { ...started, to: '__proto__' }],
      [1, { type: 'attempt-failed', state: '__proto__', attempt: 1, failure: odd, retryAt: 2 }],
      [3, moved('__proto__', 'end completed')],
      [3, { type: 'failed', state: 'end completed', failure: odd }],
    ),
  )
  const { states, departures, ended } = gathering.statistics
  expect(states.get('__proto__')?.failures).toEqual(new Map([['constructor', 1]]))
  expect(departures.map(({ from, to }) => [from, to])).toEqual([
    ['__proto__', 'end completed'],
    ['end completed', 'failed'],
  ])
  expect(ended).toEqual({ failed: 1 })
  expect(
    forecastFrom(gathering.statistics, { state: '__proto__', ms: 0 }, undefined, { least: 1 }),
  ).toMatchObject({
    ends: [{ status: 'failed', chance: 1 }],
  })
})
