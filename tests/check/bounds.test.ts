import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { atMost, bounds, check, eventually, limits, never, type Bounds } from '../../src/check/index.ts'
import { boundsOf } from '../../src/check/bounds/bounds.ts'
import { Properties } from '../../src/check/properties/properties.ts'
import type { StateDefinition } from '../../src/definition/definition.ts'
import { readDefinition, states, type Input, type ShapeOf } from '../../src/index.ts'

const any = z.object({})
const S = states(
  { Work: 'work', End: 'end' },
  { work: any, end: any },
  {
    initial: 'work',
    final: 'end',
    signals: { yes: any, ask: any },
    replies: { ask: any },
    items: { work: any },
  },
)
const P = states(
  { Work: 'work', End: 'end' },
  { work: any, end: any },
  { initial: 'work', final: 'end', signals: { yes: any, ask: any }, branches: { work: { a: any, b: any } } },
)
const T = states(
  { Work: 'work', End: 'end' },
  { work: any, end: any },
  { initial: 'work', final: 'end', signals: { yes: any, ask: any }, replies: { ask: any } },
)
type In = Input<ShapeOf<typeof T>, 'work'>
type InMap = Input<ShapeOf<typeof S>, 'work'>
type InParallel = Input<ShapeOf<typeof P>, 'work'>
const MINUTE = 60_000
const once = { maxAttempts: 1 } as const

/** The most of each thing; what is not given is left out. */
function mostOf({ run }: Bounds): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(run).map(([metric, { most }]) => [metric, most]))
}

describe('one visit', () => {
  test('of a step: its attempts, each as long as its timeout, and the longest pauses between them', () => {
    @T.workflow({ name: 'w' })
    class W {
      @T.step('work', {
        to: 'end',
        timeout: '1m',
        retry: { maxAttempts: 4, initialInterval: '1s', maxInterval: '3s' },
      })
      work(_: In) {
        return T.go('end', {})
      }
    }
    const perState = { work: { modelCalls: 2, tokens: 100, cost: 0.25 } }
    expect(mostOf(bounds(W, { perState }))).toEqual({
      ...{ visits: 2, attempts: 4, modelCalls: 8, tokens: 400, cost: 1 },
      ...{ ms: 4 * MINUTE + (1 + 2 + 3) * 1000, undoingMs: 0 },
    })
    // a call that is known to be short; and figures of a whole visit
    expect(mostOf(bounds(W, { perState: { work: { ms: 100 } } }))).toMatchObject({ ms: 400 + 6000 })
    const seen = { per: 'visit', modelCalls: 3, ms: 5000 } as const
    expect(mostOf(bounds(W, { perState: { work: seen } }))).toMatchObject({ modelCalls: 3, ms: 5000 })
  })

  test('policies of classes of errors count, whichever allows the most', () => {
    const on = [{ error: TypeError, maxAttempts: 5, initialInterval: '10s', coefficient: 1 }] as const
    @T.workflow({ name: 'w' })
    class W {
      @T.step('work', { to: 'end', timeout: '1m', retry: { maxAttempts: 2, initialInterval: '20s', on } })
      work(_: In) {
        return T.go('end', {})
      }
    }
    expect(mostOf(bounds(W))).toMatchObject({ attempts: 5, ms: 5 * MINUTE + 20_000 + 3 * 10_000 })
  })

  test('of a wait: until it expires, with its reminders, one of which may be given at the end', () => {
    @T.workflow({ name: 'w' })
    class W {
      @T.wait('work', {
        on: { yes: 'end' },
        expires: { after: '1h', to: 'end', with: {} },
        timeout: '1m',
        retry: once,
      })
      work(_signal: unknown, _: In) {
        return T.go('end', {})
      }
      @T.reminder('work', { after: '10m', every: '20m', timeout: '2m', retry: { maxAttempts: 2 } })
      remind(_: In) {
        // at 10, 30 and 50 minutes
      }
    }
    expect(mostOf(bounds(W))).toMatchObject({ attempts: 1 + 3 * 2, ms: 63 * MINUTE })
  })

  test('nothing bounds a wait without an end, nor a handler that may refuse an update', () => {
    @T.workflow({ name: 'w' })
    class W {
      @T.wait('work', { on: { ask: 'end' } })
      work(_signal: unknown, _: In) {
        return T.go('end', {})
      }
    }
    const { run } = bounds(W, { perState: { work: { modelCalls: 1 } } })
    expect(run.ms).toEqual({ most: Infinity, path: ['work'], because: '"work" waits without an end' })
    expect(run.modelCalls).toMatchObject({
      most: Infinity,
      because: '"work" may refuse the update "ask" as often as it is sent',
    })
    expect(run.visits?.most).toBe(2)
  })

  test('of a timer: its time, where that does not depend on the input', () => {
    const of = (time: '1h' | (() => '1h')) => {
      @T.workflow({ name: 'w' })
      class W {
        @T.timer('work', { for: time, to: 'end', timeout: '1m', retry: once })
        work(_: In) {
          return T.go('end', {})
        }
      }
      return bounds(W).run.ms
    }
    expect(of('1h')?.most).toBe(61 * MINUTE)
    expect(of(() => '1h')).toMatchObject({ because: 'how long "work" waits depends on its input' })
  })

  test('of a map: all its items, and so many at once', () => {
    const of = (most: number, attempts: number) => {
      @S.workflow({ name: 'w' })
      class W {
        @S.map('work', {
          over: () => [1],
          to: 'end',
          most,
          concurrency: 4,
          timeout: '1m',
          retry: { maxAttempts: attempts, initialInterval: '1s' },
          reduce: () => S.go('end', {}),
        })
        item(_item: number, _: InMap) {
          return {}
        }
      }
      return mostOf(bounds(W, { perState: { work: { tokens: 10 } } }))
    }
    // the state's own reduce is tried too
    expect(of(3, 1)).toMatchObject({ attempts: 3 + 1, tokens: 40, ms: 2 * MINUTE })
    expect(of(9, 2)).toMatchObject({ attempts: 18 + 2, ms: (2 + (8 * 2) / 4 + 2) * MINUTE + 2000 })
  })

  test('of branches: all of them are called, side by side', () => {
    @P.workflow({ name: 'w' })
    class W {
      @P.parallel('work', { to: 'end', timeout: '1m', retry: once })
      work(_: unknown, _input: InParallel) {
        return P.go('end', {})
      }
      @P.branch('work', 'a', { timeout: '5m', retry: once })
      a(_: InParallel) {
        return {}
      }
      @P.branch('work', 'b', { timeout: '2m', retry: { maxAttempts: 2, initialInterval: '1m' } })
      b(_: InParallel) {
        return {}
      }
    }
    expect(mostOf(bounds(W))).toMatchObject({ attempts: 1 + 2 + 1, ms: 6 * MINUTE })
  })

  test('of a child: what its runs come to, and no longer than its expiry', () => {
    @T.workflow({ name: 'small' })
    class Small {
      @T.step('work', { to: 'end', timeout: '10m', retry: once })
      work(_: In) {
        return T.go('end', {})
      }
    }
    const of = (expires?: object) => {
      @T.workflow({ name: 'w' })
      class W {
        @T.child('work', {
          workflow: Small,
          input: () => ({}),
          to: 'end',
          timeout: '1m',
          retry: once,
          ...expires,
        })
        work(_: unknown, _input: In) {
          return T.go('end', {})
        }
      }
      const children = [bounds(Small, { perState: { work: { cost: 2 } } })]
      return mostOf(bounds(W, { children }))
    }
    expect(of()).toMatchObject({ attempts: 2, cost: 2, ms: 11 * MINUTE, visits: 2 })
    const expires = { after: '5m', to: 'end', with: {} }
    expect(of({ expires })).toMatchObject({ cost: 2, ms: 6 * MINUTE })
  })

  test('undoing is told of by itself; a deadline bounds the time, not the visits', () => {
    @T.workflow({ name: 'w', deadline: '3m' })
    class W {
      @T.step('work', {
        to: ['work', 'end'],
        timeout: '1m',
        retry: once,
        maxVisits: { times: 5, to: 'end', with: {} },
      })
      work(_: In) {
        return T.go('end', {})
      }
      @T.compensate('work', { timeout: '30s', retry: once })
      undo(_: In) {
        // takes half a minute at most
      }
    }
    expect(mostOf(bounds(W))).toMatchObject({ visits: 6, ms: 3 * MINUTE, undoingMs: 2.5 * MINUTE })
  })
})

test('figures and limits that cannot be are refused', () => {
  @T.workflow({ name: 'w' })
  class W {
    @T.step('work', { to: 'end' })
    work(_: In) {
      return T.go('end', {})
    }
  }
  // @ts-expect-error: no such state
  expect(() => bounds(W, { perState: { lost: { cost: 1 } } })).toThrow(
    'perState has "lost", which is not a state of w',
  )
  expect(() => bounds(W, { perState: { work: { cost: -1 } } })).toThrow('cost is -1')
  expect(() => limits(W, { most: { visits: NaN } })).toThrow('most.visits is null')
  // @ts-expect-error: no such thing
  expect(() => limits(W, { most: { money: 1 } })).toThrow('most.money is 1')
  const found = check(W, { limits: [limits(W, { most: { visits: 2, ms: '1h' } })] })
  expect(found.map(({ rule }) => rule)).not.toContain('over-limit')
})

test('where bounds of visits multiply, figures are upper bounds and say so', () => {
  @T.workflow({ name: 'w' })
  class W {
    @T.step('work', { to: 'end', retry: once })
    work(_: In) {
      return T.go('end', {})
    }
  }
  const small = readDefinition(W)
  const names = Array.from({ length: 8 }, (_, i) => `s${i}`)
  const maxVisits = { times: 9, to: 'end', with: {} }
  const looping = names.map((name) => [
    name,
    {
      ...small.states.get('work'),
      name,
      member: name,
      to: [...names, 'end'],
      maxVisits,
    } as unknown as StateDefinition,
  ])
  const all = new Map([...looping, ['end', small.states.get('end')]] as [string, StateDefinition][])
  const big = { ...small, initial: 's0', states: all }
  const { run, states, exact } = boundsOf(big, new Map(), [])
  expect(exact).toBe(false)
  expect(run.visits).toEqual({ most: 8 * 9 + 1, path: [] })
  expect(states.get('s3')?.most).toBe(9)

  const claims = { quiet: never('s3').before('s4'), ends: eventually('end'), rare: atMost(9, 's1') }
  const asked = new Properties(big, new Map(Object.entries(claims)), 'end')
  const found = check(big, { properties: [asked] }).filter(({ rule }) => rule === 'broken-property')
  expect(found.map(({ message, path }) => [message, path])).toEqual([
    ['"quiet": never(s3).before(s4) does not hold', ['s0', 's3']],
    [expect.stringContaining('"ends": eventually(end) is not decided: maxVisits multiply'), []],
    [expect.stringContaining('"rare": atMost(9, s1) is not decided'), []],
  ])
})
