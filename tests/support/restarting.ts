import assert from 'node:assert/strict'
import { createTestEngine, TestClock, type TestEngine } from 'stepwright/testing'
import type { AnyClass } from '../../src/definition/shape.ts'
import type { Store } from '../../src/store/store.ts'
import { DyingStore } from './dying-store.ts'
import { freshName, type StoreKind } from './store-kind.ts'

/** Writes down one call to the outside world, unless the process it is made in is dead: then it never ends. */
export type Call = (key: string) => Promise<void>

/** A piece of work that any number of processes bring to its end, each going on where the last one died. */
export interface Scenario<T> {
  readonly workflows: readonly AnyClass[]
  /** The resources of one process. */
  readonly resources: (call: Call, clock: TestClock) => object
  /** What each process does. The one that gets to its end decides. */
  readonly live: (test: TestEngine<AnyClass>) => Promise<T>
}

/** How it came out. */
export interface Outcome<T> {
  readonly value: T
  /** Calls to the outside world, in order, over all processes. */
  readonly calls: readonly string[]
  /** Calls that were made in a later process for a branch or an item that an earlier one had saved as ended. */
  readonly again: readonly string[]
  /** Writes of the last process. */
  readonly writes: number
  readonly processes: number
  /** Rows that the end of all runs should have taken away. */
  readonly left: { readonly inbox: number; readonly due: number; readonly memo: number }
}

export interface Death {
  readonly at: number
  /** The deadly write is stored. */
  readonly lands: boolean
}

/** Drives a scenario over processes that die at the given writes; the one after the last death lives. */
export async function drive<T>(
  kind: StoreKind,
  scenario: Scenario<T>,
  deaths: readonly Death[],
): Promise<Outcome<T>> {
  const name = freshName()
  const calls: string[] = []
  const again: string[] = []
  const ended = new Set<string>()
  let time = Date.UTC(2026, 0, 1)
  let processes = 0
  for (const death of [...deaths, { at: Infinity, lands: false }]) {
    processes += 1
    const store = new DyingStore(kind.make(name), death.at, death.lands)
    const clock = new TestClock(time, time % 1e9)
    const call: Call = async (key) => {
      if (store.dead) return new Promise<never>(() => undefined)
      calls.push(key)
      if (ended.has(key)) again.push(key)
    }
    const resources = scenario.resources(call, clock)
    const test = createTestEngine({
      workflows: scenario.workflows,
      store,
      clock,
      lease: '10s',
      resources,
    } as never)
    const life = scenario
      .live(test as TestEngine<AnyClass>)
      .then(async (value) => ({ value, left: await leftIn(store) }))
    const result = await Promise.race([life, store.died])
    const { writes } = store
    if (result) {
      await Promise.race([test.close(), store.died])
      return { ...result, calls, again, writes, processes }
    }
    await store.close().catch(() => undefined)
    for (const key of await endedIn(kind.make(name))) ended.add(key)
    time = clock.now() + 11_000 // the dead owner's lease is over
  }
  throw new Error('never ended')
}

/**
 * One crash at each write there is, just before and just after it lands: each time the value is the same, what had
 * ended is not called again, and no more than `inFlight` calls are made twice.
 */
export async function crashAtEachWrite<T>(
  kind: StoreKind,
  scenario: Scenario<T>,
  inFlight: number,
  check: (outcome: Outcome<T>, where: string) => void = () => undefined,
): Promise<void> {
  const calm = await drive(kind, scenario, [])
  check(calm, 'undisturbed')
  for (const lands of [false, true])
    for (let at = 1; at <= calm.writes; at++)
      compare(
        calm,
        await drive(kind, scenario, [{ at, lands }]),
        inFlight,
        `write ${at}, lands: ${lands}`,
        check,
      )
}

/** Process after process, each dying at its nth write, until one gets to the end. `n` must leave room for progress. */
export async function crashAllAlong<T>(
  kind: StoreKind,
  scenario: Scenario<T>,
  n: number,
  inFlight: number,
  check: (outcome: Outcome<T>, where: string) => void = () => undefined,
): Promise<Outcome<T>> {
  const calm = await drive(kind, scenario, [])
  const deaths = Array.from({ length: 200 }, (_, i) => ({ at: n, lands: i % 2 === 1 }))
  const outcome = await drive(kind, scenario, deaths)
  compare(calm, outcome, inFlight * (outcome.processes - 1), `every ${n} writes`, check)
  return outcome
}

/** What a crash may not change. `more`: so many calls may have been made once more. */
export function compare<T>(
  calm: Outcome<T>,
  outcome: Outcome<T>,
  more: number,
  where: string,
  check: (outcome: Outcome<T>, where: string) => void = () => undefined,
): void {
  const same = (what: string, is: unknown, was: unknown): void =>
    assert.deepEqual(is, was, `${where}: ${what}`)
  same('the outcome', outcome.value, calm.value)
  same('called again for what had ended', outcome.again, [])
  same('what was called', [...new Set(outcome.calls)].sort(), [...new Set(calm.calls)].sort())
  assert.ok(outcome.calls.length <= calm.calls.length + more, `${where}: ${outcome.calls.join(' ')}`)
  same('what is left', outcome.left, calm.left)
  check(outcome, where)
}

/** Idempotency keys of the branches and items that are saved as ended. */
export async function endedIn(store: Store): Promise<readonly string[]> {
  await store.open()
  const parts = await store.list('part', { limit: 100_000, values: true })
  if (store.shared) await store.close()
  return parts.flatMap(({ key, value = '' }) =>
    /"status":"(done|failed)"/.test(value) ? [key.split('/').map(decodeURIComponent).join('/')] : [],
  )
}

/** Rows that the end of all runs should have taken away. */
export async function leftIn(store: Store) {
  const count = async (collection: 'inbox' | 'due' | 'memo'): Promise<number> =>
    (await store.list(collection, { limit: 10_000 })).length
  return { inbox: await count('inbox'), due: await count('due'), memo: await count('memo') }
}
