import { Cron } from 'croner'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Calendar } from '../../src/schedule/calendar.ts'
import { settle } from '../../src/schedule/settings.ts'
import type { ScheduleOptions } from '../../src/schedule/schedule.ts'

const start = Date.UTC(2026, 0, 1)
const base = { id: 'c', workflow: 'report', input: {} }

function calendar(options: Omit<ScheduleOptions, keyof typeof base>): Calendar {
  return new Calendar({ settings: settle({ ...base, ...options }), createdAt: start })
}

/** The first due times after a moment, as text. */
function dues(
  options: Omit<ScheduleOptions, keyof typeof base>,
  after: string,
  n: number,
): readonly string[] {
  return calendar(options)
    .list(Date.parse(after), Infinity, n)
    .map((due) => new Date(due).toISOString().replace(':00.000Z', 'Z'))
}

describe('due times', () => {
  const berlin = { timeZone: 'Europe/Berlin' }
  const york = { timeZone: 'America/New_York' }
  it.each([
    // a time that the clock leaves out comes when it goes on, one that it repeats comes once
    [
      { cron: '30 2 * * *', ...berlin },
      '2026-03-27T12:00Z',
      '2026-03-28T01:30Z 2026-03-29T01:00Z 2026-03-30T00:30Z',
    ],
    [{ cron: '30 2 * * *', ...berlin }, '2026-10-24T00:30Z', '2026-10-25T00:30Z 2026-10-26T01:30Z'],
    [{ cron: '30 2,14 * * *', ...berlin }, '2026-03-29T00:00Z', '2026-03-29T01:00Z 2026-03-29T12:30Z'],
    [{ cron: '30 2 * * *', ...york }, '2026-03-07T12:00Z', '2026-03-08T07:00Z 2026-03-09T06:30Z'],
    [{ cron: '30 1 * * *', ...york }, '2026-10-31T12:00Z', '2026-11-01T05:30Z 2026-11-02T06:30Z'],
    [{ cron: '0 9 * * *', ...berlin }, '2026-03-28T00:00Z', '2026-03-28T08:00Z 2026-03-29T07:00Z'],
    [{ cron: '0 9 * * *', ...berlin }, '2026-10-24T00:00Z', '2026-10-24T07:00Z 2026-10-25T08:00Z'],
    // each month, over both changes
    [{ cron: '0 12 29 * *', ...berlin }, '2026-02-01T00:00Z', '2026-03-29T10:00Z 2026-04-29T10:00Z'],
    [{ cron: '0 12 25 * *', ...berlin }, '2026-09-01T00:00Z', '2026-09-25T10:00Z 2026-10-25T11:00Z'],
    [{ cron: '0 12 8 * *', ...york }, '2026-02-01T00:00Z', '2026-02-08T17:00Z 2026-03-08T16:00Z'],
    // an interval of hours goes on through the repeated hour
    [
      { cron: '0 * * * *', ...berlin },
      '2026-10-24T23:00Z',
      '2026-10-25T00:00Z 2026-10-25T01:00Z 2026-10-25T02:00Z',
    ],
    // calendars
    [{ cron: '0 0 L * *' }, '2028-01-31T00:00Z', '2028-02-29T00:00Z 2028-03-31T00:00Z 2028-04-30T00:00Z'],
    [{ cron: '0 0 * * MON#3' }, '2026-01-01T00:00Z', '2026-01-19T00:00Z 2026-02-16T00:00Z 2026-03-16T00:00Z'],
    [{ cron: '0 0 * * FRI#L' }, '2026-01-01T00:00Z', '2026-01-30T00:00Z 2026-02-27T00:00Z'],
    [{ cron: '0 0 29 2 *' }, '2026-01-01T00:00Z', '2028-02-29T00:00Z 2032-02-29T00:00Z'],
    [{ cron: '0 0 29 2 *' }, '2097-01-01T00:00Z', '2104-02-29T00:00Z'],
    [
      { cron: '*/20 * * * * *' },
      '2026-01-01T00:00Z',
      '2026-01-01T00:00:20.000Z 2026-01-01T00:00:40.000Z 2026-01-01T00:01Z',
    ],
    [
      { cron: ['0 9 * * *', '0 9 * * MON', '30 17 * * FRI'] },
      '2026-01-01T12:00Z',
      '2026-01-02T09:00Z 2026-01-02T17:30Z 2026-01-03T09:00Z',
    ],
    // intervals count from `from`, or from the creation
    [{ every: '90m' }, '2026-01-01T00:00Z', '2026-01-01T01:30Z 2026-01-01T03:00Z'],
    [
      { every: '1d', from: new Date('2026-02-01T08:00Z') },
      '2026-01-01T00:00Z',
      '2026-02-01T08:00Z 2026-02-02T08:00Z',
    ],
    // bounds are included
    [
      { cron: '0 0 * * *', from: new Date('2026-02-01'), until: new Date('2026-02-02') },
      '2026-01-01T00:00Z',
      '2026-02-01T00:00Z 2026-02-02T00:00Z',
    ],
    [{ at: new Date('2026-05-05T05:05Z') }, '2026-01-01T00:00Z', '2026-05-05T05:05Z'],
  ] as const)('%j after %s', (options, after, expected) => {
    const all = expected.split(' ')
    const over = 'until' in options || 'at' in options ? 1 : 0
    expect(dues(options, after, all.length + over)).toEqual(all)
  })
})

/** Cron lines of all kinds. */
const lines = fc
  .tuple(
    fc.constantFrom('', '0 ', '*/7 ', '15,45 '),
    fc.constantFrom('0', '30', '*/13', '5-10', '0,30'),
    fc.constantFrom('*', '1', '2', '*/5', '1-3', '2,14', '23'),
    fc.constantFrom('*', '*', 'L', '29', '1,15', '31', '15W'),
    fc.constantFrom('*', '*', '3,10', '2', 'MAR-NOV'),
    fc.constantFrom('*', '*', 'MON#3', 'FRI#L', 'SUN', '+SUN'),
  )
  .map(([second, ...rest]) => second + rest.join(' '))
const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
)
const moments = fc.oneof(
  ...[
    '2026-03-29T01:00Z',
    '2026-10-25T01:00Z',
    '2026-03-08T07:00Z',
    '2026-11-01T06:00Z',
    '2026-04-04T15:00Z',
  ].map((change) => fc.integer({ min: -3 * 36e5, max: 3 * 36e5 }).map((ms) => Date.parse(change) + ms)),
  fc.integer({ min: start, max: start + 4 * 366 * 864e5 }),
)

describe('I9 the calendar', () => {
  it('lists what croner lists, from any moment, and finds the newest without walking', () => {
    fc.assert(
      fc.property(lines, zones, moments, fc.nat(4_000), fc.nat(3_600), (cron, timeZone, from, gap, more) => {
        const plan = calendar({ cron, timeZone })
        const croner = new Cron(cron, { timezone: timeZone, fixedTimeRule: 'no-wildcard' })
        const chain = croner.nextRuns(60, new Date(from)).map((date) => date.getTime())
        expect(plan.list(from, Infinity, 60)).toEqual(chain)
        const to = Math.min(from + gap * 1_000 * more, chain.at(-1) ?? Infinity)
        const inside = chain.filter((due) => due <= to)
        expect(plan.latest(from, to)).toBe(inside.at(-1))
        // the question of the next due time can be asked at any moment in between
        for (const [i, due] of inside.entries())
          if (i > 0) expect(plan.after(Math.floor(((chain[i - 1] as number) + due) / 2))).toBe(due)
      }),
      { numRuns: 200 },
    )
  })

  it('jitter is the same for everybody, never early, never up to the next due time', () => {
    fc.assert(
      fc.property(
        lines,
        zones,
        moments,
        fc.integer({ min: 1, max: 864e5 }),
        (cron, timeZone, from, jitter) => {
          const plan = calendar({ cron, timeZone, jitter })
          const list = plan.list(from, Infinity, 20)
          const starts = list.map((due) => plan.startsAt(due))
          expect(starts).toEqual(list.map((due) => calendar({ cron, timeZone, jitter }).startsAt(due)))
          for (const [i, due] of list.entries()) {
            const at = starts[i] as number
            expect(at).toBeGreaterThanOrEqual(due)
            expect(at).toBeLessThan(Math.min(due + jitter, list[i + 1] ?? Infinity))
            expect(plan.ripe(from, at)).toBe(due)
            expect(plan.ripe(from, at - 1)).toBe(list[i - 1])
          }
        },
      ),
      { numRuns: 60 },
    )
    const starts = new Set(
      calendar({ every: '1h', jitter: '30m' })
        .list(start, Infinity, 50)
        .map((due) => calendar({ every: '1h', jitter: '30m' }).startsAt(due) - due),
    )
    expect(starts.size).toBeGreaterThan(40)
  })

  it('a year of seconds, and a century of months, cost a few questions', () => {
    const began = performance.now()
    for (const cron of ['* * * * * *', '*/2 9-17 * * MON-FRI', '0 0 29 2 *'])
      calendar({ cron, timeZone: 'Europe/Berlin' }).latest(start, start + 100 * 365 * 864e5)
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})
