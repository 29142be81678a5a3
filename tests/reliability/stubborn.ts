import assert from 'node:assert/strict'
import type { RunHandle } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { ShopWorkflow, State, toReview, type Ctx } from '../support/shop.ts'
import { trial } from './trial.ts'
import { historyOf } from './virtual.ts'

const TIMEOUT = 30_000

interface Attempt {
  readonly context: Ctx
  /** Resolves so long after the attempt began. */
  readonly after: (ms: number) => Promise<void>
  /** What the handler was told when it did something after its end. */
  readonly told: string[]
}

/** Handlers that do not stop when they are told to. */
const STUBBORN: Readonly<Record<string, (attempt: Attempt) => unknown>> = {
  'never returns': () => new Promise(() => undefined),
  'ignores the abort, and returns late': async ({ after }) => {
    await after(TIMEOUT + 5_000)
    return toReview('late')
  },
  'returns at the moment of its timeout': async ({ after }) => {
    await after(TIMEOUT + 1)
    return toReview('late')
  },
  'throws late': async ({ after }) => {
    await after(TIMEOUT + 1_000)
    throw new Error('too late')
  },
  'returns on the abort': async ({ context }) => {
    await new Promise((resolve) => context.run.signal.addEventListener('abort', resolve))
    return toReview('late')
  },
  'saves a memo late': async ({ after, context, told }) => {
    await after(TIMEOUT + 2_000)
    await context.memo('late', () => 'late').catch((error: unknown) => told.push(String(error)))
    return toReview('late')
  },
  'has a memo made across its end': async ({ after, context, told }) => {
    const slow = context.memo('late', async () => (await after(TIMEOUT + 3_000), 'late'))
    await slow.catch((error: unknown) => told.push(String(error)))
    return toReview('late')
  },
  'changes the session, logs and beats late': async ({ after, context }) => {
    await after(TIMEOUT + 4_000)
    context.session.update(() => ({ total: 666 }))
    context.log.error('late')
    context.heartbeat()
    return toReview('late')
  },
}

/** Two attempts that do not stop, and one that does: the timeouts hold, and nothing late is in the run. */
async function insist(first: string, second: string): Promise<number> {
  const clock = new TestClock()
  const store = new MemoryStore()
  const told: string[] = []
  const began: number[] = []
  const charge = async (context: Ctx): Promise<unknown> => {
    const start = clock.now()
    began.push(start)
    const after = (ms: number) => new Promise<void>((resolve) => void clock.alarm(start + ms, resolve))
    const name = [first, second][context.run.attempt - 1]
    if (name !== undefined) return STUBBORN[name]?.({ context, after, told })
    assert.equal(await context.memo('late', () => 'in time'), 'in time')
    context.session.update(({ total }) => ({ total: total + 1 }))
    return toReview('in time')
  }
  const { engine, close } = createTestEngine({
    workflows: [ShopWorkflow],
    store,
    clock,
    resources: { hands: { charge } },
  })
  const run = await engine.start(ShopWorkflow, { amount: 1 }, { id: 'r', session: 's' })
  for (let i = 0; i < 200; i++) await clock.advance(1_000) // also past everything that comes late
  const history = await historyOf(run as unknown as RunHandle)
  const failed = history.filter((event) => event.type === 'attempt-failed')
  assert.deepEqual(
    failed.map(({ failure }) => failure.name),
    ['TimeoutError', 'TimeoutError'],
  )
  for (const [i, { at }] of failed.entries())
    assert.equal(at - (began[i] ?? 0), TIMEOUT, 'the timeout did not hold')
  const view = await run.view()
  assert.deepEqual([view.status, view.state, view.data], ['waiting', State.Review, { receipt: 'in time' }])
  assert.deepEqual(await engine.session('s').state(), { total: 1 })
  assert(!JSON.stringify(history).includes('late'), 'something late is in the history')
  assert.deepEqual(await store.list('memo', { limit: 9 }), [])
  for (const error of told) assert.match(error, /\[attempt-over\]$/)
  assert.equal(told.length, [first, second].filter((name) => name.includes('memo')).length)
  await close()
  return told.length
}

/** R18 */
export const stubborn = trial<number>({
  id: 'R18',
  title:
    'handlers that never return, ignore the abort, or go on after the timeout: it holds, and what is late is ignored',
  sizes: { ci: 3, full: 1 },
  async run(every) {
    const names = Object.keys(STUBBORN)
    const pairs = names.flatMap((first) => names.map((second) => [first, second] as const))
    let turned = 0
    let tried = 0
    for (const [first, second] of pairs.filter((_, i) => i % every === 0)) {
      turned += await insist(first, second).catch((error: unknown) => {
        throw new Error(`${first}, then ${second}`, { cause: error })
      })
      tried += 2
    }
    return { timeouts: tried, 'late memos turned away': turned }
  },
})
