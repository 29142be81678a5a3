import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemHost } from '../../src/model/host.ts'

const HOUR = 3_600_000
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** How long after it was armed an alarm that is set for `wait` from now rings, when the clock is set by `jump` after a minute. */
function rings(wait: number, jump: number): number | undefined {
  const armed = performance.now()
  let rang: number | undefined
  systemHost.alarm(Date.now() + wait, () => (rang = performance.now() - armed))
  vi.advanceTimersByTime(60_000)
  vi.setSystemTime(Date.now() + jump)
  vi.advanceTimersByTime(40 * 24 * HOUR)
  return rang
}

it('I9 an alarm rings when it should, also in 30 days', () => {
  expect(rings(5 * HOUR, 0)).toBe(5 * HOUR)
  expect(rings(30 * 24 * HOUR, 0)).toBe(30 * 24 * HOUR)
})

it('I9 a clock that is set forward is noticed within a minute', () => {
  expect(rings(5 * HOUR, 24 * HOUR)).toBeLessThan(121_000)
  expect(rings(5 * HOUR, HOUR)).toBe(4 * HOUR)
})

it('a clock that is set back does not make a wait longer', () => {
  expect(rings(5 * HOUR, -HOUR)).toBe(5 * HOUR)
})

it('one that was cancelled does not ring', () => {
  let rang = false
  systemHost.alarm(Date.now() + 5 * HOUR, () => (rang = true))()
  vi.advanceTimersByTime(6 * HOUR)
  expect(rang).toBe(false)
})
