import { describe, expect, test } from 'vitest'
import { ItemProgress } from '../../src/cli/item-progress.ts'
import type { PartsProgress } from '../../src/index.ts'

/** What is said, with a clock that is set by hand. */
function listening(isLive: boolean) {
  const said: string[] = []
  const clock = { now: 0 }
  const write = (text: string): void => void said.push(text)
  const progress = new ItemProgress({ isLive, status: write, note: write }, () => clock.now)
  return { said, clock, progress }
}

function items(run: string, done: number, failed = 0, more = false): PartsProgress {
  return { run, state: 'pack', visit: 1, of: 'items', done, failed, total: 1_000, more }
}

describe('how far items have come', () => {
  test('is told at most once in ten seconds where there is no terminal, and not at all of a short map', () => {
    const { said, clock, progress } = listening(false)
    for (let at = 0; at <= 25_000; at += 100) {
      clock.now = at
      progress.take(items('a', at / 100, at > 15_000 ? 3 : 0))
    }
    expect(said).toEqual(['a in pack: 100 of 1,000 items', 'a in pack: 203 of 1,000 items, 3 failed'])
  })

  test('is a line that changes on a terminal, and goes away once they are joined', () => {
    const { said, clock, progress } = listening(true)
    progress.take(items('a', 1))
    clock.now = 499
    progress.take(items('a', 2))
    expect(said).toEqual([])
    clock.now = 500
    progress.take(items('a', 3, 0, true))
    progress.forget('b')
    progress.forget('a')
    expect(said).toEqual(['a in pack: 3 of 1,000 items so far', ''])
  })

  test('of several runs it is their sum; branches and child runs are not told of', () => {
    const { said, clock, progress } = listening(true)
    progress.take(items('a', 10, 1))
    progress.take({ ...items('c', 1), of: 'branches' })
    clock.now = 600
    progress.take(items('b', 5))
    expect(said).toEqual(['2 runs: 16 of 2,000 items, 1 failed'])
  })
})
