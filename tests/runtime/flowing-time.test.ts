import { expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { fan } from '../support/fan.ts'
import { FlowingClock } from '../support/flowing-clock.ts'
import { HoursWorkflow, State } from '../support/hours.ts'
import { until } from '../support/passing.ts'

it('I9 a timer that comes due while the due list is looked at fires', async () => {
  const clock = new FlowingClock()
  const { engine, ...test } = createTestEngine({
    workflows: [HoursWorkflow],
    clock,
    resources: { hands: {} },
  })
  const run = await engine.start(HoursWorkflow, { to: State.For })
  await test.settle()
  clock.flows = true
  await clock.advance('3d')
  await clock.advance(0)
  expect(await run.view()).toMatchObject({ status: 'completed' })
  await test.close()
})

it('I9 a branch whose next attempt comes due while parts are begun is tried again, whatever the others do', async () => {
  const clock = new FlowingClock()
  const attempts: number[] = []
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const hands = {
    a: ({ run }: { run: { attempt: number } }) => {
      attempts.push(run.attempt)
      if (attempts.length === 1) throw new Error('busy')
    },
    b: () => held,
    source: () => undefined,
  }
  const Fan = fan('all')
  const { engine, ...test } = createTestEngine({ workflows: [Fan], clock, resources: { hands } })
  const run = await engine.start(Fan, {})
  await until({ clock }, async () => (await run.parts()).get('a')?.status === 'retry')
  clock.flows = true
  await clock.advance('10s')
  await clock.advance(0)
  expect(attempts).toEqual([1, 2])
  release()
  expect(await test.finish(run)).toMatchObject({ status: 'completed' })
  await test.close()
})
