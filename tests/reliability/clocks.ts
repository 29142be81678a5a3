import assert from 'node:assert/strict'
import type { RunHandle } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { listDue } from '../../src/store/due-list.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { Chance } from '../simulation/chance.ts'
import { HoursWorkflow, State, type Hands } from '../support/hours.ts'
import { TripWorkflow, World } from '../support/trip.ts'
import { trial } from './trial.ts'
import { historyOf } from './virtual.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const BEGAN = Date.UTC(2026, 0, 1)

/** Waits of each kind, and what it takes to get into them. */
const WAITS = [
  { to: State.For },
  { to: State.ForInput, length: '90s' },
  { to: State.UntilInput, length: new Date(BEGAN + 10 * DAY) },
  { to: State.Ask },
  { to: State.Work },
] as const

/** What happens to the clock while the run waits. `away`: nobody is there, and the timer is overdue by so much. */
const DISTURBANCES = [
  { away: 30 * DAY },
  { away: 400 * DAY },
  { jump: HOUR },
  { jump: DAY },
  { jump: -HOUR },
  { jump: -DAY },
] as const

type Disturbance = (typeof DISTURBANCES)[number]

function open(store: MemoryStore, clock: TestClock, hands: Hands) {
  const test = createTestEngine({
    ...{ workflows: [HoursWorkflow, TripWorkflow], store, clock, lease: '10s' },
    resources: { hands, world: new World() },
  } as never) as ReturnType<typeof createTestEngine<readonly [typeof HoursWorkflow, typeof TripWorkflow]>>
  return { ...test, clock }
}

/** One run through one wait. Gives how late its timer was, in milliseconds. */
async function sleep(wait: (typeof WAITS)[number], how: Disturbance, chance: Chance): Promise<number> {
  const store = new MemoryStore()
  let worked = 0
  const hands: Hands = {
    work: () => {
      if (++worked === 1) throw new Error('the first time fails')
    },
  }
  let process = open(store, new TestClock(BEGAN), hands)
  await process.engine.start(HoursWorkflow, wait as { to: string }, { id: 'r' })
  await process.settle()
  const [timer] = (await listDue(store, 9)).filter(({ why }) => why !== 'deadline')
  assert(timer, 'it waits for no time at all')
  const status = async (): Promise<string> => (await process.engine.get('r').then((run) => run.view())).status
  let reached = BEGAN
  const passed = (): boolean => (reached = Math.max(reached, process.clock.now())) >= timer.at
  const early = async (): Promise<void> =>
    assert(passed() || (await status()) === 'waiting', 'it went on too early')
  if ('away' in how) {
    await process.close()
    process = open(store, new TestClock(timer.at + how.away, 7), hands)
    await process.settle()
  } else {
    const { clock, settle } = process
    const left = timer.at - clock.now()
    for (const moment of [chance.next() * 0.9, 1].map((share) => timer.at - left * (1 - share))) {
      if (passed()) break
      clock.jump(Math.min(moment, timer.at - 1))
      await settle()
      await early()
      clock.jump(clock.now() + how.jump)
      await settle()
      await early()
    }
    if (!passed()) clock.jump(timer.at)
    await settle()
  }
  const run = await process.engine.get('r')
  const history = await historyOf(run as unknown as RunHandle)
  const ends = history.filter(({ type }) => type === 'completed')
  assert.equal(ends.length, 1, `it ended ${ends.length} times, and is ${await status()}`)
  const fired = history
    .filter((event) => event.type === (wait.to === State.Work ? 'retried' : 'moved'))
    .at(-1)
  assert(fired && fired.at >= timer.at, 'it fired too early')
  assert.equal(worked, wait.to === State.Work ? 2 : 0)
  assert.deepEqual(
    (await listDue(store, 9)).filter(({ run: id }) => id === 'r'),
    [],
  )
  await process.close()
  return fired.at - timer.at
}

/** A daily schedule over a change of summer time, while the clock goes back and forth. */
async function daily(from: number, chance: Chance): Promise<number> {
  const store = new MemoryStore()
  const { engine, clock, settle, close } = open(store, new TestClock(from), {})
  const days = 6
  await engine.schedule(
    TripWorkflow,
    { to: 'Rome' },
    {
      ...{ id: 's', cron: '30 2 * * *', timeZone: 'Europe/Berlin', overlap: 'allow', catchUp: '52w' },
    },
  )
  const dues = (await engine.schedules.next('s', days)).map(Number)
  const local = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', dateStyle: 'short' })
  assert.equal(new Set(dues.map((due) => local.format(due))).size, days, 'not one due time for each day')
  const wobble = async (): Promise<void> => {
    const to = chance.pick([-DAY, -HOUR, -1, HOUR, DAY])
    clock.jump(clock.now() + to)
    await settle()
  }
  for (const due of dues) {
    clock.jump(due - 1)
    await settle()
    await wobble()
    clock.jump(Math.max(clock.now(), due))
    await settle()
    await wobble()
  }
  clock.jump(Math.max(clock.now(), dues.at(-1) ?? 0))
  await settle()
  const runs = (await engine.list()).filter(({ createdAt }) => createdAt <= clock.now() + 2 * DAY)
  for (const due of dues) {
    const own = runs.filter(({ id }) => id === `s/${new Date(due).toISOString()}`)
    assert.equal(own.length, 1, `${new Date(due).toISOString()} was started ${own.length} times`)
    assert((own[0]?.createdAt ?? 0) >= due, 'it was started too early')
  }
  await close()
  return dues.length
}

/** R9 */
export const clocks = trial<number>({
  id: 'R9',
  title:
    'timers overdue by 30 and 400 days, clocks set by an hour and a day, daylight saving: once each, never early',
  sizes: { ci: 2, full: 40 },
  async run(seeds, show) {
    let timers = 0
    let latest = 0
    let due = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const chance = new Chance(seed)
      for (const wait of WAITS)
        for (const how of DISTURBANCES) {
          const late = await sleep(wait, how, chance).catch((error: unknown) => {
            throw new Error(`seed ${seed}: ${wait.to}, ${JSON.stringify(how)}`, { cause: error })
          })
          if (!('away' in how)) latest = Math.max(latest, late - Math.max(0, how.jump))
          timers++
        }
      for (const from of ['2026-03-26T12:00:00Z', '2026-10-22T12:00:00Z'])
        due += await daily(Date.parse(from), chance).catch((error: unknown) => {
          throw new Error(`seed ${seed}: daily from ${from}`, { cause: error })
        })
    }
    assert(latest <= 0, `a timer was ${latest} ms late`)
    show(`${timers} timers, ${due} due times`)
    return { timers, 'due times': due }
  },
})
