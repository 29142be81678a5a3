import { describe, expect, it } from 'vitest'
import { duePut, listDue } from '../../src/store/due-list.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { Office, rowsOf } from './office.ts'

const daily = { id: 'nightly', workflow: 'report', input: { of: 'sales' }, cron: '0 2 * * *' }
const every5 = { id: 'often', workflow: 'report', input: 1, every: '5m' } as const

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('firing on $kind', ({ make }) => {
  async function open(): Promise<Office> {
    const store = make(freshName())
    await store.open()
    return new Office(store)
  }

  it('starts a run at each due time, with its input, and shows it', async () => {
    const office = await open()
    const made = await office.book.create(daily)
    expect(made).toMatchObject({
      overlap: 'skip',
      timeZone: 'UTC',
      catchUp: 60_000,
      running: [],
      paused: false,
    })
    expect(made.nextAt).toEqual(new Date('2026-01-01T02:00Z'))
    await office.workUntil('2026-01-01T01:59:59Z')
    expect(office.runs.size).toBe(0)
    await office.workUntil('2026-01-01T02:00Z')
    const run = 'nightly/2026-01-01T02:00:00.000Z'
    expect(office.runs.get(run)).toMatchObject({ workflow: 'report', input: { of: 'sales' } })
    expect(await office.book.get('nightly')).toMatchObject({
      nextAt: new Date('2026-01-02T02:00Z'),
      running: [run],
      lastRuns: [{ due: new Date('2026-01-01T02:00Z'), run, at: new Date('2026-01-01T02:00Z') }],
      counts: { started: 1, skipped: 0, missed: 0, buffered: 0, failed: 0 },
    })
    await office.end(run)
    await office.work()
    expect((await office.book.get('nightly')).running).toEqual([])
  })

  it.each([
    // what starts where the first run goes on for 12 minutes and the others end at once
    ['skip', ['00:05', '00:20'], { started: 2, skipped: 2, buffered: 0 }],
    ['buffer-one', ['00:05', '00:10', '00:20'], { started: 3, skipped: 1, buffered: 1 }],
    ['allow', ['00:05', '00:10', '00:15', '00:20'], { started: 4, skipped: 0, buffered: 0 }],
  ] as const)('overlap %s', async (overlap, expected, counts) => {
    const office = await open()
    await office.book.create({ ...every5, overlap })
    await office.workUntil('2026-01-01T00:17Z')
    for (const run of office.runs.going()) await office.end(run)
    await office.work()
    expect((await office.book.get('often')).waiting).toBeUndefined()
    for (const run of office.runs.going()) await office.end(run)
    await office.workUntil('2026-01-01T00:20Z')
    expect(office.runs.dues).toEqual(expected.map((time) => `2026-01-01T${time}:00.000Z`))
    expect((await office.book.get('often')).counts).toMatchObject(counts)
    expect((await office.book.get('often')).running).toEqual(office.runs.going())
  })

  it('the other is cancelled, and the next one starts when it has ended', async () => {
    const office = await open()
    office.runs.slowCancel = true
    await office.book.create({ ...every5, overlap: 'cancel-other' })
    await office.workUntil('2026-01-01T00:16Z')
    const [first = ''] = office.runs.ids
    expect(office.runs.ids).toHaveLength(1)
    expect((await office.book.get('often')).waiting).toEqual(new Date('2026-01-01T00:15Z'))
    await office.end(first, 'cancelled')
    await office.work()
    expect(office.runs.calls).toEqual([
      `start ${first}`,
      ...[`cancel ${first}`, `cancel ${first}`], // for 00:10, and for 00:15
      'start often/2026-01-01T00:15:00.000Z',
    ])
    expect((await office.book.get('often')).counts).toMatchObject({ started: 2, skipped: 1, buffered: 2 })
  })

  it.each(['cancel-other', 'terminate-other'] as const)(
    '%s: one that ends at once gives way at once',
    async (overlap) => {
      const office = await open()
      await office.book.create({ ...every5, overlap })
      await office.workUntil('2026-01-01T00:10Z')
      const verb = overlap === 'cancel-other' ? 'cancel' : 'terminate'
      expect(office.runs.calls.map((call) => call.split(' ')[0])).toEqual(['start', verb, 'start'])
      expect(office.runs.going()).toEqual(['often/2026-01-01T00:10:00.000Z'])
    },
  )

  it('a parked run and a run that is gone do not count as going', async () => {
    const office = await open()
    await office.book.create(every5)
    await office.workUntil('2026-01-01T00:05Z')
    ;(office.runs.get('often/2026-01-01T00:05:00.000Z') as { status: string }).status = 'quarantined'
    await office.workUntil('2026-01-01T00:10Z')
    office.runs.delete('often/2026-01-01T00:10:00.000Z')
    await office.workUntil('2026-01-01T00:15Z')
    expect((await office.book.get('often')).counts).toMatchObject({ started: 3, skipped: 0 })
  })

  it('one that waits starts within a minute even where nobody says that the other has ended', async () => {
    const office = await open()
    await office.book.create({ ...every5, overlap: 'buffer-one', times: 2 })
    await office.workUntil('2026-01-01T00:10:01Z')
    ;(office.runs.get('often/2026-01-01T00:05:00.000Z') as { status: string }).status = 'failed'
    await office.workUntil('2026-01-01T00:11:00Z')
    expect(office.runs.dues).toHaveLength(2)
    expect(await listDue(office.store, 10)).toEqual([])
  })

  it('a run that ends in the very moment in which it is looked at is not overlooked', async () => {
    const office = await open()
    await office.book.create({ ...every5, overlap: 'buffer-one' })
    await office.workUntil('2026-01-01T00:09Z')
    office.clock.jump(new Date('2026-01-01T00:10Z'))
    const [entry] = await listDue(office.store, 1)
    const write = office.store.write.bind(office.store)
    let once = true
    office.store.write = async (batch) => {
      // the engine's entry has the key of the one that is being answered, and is removed with it
      if (once) office.runs.forEach((run) => (run.status = 'completed'))
      once = false
      return write(batch)
    }
    await office.book.fire('often', rowsOf(entry ? [entry] : []))
    office.store.write = write
    expect(office.runs.dues).toHaveLength(2)
  })

  it('I9 due times that passed while nothing ran: within the window started, oldest first, the others missed', async () => {
    const office = await open()
    await office.book.create({ ...every5, overlap: 'allow', catchUp: '12m' })
    office.clock.jump(new Date('2026-01-01T01:01Z'))
    await office.work()
    expect(office.runs.dues).toEqual(['00:50', '00:55', '01:00'].map((time) => `2026-01-01T${time}:00.000Z`))
    expect((await office.book.get('often')).counts).toMatchObject({ started: 3, missed: 9 })
  })

  it.each([
    [{ cron: '* * * * * *' }, 60, 61],
    [{ cron: '* * * * * *', catchUp: '20w', overlap: 'skip' }, 1, 1],
    [{ cron: '* * * * * *', catchUp: '20w', overlap: 'buffer-one' }, 1, 1],
    [{ every: '1s', catchUp: '20w', overlap: 'cancel-other' }, 1, 1],
    [{ cron: '0 0 1 * *', catchUp: '40d' }, 2, 2],
  ] as const)('asleep for a year: %j', async (options, least, most) => {
    const office = await open()
    await office.book.create({ id: 'year', workflow: 'report', input: 1, overlap: 'allow', ...options })
    office.clock.jump(new Date('2027-01-01T00:00:00.500Z'))
    const began = performance.now()
    await office.work()
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(office.runs.size).toBeGreaterThanOrEqual(least)
    expect(office.runs.size).toBeLessThanOrEqual(most)
    const { counts, nextAt } = await office.book.get('year')
    expect(counts.started).toBe(office.runs.size)
    expect(counts.missed + counts.skipped).toBeLessThanOrEqual(2_000)
    expect(Number(nextAt)).toBeGreaterThan(office.clock.now())
  })

  it('many at once are started in parts, and the worker is told that there is more', async () => {
    const office = await open()
    await office.book.create({
      id: 'm',
      workflow: 'report',
      input: 1,
      every: '1s',
      overlap: 'allow',
      catchUp: '1h',
    })
    expect(office.looks).toBe(1)
    office.clock.jump(new Date('2026-01-01T00:04:10Z'))
    for (const [runs, looks] of [
      [100, 2],
      [200, 3],
      [250, 3],
    ]) {
      const due = (await listDue(office.store, 1)).filter(({ at }) => at <= office.clock.now())
      expect(await office.book.fire('m', rowsOf(due))).toBe('done')
      expect([office.runs.size, office.looks]).toEqual([runs, looks])
    }
    expect((await office.book.get('m')).running).toHaveLength(20)
  })

  it('I9 jitter: not early, and before the next due time', async () => {
    const office = await open()
    await office.book.create({ ...every5, jitter: '1h', overlap: 'allow' })
    await office.workUntil('2026-01-01T03:00Z')
    const late = [...office.runs.values()].map(({ id, at }) => at - Date.parse(id.slice('often/'.length)))
    expect(late.length).toBeGreaterThanOrEqual(35)
    expect(late.every((ms) => ms >= 0 && ms < 300_000)).toBe(true)
    expect(new Set(late).size).toBeGreaterThan(30)
  })

  it('times and until end it; it stays to be looked at', async () => {
    const office = await open()
    await office.book.create({ ...every5, times: 3 })
    await office.book.create({
      ...every5,
      id: 'until',
      until: new Date('2026-01-01T00:10Z'),
      overlap: 'allow',
    })
    await office.book.create({ id: 'once', workflow: 'report', input: 1, at: new Date('2026-01-01T00:07Z') })
    for (let minute = 5; minute < 60; minute += 1) {
      await office.workUntil(`2026-01-01T00:${String(minute).padStart(2, '0')}Z`)
      for (const run of office.runs.going()) await office.end(run)
    }
    await office.work()
    const views = await office.book.list()
    expect(views.map(({ id, counts, nextAt }) => [id, counts.started, nextAt])).toEqual([
      ['often', 3, undefined],
      ['once', 1, undefined],
      ['until', 2, undefined],
    ])
    expect(await listDue(office.store, 10)).toEqual([])
  })

  it('may be called at any time, with entries that lead nowhere', async () => {
    const office = await open()
    await office.book.create(daily)
    const stray = [
      duePut(office.clock.now(), 'nightly', 'schedule'),
      duePut(office.clock.now(), 'none', 'schedule'),
    ]
    await office.store.write({ put: stray })
    expect(await office.book.fire('nightly', rowsOf(stray.slice(0, 1)))).toBe('done')
    expect(await office.book.fire('none', rowsOf(stray.slice(1)))).toBe('done')
    expect(await office.book.fire('nightly', [])).toBe('done')
    expect((await listDue(office.store, 10)).map(({ at }) => at)).toEqual([Date.UTC(2026, 0, 1, 2)])
    expect(office.runs.size).toBe(0)
  })

  it('keeps its own entry, whatever it is given and whatever changes meanwhile', async () => {
    const office = await open()
    const { book, store } = office
    await book.create(daily)
    const due = await listDue(store, 10)
    await book.fire('nightly', rowsOf(due)) // too early
    expect(await listDue(store, 10)).toEqual(due)
    const write = store.write.bind(store)
    const meanwhile = (change: () => Promise<unknown>): void => {
      store.write = async (batch) => {
        store.write = write
        await change()
        return write(batch)
      }
    }
    await book.pause('nightly')
    meanwhile(() => book.resume('nightly'))
    await book.fire('nightly', rowsOf(due))
    expect(await listDue(store, 10)).toEqual(due)
    await book.delete('nightly')
    meanwhile(() => book.create(daily))
    await book.fire('nightly', rowsOf(due))
    expect(await listDue(store, 10)).toEqual(due)
  })

  it('a workflow that is not loaded here is left to another process', async () => {
    const office = await open()
    await office.book.create(daily)
    office.known = []
    office.clock.jump(new Date('2026-01-01T02:00Z'))
    const due = await listDue(office.store, 10)
    expect(await office.book.fire('nightly', rowsOf(due))).toBe('leave')
    expect(await listDue(office.store, 10)).toEqual(due)
  })

  it('an input that no longer fits is counted and told, and the next due time is tried again', async () => {
    const office = await open()
    await office.book.create(every5)
    office.beforeStart = async (id) => {
      if (id.includes('00:05')) await office.book.create({ ...every5, id: 'x', input: 'bad' }) // throws invalid-input
    }
    await office.workUntil('2026-01-01T00:05Z')
    expect(await office.book.get('often')).toMatchObject({
      counts: { started: 0, failed: 1 },
      running: [],
      problem: expect.stringContaining('[invalid-input]') as string,
    })
    expect(office.warnings.join()).toMatch(
      /could not start "often\/2026-01-01T00:05:00.000Z".*\[invalid-input\]/,
    )
    await office.workUntil('2026-01-01T00:10Z')
    const view = await office.book.get('often')
    expect(view.counts).toMatchObject({ started: 1, failed: 1 })
    expect(view.problem).toBeUndefined()
  })

  it('I10 a damaged schedule is shown, tried again each hour, and harms no other', async () => {
    const office = await open()
    await office.book.create(daily)
    await office.book.create({ ...daily, id: 'other' })
    const [row] = await office.store.get('schedule', ['nightly'])
    const value = row?.value ?? ''
    const write = (text: string) =>
      office.store.write({ put: [{ collection: 'schedule', key: 'nightly', value: text }] })
    await write(value.replace('sales', 'salad'))
    await office.workUntil('2026-01-01T02:00Z')
    expect(office.runs.ids).toEqual(['other/2026-01-01T02:00:00.000Z'])
    await expect(office.book.get('nightly')).rejects.toMatchObject({ code: 'corrupt-document' })
    expect((await office.book.list()).map(({ id, problem }) => [id, problem?.slice(-18)])).toEqual([
      ['nightly', '[corrupt-document]'],
      ['other', undefined],
    ])
    await write(value)
    await office.workUntil('2026-01-02T02:00Z')
    expect(office.runs.has('nightly/2026-01-02T02:00:00.000Z')).toBe(true)
    await write('{')
    await office.book.delete('nightly')
    expect((await office.book.list()).map(({ id }) => id)).toEqual(['other'])
  })
})
