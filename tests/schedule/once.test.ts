import { Cron } from 'croner'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TestClock } from 'stepwright/testing'
import { OVERLAPS } from '../../src/schedule/schedule.ts'
import { listDue } from '../../src/store/due-list.ts'
import type { Store } from '../../src/store/store.ts'
import { DyingStore } from '../support/dying-store.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { FakeRuns, Office, rowsOf } from './office.ts'

const start = Date.UTC(2026, 0, 1)
const id = 's'
const base = { id, workflow: 'report', input: 1 } as const

/** The run ids for the times that croner lists. */
function expected(cron: string, until: number): readonly string[] {
  const ids: string[] = []
  const croner = new Cron(cron, { timezone: 'Europe/Berlin' })
  for (let due = croner.nextRun(new Date(start - 1)); due && +due <= until; due = croner.nextRun(due))
    ids.push(`${id}/${due.toISOString()}`)
  return ids
}

/** A store that takes its time, so that what many processes do is mixed in another way each time. */
function slow(store: Store, delays: () => number): Store {
  const wait = async (): Promise<void> => {
    for (let n = delays(); n > 0; n--) await new Promise((resolve) => setImmediate(resolve))
  }
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const value = target[name]
      if (name !== 'get' && name !== 'write') return typeof value === 'function' ? value.bind(target) : value
      return async (...args: unknown[]) => {
        await wait()
        const answer = await (value as (...args: unknown[]) => Promise<unknown>).apply(target, args)
        await wait()
        return answer
      }
    },
  })
}

const crons = fc.constantFrom('*/10 * * * * *', '* * * * *', '7,30 */2 * * * *', '0 * * * *', '30 2 * * *')
/** Steps of time in seconds. */
const gaps = fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 8 })

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('once on $kind', ({ kind, make }) => {
  const numRuns = kind === 'memory' ? 60 : 15

  it('I6 I9 each due time that croner lists leads to one run, however many look and whenever', async () => {
    const property = fc.asyncProperty(
      ...[crons, gaps, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat(3))],
      async (cron: string, steps: readonly number[], books: number, stream: Iterator<number>) => {
        const store = make(freshName())
        await store.open()
        const delays = (): number => stream.next().value as number
        const runs = new FakeRuns()
        const offices = Array.from(
          { length: books },
          () => new Office(slow(store, delays), new TestClock(start), runs),
        )
        for (const office of offices)
          office.beforeStart = (run) => {
            expect(Date.parse(run.slice(id.length + 1)), 'early').toBeLessThanOrEqual(office.clock.now())
          }
        await offices[0]?.book.create({
          ...base,
          cron,
          timeZone: 'Europe/Berlin',
          overlap: 'allow',
          catchUp: '10w',
        })
        let now = start
        for (const seconds of [...steps, 1]) {
          now += seconds * 1_000
          // their clocks do not agree
          offices.forEach(({ clock }, i) => clock.jump(now + i))
          await Promise.all(offices.map((office) => office.work()))
        }
        const all = expected(cron, now + books - 1)
        expect(runs.ids.toSorted()).toEqual(all)
        expect(runs.calls).toHaveLength(all.length)
        expect((await offices[0]?.book.get(id))?.counts).toMatchObject({ started: all.length, missed: 0 })
      },
    )
    await fc.assert(property, { numRuns })
  })

  it('I6 no due time is lost between started, skipped and missed, and no two runs go at once', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...OVERLAPS.filter((overlap) => overlap !== 'allow')),
      ...[gaps, fc.integer({ min: 1, max: 3 }), fc.infiniteStream(fc.nat(3)), fc.boolean()],
      async (
        overlap,
        steps: readonly number[],
        books: number,
        stream: Iterator<number>,
        slowCancel: boolean,
      ) => {
        const store = make(freshName())
        await store.open()
        const delays = (): number => stream.next().value as number
        const runs = new FakeRuns()
        runs.slowCancel = slowCancel
        const offices = Array.from(
          { length: books },
          () => new Office(slow(store, delays), new TestClock(start), runs),
        )
        for (const office of offices)
          office.beforeStart = (run) => {
            if (!runs.has(run)) expect(runs.going(), `beside ${run}`).toEqual([])
          }
        await offices[0]?.book.create({ ...base, cron: '*/30 * * * * *', overlap, catchUp: '5m' })
        let now = start
        for (const seconds of steps) {
          now += seconds * 1_000
          offices.forEach(({ clock }, i) => clock.jump(now + i * 20_000))
          await Promise.all([
            ...offices.map((office) => office.work()),
            ...(delays() > 1 ? runs.going().map((run) => offices[0]?.end(run)) : []),
          ])
        }
        const view = await offices[0]?.book.get(id)
        const { started = 0, skipped = 0, missed = 0 } = view?.counts ?? {}
        const past = expected('*/30 * * * * *', Number(view?.nextAt) - 1)
        expect(started + skipped + missed + (view?.waiting ? 1 : 0)).toBe(past.length)
        expect(runs.size).toBe(started)
      },
    )
    await fc.assert(property, { numRuns })
  })

  it('I6 a process that dies at any write leaves no due time out and starts no run twice', async () => {
    for (const overlap of OVERLAPS) {
      let deaths = 0
      for (let at = 1, died = true; died; at++) {
        for (const lands of [false, true]) {
          const inner = make(freshName())
          await inner.open()
          const runs = new FakeRuns()
          const first = new Office(inner, new TestClock(start), runs)
          await first.book.create({ ...base, every: '1m', overlap, catchUp: '10m' })
          await first.workUntil(new Date(start + 60_000)) // one is going
          const store = new DyingStore(inner, at, lands)
          const dying = new Office(store, new TestClock(start + 120_000), runs)
          died = await Promise.race([dying.work().then(() => false), store.died.then(() => true)])
          deaths += died ? 1 : 0
          const heir = new Office(inner, new TestClock(start + 120_000), runs)
          await heir.workUntil(new Date(start + 125_000)) // what the dead one had begun is found within a second
          for (const run of runs.going().slice(0, 1)) if (overlap !== 'allow') await heir.end(run)
          await heir.work()
          const starts = runs.calls.filter((call) => call.startsWith('start'))
          expect(new Set(starts).size, `${overlap}, write ${at}`).toBe(starts.length)
          const view = await heir.book.get(id)
          const { started, skipped, missed } = view.counts
          expect([started + skipped, missed, view.waiting], `${overlap}, write ${at}`).toEqual([
            2,
            0,
            undefined,
          ])
          expect(runs.size).toBe(started)
        }
      }
      expect(deaths).toBeGreaterThan(1)
    }
  })

  it.each(['beforeStart', 'beforeStatus'] as const)(
    'I6 a look that fails for the moment %s is repeated',
    async (when) => {
      const store = make(freshName())
      await store.open()
      const office = new Office(store)
      await office.book.create({ ...base, every: '1m', overlap: 'allow' })
      const byHand = await office.book.runNow(id)
      let tries = 0
      office[when] = () => {
        if (++tries < 3) throw new Error('the database is away')
      }
      office.clock.jump(start + 60_000)
      const fire = async (): Promise<string> => {
        const due = (await listDue(store, 10)).filter(({ at }) => at <= office.clock.now())
        return due.length === 0 ? 'nothing' : office.book.fire(id, rowsOf(due))
      }
      for (let failed = 0; failed < 2; failed++) {
        await expect(fire()).rejects.toThrow('away')
        expect(await fire()).toBe('nothing')
        await office.clock.advance('1s')
      }
      expect(await fire()).toBe('done')
      expect(office.runs.ids).toEqual([byHand, `${id}/2026-01-01T00:01:00.000Z`])
      expect((await office.book.get(id)).counts).toMatchObject({ started: 2, failed: 0 })
      expect((await listDue(store, 10)).map(({ at }) => at)).toEqual([start + 120_000])
    },
  )
})
