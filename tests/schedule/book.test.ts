import { describe, expect, it } from 'vitest'
import type { ScheduleOptions } from '../../src/schedule/schedule.ts'
import type { ScheduleChanges } from '../../src/schedule/schedule-book.ts'
import { listDue } from '../../src/store/due-list.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { Office } from './office.ts'

const daily = { id: 'nightly', workflow: 'report', input: { of: 'sales' }, cron: '0 2 * * *' }

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('the book on $kind', ({ make }) => {
  async function open(): Promise<Office> {
    const store = make(freshName())
    await store.open()
    return new Office(store)
  }

  it('keeps what it is given exactly', async () => {
    const { book } = await open()
    const options: ScheduleOptions = {
      ...{ id: 'a/b ü', workflow: 'report', session: 'ada', cron: ['0 2 * * *', '0 3 * * MON#3'] },
      input: { when: new Date(7), big: 12n, none: undefined, map: new Map([[1, NaN]]) },
      ...{ timeZone: 'Europe/Berlin', from: new Date('2026-02-01'), until: new Date('2027-02-01'), times: 9 },
      ...{ overlap: 'cancel-other', catchUp: '2h', jitter: '90s', paused: true, note: 'for Ada' },
    }
    const made = await book.create(options)
    expect(made).toEqual({
      ...options,
      ...{ catchUp: 7_200_000, jitter: 90_000, createdAt: new Date('2026-01-01'), running: [], lastRuns: [] },
      counts: { started: 0, skipped: 0, missed: 0, buffered: 0, failed: 0 },
    })
    expect(await book.get('a/b ü')).toEqual(made)
    expect(await book.list()).toEqual([made])
  })

  it('the same again is the same schedule, also when it is over or paused; another is refused', async () => {
    const office = await open()
    const { book, clock } = office
    const once = { id: 'once', workflow: 'report', input: { a: 1, b: 2 }, at: new Date('2026-01-01T01:00Z') }
    await book.create(once)
    await office.workUntil('2026-01-02')
    await book.pause('once', 'enough')
    clock.jump(new Date('2026-03-01'))
    expect(await book.create({ ...once, input: { b: 2, a: 1 }, overlap: 'skip' })).toMatchObject({
      ...{ paused: true, note: 'enough', counts: { started: 1 } },
    })
    await expect(book.create({ ...once, input: { a: 1 }, overlap: 'allow' })).rejects.toMatchObject({
      code: 'schedule-exists',
      details: { differs: ['input', 'overlap'] },
    })
    const both = await Promise.allSettled([
      book.create(daily),
      book.create(daily),
      book.create({ ...daily, input: 7 }),
    ])
    expect(both.map(({ status }) => status)).toContain('rejected')
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(3)
  })

  it('pause drops what is due meanwhile and what waits; resume goes on with the next', async () => {
    const office = await open()
    const { book } = office
    await book.create({ id: 'often', workflow: 'report', input: 1, every: '5m', overlap: 'buffer-one' })
    await office.workUntil('2026-01-01T00:10Z')
    expect(await book.get('often')).toMatchObject({ waiting: new Date('2026-01-01T00:10Z') })
    const paused = await book.pause('often', 'on holiday')
    expect(paused).toMatchObject({ paused: true, note: 'on holiday', counts: { skipped: 1 } })
    expect([paused.nextAt, paused.waiting]).toEqual([undefined, undefined])
    expect(await listDue(office.store, 5)).toEqual([])
    for (const run of office.runs.going()) await office.end(run)
    await office.workUntil('2026-01-01T02:02Z')
    expect(office.runs.size).toBe(1)
    expect(await book.next('often', 2)).toEqual([
      new Date('2026-01-01T02:05Z'),
      new Date('2026-01-01T02:10Z'),
    ])
    expect(await book.resume('often')).toMatchObject({
      nextAt: new Date('2026-01-01T02:05Z'),
      note: 'on holiday',
    })
    await office.workUntil('2026-01-01T02:05Z')
    expect(office.runs.size).toBe(2)
    expect((await book.get('often')).counts).toMatchObject({ started: 2, missed: 0 })
  })

  it('update: another time counts from now on, and other options keep the time', async () => {
    const office = await open()
    const { book } = office
    await book.create(daily)
    await office.workUntil('2026-01-02T12:30Z')
    const changed = await book.update('nightly', { input: 'new', note: 'x', catchUp: '2d', overlap: 'allow' })
    expect(changed).toMatchObject({
      input: 'new',
      cron: ['0 2 * * *'],
      nextAt: new Date('2026-01-03T02:00Z'),
    })
    expect(await book.update('nightly', { note: undefined })).not.toHaveProperty('note')
    const hourly = await book.update('nightly', { every: '1h' })
    expect(hourly).not.toHaveProperty('cron')
    expect(hourly).toMatchObject({ every: 3_600_000, nextAt: new Date('2026-01-02T13:00Z') })
    await office.workUntil('2026-01-02T13:00Z')
    expect(office.runs.get('nightly/2026-01-02T13:00:00.000Z')).toMatchObject({ input: 'new' })
    expect((await listDue(office.store, 9)).map(({ at }) => new Date(at))).toEqual([
      new Date('2026-01-02T14:00Z'),
    ])
  })

  it('run now starts beside whatever goes, while paused too, and counts as going', async () => {
    const office = await open()
    const { book, runs } = office
    await book.create({
      id: 'often',
      workflow: 'report',
      input: 1,
      every: '5m',
      paused: true,
      session: 'ada',
    })
    const [one, two] = [await book.runNow('often'), await book.runNow('often')]
    expect(runs.ids).toEqual([one, two])
    expect((await book.get('often')).running).toEqual([one, two])
    await book.resume('often')
    await office.workUntil('2026-01-01T00:05Z')
    expect((await book.get('often')).counts).toMatchObject({ started: 2, skipped: 1 })
    await office.end(one)
    await office.end(two)
    await office.workUntil('2026-01-01T00:10Z')
    expect((await book.get('often')).counts).toMatchObject({ started: 3, skipped: 1 })
    expect((await book.get('often')).lastRuns.map(({ run }) => run)).toEqual([
      ...['often/2026-01-01T00:10:00.000Z', two, one],
    ])
  })

  it('backfill starts what has no run yet, once, and the overlap policy does not see it', async () => {
    const office = await open()
    const { book, runs } = office
    await book.create(daily)
    await office.workUntil('2026-01-02T12:00Z')
    const dates = [new Date('2025-12-30T02:00Z'), new Date('2026-01-02T02:00Z')] as const
    const ids = await book.backfill('nightly', ...dates)
    expect(ids).toEqual(
      ['12-30', '12-31']
        .map((day) => `nightly/2025-${day}T02:00:00.000Z`)
        .concat(['01-01', '01-02'].map((day) => `nightly/2026-${day}T02:00:00.000Z`)),
    )
    expect(runs.size).toBe(4)
    expect((await book.get('nightly')).running).toEqual(['nightly/2026-01-01T02:00:00.000Z'])
    expect(await book.backfill('nightly', ...dates)).toEqual(ids)
    expect(runs.calls).toHaveLength(4)
    // 01-02 was skipped while 01-01 went on, and started by hand
    expect((await book.get('nightly')).counts).toMatchObject({ started: 4, skipped: 1 })
  })

  it('delete removes it with what is due, its runs go on, and the id is free', async () => {
    const office = await open()
    const { book, runs } = office
    await book.create(daily)
    await office.workUntil('2026-01-01T02:00Z')
    await book.delete('nightly')
    expect(await listDue(office.store, 9)).toEqual([])
    expect(runs.going()).toHaveLength(1)
    for (const run of runs.going()) await office.end(run)
    await office.work()
    await expect(book.get('nightly')).rejects.toMatchObject({ code: 'unknown-schedule' })
    expect(await book.create({ ...daily, input: 2 })).toMatchObject({ input: 2, counts: { started: 0 } })
  })

  it('many are listed in the order of their ids', async () => {
    const { book } = await open()
    const ids = Array.from({ length: 230 }, (_, i) => `s${String(i).padStart(3, '0')}`)
    await Promise.all(ids.map((id) => book.create({ ...daily, id })))
    expect((await book.list()).map(({ id }) => id)).toEqual(ids)
  })
})

describe('bad input', () => {
  const [memory] = storeKinds(['memory'])
  const office = new Office((memory as NonNullable<typeof memory>).make(freshName()))
  const { book } = office
  const plain = { id: 'x', workflow: 'report', input: 1 }
  const day = (text: string): Date => new Date(text)

  it.each<[object, RegExp]>([
    [{}, /does not say when\. Give exactly one of cron, every and at/],
    [{ cron: '0 2 * * *', every: '1h' }, /cron and every are given\. Give exactly one/],
    [{ every: '1h', at: day('2026-05-01') }, /every and at are given/],
    [
      { cron: 'hello' },
      /the cron line "hello" cannot be read \(invalid configuration format.*required\)\. Give minute, hour/,
    ],
    [{ cron: '61 * * * *' }, /"61 \* \* \* \*" cannot be read/],
    [{ cron: '0 0 * * MON#6' }, /cannot be read/],
    [{ cron: '@reboot' }, /cannot be read/],
    [{ cron: '2026-05-01T00:00:00' }, /cannot be read/],
    [{ cron: ['0 2 * * *', 7] }, /the cron line 7 cannot be read/],
    [{ cron: [] }, /cron is an empty list/],
    [
      { cron: ['0 2 * * *', '0 0 30 2 *'] },
      /the cron line "0 0 30 2 \*" never fires\. Look for a day that no month has/,
    ],
    [{ cron: '0 0 0 1 1 * 2020' }, /never fires/],
    [{ cron: '0 2 * * *', timeZone: 'Mars/Base' }, /there is no time zone "Mars\/Base"\. Give an IANA name/],
    [
      { cron: '0 2 * * *', until: day('2025-01-01') },
      /nothing is due after 2026-01-01T00:00:00.000Z\. Look at from \(not given\) and until \(2025/,
    ],
    [{ cron: '0 2 * * *', from: day('2027-01-01'), until: day('2026-06-01') }, /nothing is due/],
    [
      { at: day('2025-12-31') },
      /at is 2025-12-31T00:00:00.000Z, which is in the past\. Give a date after 2026-01-01/,
    ],
    [{ at: new Date(NaN) }, /at is null\. Give a Date/],
    [{ at: '2026-05-01' }, /at is "2026-05-01"\. Give a Date/],
    [{ at: new Date(8.64e15) }, /Give a Date between the years 1970 and 9999/],
    [{ every: 0 }, /every is 0\. Give an interval of 1 ms or more/],
    [{ every: 0.2 }, /every is 0\.2/],
    [{ every: '1h', catchUp: 10 }, /catchUp is 10\. Give '1s' or more/],
    [{ every: '1h', times: 0 }, /times is 0\. Give a whole number/],
    [
      { every: '1h', overlap: 'sometimes' },
      /no overlap policy "sometimes"\. Give one of "skip", "buffer-one"/,
    ],
    [{ every: '1h', overlaps: 'skip' }, /"overlaps" is not an option\. The options are cron, every, at, id/],
    [{ every: '1h', workflow: 7 }, /workflow is 7\. Give the name/],
    [{ every: '1h', id: '' }, /Schedule "": the id cannot be used\. Give 1 to 160/],
    [{ every: '1h', id: 'x'.repeat(161) }, /the id cannot be used/],
    [{ every: '1h', id: 'a\nb' }, /the id cannot be used/],
  ])('%j', async (options, message) => {
    const given = { ...plain, ...options } as ScheduleOptions
    await expect(book.create(given)).rejects.toMatchObject({ code: 'invalid-schedule' })
    await expect(book.create(given)).rejects.toThrow(message)
  })

  it.each<[object, string]>([
    [{ every: '101y' }, 'invalid-options'],
    [{ every: '5300w' }, 'invalid-options'],
    [{ every: -1 }, 'invalid-options'],
    [{ every: '1h', input: () => 1 }, 'not-storable'],
    [{ every: '1h', input: 'bad' }, 'invalid-input'],
    [{ every: '1h', workflow: 'nobody' }, 'unknown-workflow'],
    [{ every: '1h', session: '' }, 'invalid-id'],
  ])('%j is %s', async (options, code) => {
    await expect(book.create({ ...plain, ...options } as ScheduleOptions)).rejects.toMatchObject({ code })
    expect(await book.list()).toEqual([])
  })

  it('what does not fit a schedule that is there leaves it as it is', async () => {
    const made = await book.create({ ...plain, id: 'there', every: '1h' })
    const changes: readonly [ScheduleChanges, string][] = [
      [{ every: undefined }, 'invalid-schedule'],
      [{ cron: '0 0 30 2 *' }, 'invalid-schedule'],
      [{ until: day('2020-01-01') }, 'invalid-schedule'],
      [{ cron: '0 2 * * *', at: day('2026-05-01') }, 'invalid-schedule'],
      [{ input: 'bad' }, 'invalid-input'],
    ]
    for (const [change, code] of changes)
      await expect(book.update('there', change)).rejects.toMatchObject({ code })
    const past = [day('2025-01-01'), day('2025-02-01')] as const
    await expect(book.backfill('there', past[1], past[0])).rejects.toMatchObject({ code: 'invalid-schedule' })
    await expect(book.backfill('there', past[0], day('2026-02-01'))).rejects.toThrow(/none in the future/)
    await book.create({ ...plain, id: 'dense', cron: '* * * * * *' })
    await expect(book.backfill('dense', ...past)).rejects.toThrow(/more than 1000 due times/)
    await expect(book.next('there', 0)).rejects.toMatchObject({ code: 'invalid-schedule' })
    expect(await book.get('there')).toEqual(made)
  })

  it('an id that nobody knows', async () => {
    const asked = [
      () => book.get('no'),
      ...[
        () => book.update('no', {}),
        () => book.pause('no'),
        () => book.resume('no'),
        () => book.delete('no'),
      ],
      ...[() => book.runNow('no'), () => book.backfill('no', day('2025-01-01'), day('2025-01-02'))],
      () => book.next('no', 1),
    ]
    for (const ask of asked)
      await expect(ask()).rejects.toMatchObject({
        code: 'unknown-schedule',
        message: 'There is no schedule "no" in memory. List the schedules there are. [unknown-schedule]',
      })
  })
})
