import { describe, expect, it } from 'vitest'
import type { HistoryEvent, Store } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { freshName, storeKinds } from '../support/stores.ts'
import { State, TripWorkflow, World } from '../support/trip.ts'

/** Trips that wait to be confirmed, started by schedules. */
function open(store: Store, clock: TestClock, world = new World(), more: object = {}) {
  const test = createTestEngine({
    workflows: [TripWorkflow],
    resources: { world },
    store,
    clock,
    ...more,
  } as never)
  const { engine } = test
  const statuses = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await engine.list()).map(({ id, status }) => [id.replace('s/', ''), status] as const).sort(),
    )
  const confirm = async (due: string): Promise<void> => {
    await engine.signal(`s/${due}`, 'confirm', {})
    await test.settle()
  }
  return { test, engine, clock, world, statuses, confirm, schedules: engine.schedules }
}

/** Goes to a time, stopping at all that is due on the way. */
async function until({ test, engine, clock }: ReturnType<typeof open>, to: string): Promise<void> {
  const end = Date.parse(to)
  await test.settle()
  for (let turns = 0; turns < 1_000; turns++) {
    const [due] = (await engine.store.list('due', { limit: 50 }))
      .map(({ key }) => Number(key.split('/')[0]))
      .filter((at) => at > clock.now() && at <= end)
    if (due === undefined) break
    clock.jump(due)
    await test.settle()
  }
  clock.jump(end)
  await test.settle()
}

const input = { to: 'Rome' }
const hourly = { id: 's', workflow: 'trip', input, cron: '0 * * * *' } as const
const at = (hour: string): string => `2026-01-01T${hour}:00:00.000Z`

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('schedules of an engine: $kind', (kind) => {
  it('I9 a month by month cron goes by the clock of its time zone over a change of summer time', async () => {
    const all = open(kind.make(freshName()), new TestClock(Date.UTC(2026, 1, 15)))
    await all.schedules.create({
      ...{ id: 's', workflow: 'trip', input, overlap: 'allow', times: 3 },
      ...{ cron: '30 2 L * *', timeZone: 'Europe/Berlin' },
    })
    await until(all, '2026-06-30T00:00:00Z')
    expect(await all.statuses()).toEqual({
      '2026-02-28T01:30:00.000Z': 'waiting',
      '2026-03-31T00:30:00.000Z': 'waiting',
      '2026-04-30T00:30:00.000Z': 'waiting',
    })
    expect(await all.schedules.get('s')).toMatchObject({ counts: { started: 3, missed: 0 } })
    const [run] = await all.engine.list()
    expect(run).toMatchObject({
      schedule: 's',
      state: State.Confirm,
      createdAt: Date.UTC(2026, 3, 30, 0, 30),
    })
    expect(all.test.warnings).toEqual([])
    await all.test.close()
  })

  it('a run that is going lets its schedule drop what is due, and free it when it ends', async () => {
    const all = open(kind.make(freshName()), new TestClock(Date.parse(at('00')) + 1))
    await all.schedules.create(hourly)
    await until(all, at('03'))
    expect(await all.statuses()).toEqual({ [at('01')]: 'waiting' })
    await all.confirm(at('01'))
    await until(all, at('04'))
    expect(await all.statuses()).toEqual({ [at('01')]: 'completed', [at('04')]: 'waiting' })
    expect(await all.schedules.get('s')).toMatchObject({ counts: { started: 2, skipped: 2 } })
    await all.test.close()
  })

  it('buffer-one: the end of a run starts the one that waits, whatever that end is', async () => {
    const all = open(kind.make(freshName()), new TestClock(Date.parse(at('00')) + 1))
    await all.schedules.create({ ...hourly, overlap: 'buffer-one' })
    await until(all, at('03'))
    expect((await all.schedules.get('s')).waiting).toEqual(new Date(at('02')))
    await all.confirm(at('01'))
    expect(await all.statuses()).toEqual({ [at('01')]: 'completed', [at('02')]: 'waiting' })
    await until(all, at('05'))
    await (await all.engine.get(`s/${at('02')}`)).cancel()
    await all.test.settle()
    expect(await all.statuses()).toMatchObject({ [at('02')]: 'cancelled', [at('04')]: 'waiting' })
    await until(all, at('06'))
    all.world.fail('pay')
    await all.confirm(at('04'))
    expect(await all.statuses()).toMatchObject({ [at('04')]: 'compensated', [at('06')]: 'waiting' })
    await all.test.close()
  })

  it('cancel-other: what is going is undone first, and only then the next starts', async () => {
    const all = open(kind.make(freshName()), new TestClock(Date.parse(at('00')) + 1))
    await all.schedules.create({ ...hourly, overlap: 'cancel-other' })
    await until(all, at('01'))
    all.world.take()
    await until(all, at('02'))
    expect(await all.statuses()).toEqual({ [at('01')]: 'cancelled', [at('02')]: 'waiting' })
    const names = all.world.take().map((call) => call.split(' ')[0])
    expect(names.indexOf('-flight')).toBeGreaterThan(0)
    expect(names.indexOf('-flight')).toBeLessThan(names.indexOf('flight'))
    const events: HistoryEvent[] = []
    for await (const event of (await all.engine.get(`s/${at('01')}`)).events()) events.push(event)
    expect(events.find(({ type }) => type === 'cancelled')).toMatchObject({
      reason: expect.any(String) as string,
    })
    await all.test.close()
  })

  it('cancel-other where a compensation needs another attempt: the next starts after that', async () => {
    const world = new World()
    const all = open(kind.make(freshName()), new TestClock(Date.parse(at('00')) + 1), world)
    await all.schedules.create({ ...hourly, overlap: 'cancel-other' })
    await until(all, at('01'))
    world.fail('-hotel', new Error('closed'), { times: 1 })
    await until(all, at('02'))
    expect(await all.statuses()).toEqual({ [at('01')]: 'compensating' })
    await until(all, '2026-01-01T02:01:00.000Z')
    expect(await all.statuses()).toEqual({ [at('01')]: 'cancelled', [at('02')]: 'waiting' })
    await all.test.close()
  })

  it('terminate-other: at once', async () => {
    const all = open(kind.make(freshName()), new TestClock(Date.parse(at('00')) + 1))
    await all.schedules.create({ ...hourly, overlap: 'terminate-other' })
    await until(all, at('02'))
    expect(await all.statuses()).toEqual({ [at('01')]: 'terminated', [at('02')]: 'waiting' })
    await all.test.close()
  })

  it('I9 goes on after a restart, with what was due while nothing ran as far as catchUp says', async () => {
    const name = freshName()
    const first = open(kind.make(name), new TestClock(Date.parse(at('00')) + 1))
    await first.schedules.create({ ...hourly, overlap: 'allow', catchUp: '90m' })
    await until(first, at('01'))
    await first.test.close()
    const later = open(kind.make(name), new TestClock(Date.parse(at('05')) + 60_000))
    await later.test.settle()
    expect(await later.statuses()).toEqual({
      [at('01')]: 'waiting',
      [at('04')]: 'waiting',
      [at('05')]: 'waiting',
    })
    expect(await later.schedules.get('s')).toMatchObject({ counts: { started: 3, missed: 2 } })
    await later.test.close()
  })

  it('bad ones are refused: no such workflow, an input that does not fit', async () => {
    const { schedules, test } = open(kind.make(freshName()), new TestClock())
    await expect(schedules.create({ ...hourly, workflow: 'trap' })).rejects.toMatchObject({
      code: 'unknown-workflow',
    })
    await expect(schedules.create({ ...hourly, input: { to: 7 } })).rejects.toMatchObject({
      code: 'invalid-input',
    })
    await expect(schedules.get('s')).rejects.toMatchObject({ code: 'unknown-schedule' })
    expect(await schedules.list()).toEqual([])
    await test.close()
  })

  it('runNow, pause and delete, with real runs', async () => {
    const all = open(kind.make(freshName()), new TestClock(Date.parse(at('00')) + 1))
    const { schedules, engine, test } = all
    await schedules.create(hourly)
    const now = await engine.get(await schedules.runNow('s'))
    expect(await test.finish(now)).toMatchObject({ status: 'waiting', schedule: 's' })
    await until(all, at('01'))
    expect(Object.keys(await all.statuses())).toHaveLength(1)
    await now.signal('confirm' as never, {} as never)
    await test.settle()
    await schedules.pause('s')
    await until(all, '2026-01-01T03:30:00.000Z')
    await schedules.resume('s')
    await until(all, at('04'))
    await schedules.delete('s')
    await until(all, at('09'))
    expect(Object.keys(await all.statuses()).sort()[0]).toBe(at('04'))
    expect(Object.keys(await all.statuses())).toHaveLength(2)
    expect(await engine.store.list('due', { limit: 9 })).toEqual([])
    await test.close()
  })
})

describe.each(storeKinds(['sqlite', 'redis']))('schedules of two engines on one store: $kind', (kind) => {
  async function both(overlap: 'allow' | 'buffer-one') {
    const name = freshName()
    const clock = new TestClock(Date.parse(at('00')) + 1)
    const world = new World()
    const more = { poll: '5m', lease: '30m' }
    const one = open(kind.make(name), clock, world, more)
    const two = open(kind.make(name), clock, world, more)
    const create = (): Promise<unknown> => one.schedules.create({ ...hourly, overlap })
    await Promise.all([create(), two.schedules.create({ ...hourly, overlap })])
    const go = async (to: string): Promise<void> => {
      while (clock.now() < Date.parse(to)) {
        await clock.advance(Math.min(600_000, Date.parse(to) - clock.now()))
        await Promise.all([one.test.settle(), two.test.settle()])
      }
    }
    const close = async (): Promise<void> => {
      await one.test.close()
      await two.test.close()
    }
    return { one, two, world, go, close }
  }

  it('I6 each due time starts one run, whichever of them is first', async () => {
    const { one, world, go, close } = await both('allow')
    await go('2026-01-01T04:10:00.000Z')
    expect(Object.keys(await one.statuses())).toEqual(['01', '02', '03', '04'].map(at))
    expect(world.calls.filter((call) => call.startsWith('flight '))).toHaveLength(4)
    expect(await one.schedules.get('s')).toMatchObject({ counts: { started: 4 } })
    await close()
  })

  it('the end of a run that one of them drove frees the schedule for both', async () => {
    const { one, two, go, close } = await both('buffer-one')
    await go('2026-01-01T02:10:00.000Z')
    expect(await two.statuses()).toEqual({ [at('01')]: 'waiting' })
    await two.confirm(at('01'))
    await go('2026-01-01T02:20:00.000Z')
    expect(await one.statuses()).toEqual({ [at('01')]: 'completed', [at('02')]: 'waiting' })
    await close()
  })
})
