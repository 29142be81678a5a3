import type { StoreOption } from 'stepwright'
import { createTestEngine, TestClock, type TestEngine } from 'stepwright/testing'
import { ClaimWorkflow } from './claim.ts'

/** How claims go: shares from 0 to 1. */
export interface Ways {
  /** Of those that are filed, small and paid at once. */
  readonly small: number
  /** Of those that are reviewed: approved, sent back; the rest is left lying. */
  readonly approved: number
  readonly again: number
  /** The longest that somebody takes to look, in hours; the shortest is nothing. */
  readonly hours: number
}

export const USUAL: Ways = { small: 0.3, approved: 0.5, again: 0.3, hours: 10 }
const CLERK = { as: { id: 'ada', roles: ['clerk'] } }

/** Lets `count` claims come to their end as chance has it, one after another; chance is the same each time. */
export async function work(
  test: TestEngine<typeof ClaimWorkflow>,
  { small, approved, again, hours }: Ways,
  ids: readonly string[],
): Promise<void> {
  const chance = new TestClock(0, 7 + ids.length)
  for (const id of ids) {
    const run = await test.engine.start(ClaimWorkflow, { small: chance.random() < small }, { id })
    for (;;) {
      await test.settle()
      const { status, state } = await run.view()
      if (status !== 'waiting') break
      const what = chance.random()
      if (state === 'review' && what < approved + again) {
        await test.clock.advance(Math.round(chance.random() * hours * 36e5))
        if (what < approved) await run.signal('approve', {}, CLERK)
        else await run.signal('again', { small: chance.random() < small })
      } else await test.skip()
    }
  }
}

/** An engine with a fake clock, and a way to fill it. */
export function office(options: { readonly store?: StoreOption; readonly start?: number } = {}) {
  const clock = new TestClock(options.start)
  const test = createTestEngine({
    workflows: [ClaimWorkflow],
    clock,
    ...(options.store === undefined ? {} : { store: options.store }),
  })
  return { ...test, work: (ways: Ways, ids: readonly string[]) => work(test, ways, ids) }
}

/** `a1`, `a2`, and so on. */
export function named(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)
}
