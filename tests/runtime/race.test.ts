import { describe, expect, it } from 'vitest'
import { RefusedError } from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { family, KidWorkflow, State, type Hands } from '../support/family.ts'
import { pass } from '../support/passing.ts'
import { crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const KID = 'p/one/1'
const START = Date.UTC(2026, 0, 1)
const DAY = 864e5

describe.each(storeKinds(['memory', 'sqlite', 'redis']))(
  'the first of signal, time and child: $kind',
  (kind) => {
    const Family = family({ races: true })
    const both = [Family, KidWorkflow] as const
    const open = (
      hands: Hands,
      { name = freshName(), at = START, workflows = both as readonly unknown[] } = {},
    ) => {
      const clock = new TestClock(at, at % 1e9)
      const test = createTestEngine({
        workflows: workflows as typeof both,
        store: kind.make(name),
        clock,
        resources: { hands },
      })
      return { test, name, start: () => test.engine.start(Family, { way: 'one' }, { id: 'p' }) }
    }
    const sleeps: Hands = { work: () => 'sleep' }
    const waits: Hands = { work: () => 'wait' }

    it('the child wins: neither the signal nor the end of the wait comes any more', async () => {
      const { test, start } = open(sleeps)
      const run = await start()
      await pass(test, 2 * DAY)
      expect(await run.view()).toMatchObject({ status: 'completed', state: State.Done })
      await expect(run.signal('stop', {})).rejects.toMatchObject({ code: 'run-ended' })
      expect(await test.engine.store.list('due', { limit: 9 })).toEqual([])
      await test.close()
    })

    it('a signal wins: the child is cancelled', async () => {
      const { test, start } = open(sleeps)
      const run = await start()
      await pass(test, DAY)
      expect(await run.view()).toMatchObject({ status: 'waiting', awaits: ['stop'] })
      await run.signal('stop', {})
      await test.settle()
      expect(await run.view()).toMatchObject({ state: State.Caught, data: { why: 'stop' } })
      expect(await (await test.engine.get(KID)).view()).toMatchObject({ status: 'cancelled' })
      await pass(test, 9 * DAY)
      expect(await test.engine.store.list('inbox', { limit: 9 })).toEqual([])
      expect(await test.engine.store.list('due', { limit: 9 })).toEqual([])
      await test.close()
    })

    it('I9 time wins: the child is cancelled', async () => {
      const { test, start } = open(waits)
      const run = await start()
      await pass(test, 4 * DAY - 1)
      expect(await run.view()).toMatchObject({ status: 'waiting' })
      await pass(test, 1)
      expect(await run.view()).toMatchObject({ state: State.Caught, data: { why: 'expired' } })
      await test.settle()
      expect(await (await test.engine.get(KID)).view()).toMatchObject({ status: 'cancelled' })
      await test.close()
    })

    it('who was first is told by the time it came, also when nothing ran then', async () => {
      for (const signalAt of [1 * DAY, 3 * DAY]) {
        const first = open(sleeps)
        await first.start()
        await first.test.settle()
        await first.test.close()
        const send = async (at: number) => {
          const outside = createTestEngine({
            workflows: both,
            store: kind.make(first.name),
            clock: new TestClock(at, 7),
            worker: false,
            resources: { hands: sleeps },
          })
          await outside.engine.signal('p', 'stop', {})
          await outside.close()
        }
        if (signalAt === DAY) await send(START + signalAt)
        // only the child is worked on: it ends after two days
        const kidsOnly = open(sleeps, { name: first.name, at: START + 2 * DAY, workflows: [KidWorkflow] })
        await kidsOnly.test.finish(await kidsOnly.test.engine.get(KID))
        await kidsOnly.test.close()
        if (signalAt !== DAY) await send(START + signalAt)
        const last = open(sleeps, { name: first.name, at: START + 3 * DAY })
        const view = await last.test.finish(await last.test.engine.get('p'))
        expect(view).toMatchObject(signalAt === DAY ? { data: { why: 'stop' } } : { state: State.Done })
        await last.test.close()
      }
    })

    it('what came after the end of the wait does not count, though the run had not noticed its end', async () => {
      const first = open(waits)
      await first.start()
      await first.test.settle()
      await first.test.close()
      const clock = new TestClock(START + 5 * DAY, 7)
      const outside = createTestEngine({
        workflows: both,
        store: kind.make(first.name),
        clock,
        worker: false,
        resources: { hands: waits },
      })
      await outside.engine.signal('p', 'stop', {})
      await outside.close()
      const last = open(waits, { name: first.name, at: START + 6 * DAY })
      expect(await last.test.finish(await last.test.engine.get('p'))).toMatchObject({
        data: { why: 'expired' },
      })
      await last.test.close()
    })

    it('a signal that is refused changes nothing: the run goes on waiting for its child, also one that is gone', async () => {
      const refuses: Hands = {
        ...waits,
        stop: () => {
          throw new RefusedError('not now')
        },
      }
      const { test, start } = open(refuses)
      const run = await start()
      await test.settle()
      await run.signal('stop', {})
      await test.settle()
      expect(await run.view()).toMatchObject({ status: 'waiting', awaits: ['stop'] })
      expect(await (await test.engine.get(KID)).view()).toMatchObject({ status: 'waiting' })
      await test.engine.store.write({ delete: [{ collection: 'run', key: KID }] })
      await pass(test, 3_600_000)
      expect(await run.view()).toMatchObject({ data: { why: `ChildError: child run "${KID}" is gone` } })
      await test.close()
    })

    it('I10 a child whose document is damaged may be mended: the parent waits, and is not harmed', async () => {
      const { test, start } = open(waits)
      const run = await start()
      await test.settle()
      const { store } = test.engine
      const [row] = await store.get('run', [KID])
      await store.write({ put: [{ collection: 'run', key: KID, value: '{}', expect: row?.revision ?? 0 }] })
      await pass(test, 3_600_000)
      expect(await run.view()).toMatchObject({ status: 'waiting' })
      const damaged = (await store.get('run', [KID]))[0]
      await store.write({
        put: [{ collection: 'run', key: KID, value: row?.value ?? '', expect: damaged?.revision ?? 0 }],
      })
      await test.engine.signal(KID, 'finish', { value: 3 })
      await test.settle()
      expect(await run.view()).toMatchObject({ status: 'completed', data: { value: 3 } })
      await test.close()
    })

    it('I4 a crash at each write gives the same winner', async () => {
      const scenario: Scenario<unknown> = {
        workflows: both,
        resources: (call) => ({ hands: { work: async () => (await call('work'), 'wait') } }),
        live: async (test) => {
          const run = await test.engine.start(Family, { way: 'one' }, { id: 'p' })
          if ((await test.finish(run)).status === 'waiting') await run.signal('stop', {}, { id: 'once' })
          const { status, data } = await test.finish(run)
          await test.settle()
          return { status, data, kid: (await (await test.engine.get(KID)).view()).status }
        },
      }
      await crashAtEachWrite(kind, scenario, 1, ({ value }) =>
        expect(value).toEqual({ status: 'completed', data: { why: 'stop' }, kid: 'cancelled' }),
      )
    })
  },
)
