import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { FatalError, states, type Input, type ShapeOf } from '../../src/index.ts'
import { paid, ShopWorkflow } from '../support/shop.ts'
import { TripWorkflow, World } from '../support/trip.ts'
import { Article } from './article.ts'
import type { Client } from './client.ts'
import { closeAll, inspected } from './inspected.ts'

afterEach(closeAll)

/** Each state with its status, without those that say the same again. */
function standings(client: Client, id: string): string[] {
  const told = client.messages.flatMap(({ sessionId, state }) =>
    sessionId === id && state ? [`${JSON.stringify(state.value)} ${[...state.tags].join()}`] : [],
  )
  return told.filter((line, i) => line !== told[i - 1])
}

test('a failed attempt, a pause and an end by hand are recalled as they were', async () => {
  const { engine, connect } = await inspected({ workflows: [Article] })
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  await run.pause({ reason: 'lunch' })
  await run.resume()
  await run.terminate({ reason: 'enough' })
  await (await engine.start(Article, { topic: 'bad' }, { id: 'r2' })).result()
  const [one, two] = [await connect('run=r1'), await connect('run=r2')]
  for (const client of [one, two]) await client.until((m) => m.type === 'service.stop')
  const review = '{"in%2Ereview":"awaiting"}'
  const over = '{"in%2Ereview":"handling"} terminated'
  const expected = ['"draft" running', `${review} waiting`, `${review} paused`, `${review} waiting`, over]
  expect(standings(one, 'r1')).toEqual(expected)
  expect(standings(two, 'r2')).toEqual([
    ...['"draft" running', '"draft" waiting', '"draft" running', '"failed" running', '"failed" completed'],
  ])
})

test('a run that was undone is one story, from its start to what it came to', async () => {
  const world = new World()
  world.fail('pay')
  const { engine, connect } = await inspected({ workflows: [TripWorkflow], resources: { world } as never })
  const run = await engine.start(TripWorkflow, { to: 'Rome' }, { id: 'r1' })
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  await run.signal('confirm', {})
  await expect.poll(async () => (await run.view()).status).toBe('compensated')
  const client = await connect('run=r1')
  await client.until((m) => m.type === 'service.stop')
  const kinds = client.messages.map(({ type }) => type)
  expect(kinds.filter((type) => type === 'service.register')).toHaveLength(1)
  expect(kinds.indexOf('service.stop')).toBe(kinds.length - 1)
  expect(standings(client, 'r1')[0]).toBe('"flight" running')
  expect(standings(client, 'r1').slice(-4)).toEqual([
    ...['"pay" running', '"pay" failed', '"pay" compensating', '"pay" compensated'],
  ])
  let entries = 0
  for await (const _ of run.events()) entries++
  expect(client.messages.filter((m) => m.state)).toHaveLength(entries)
})

test('a run that failed is followed on: a person may try it again', async () => {
  let ships = 0
  const ship = () => {
    if (++ships === 1) throw new FatalError('no ship')
  }
  const resources = { hands: { ...paid, ship } }
  const { engine, connect } = await inspected({ workflows: [ShopWorkflow], resources } as never)
  const run = await engine.start(ShopWorkflow as never, { amount: 7 } as never, { id: 'r1' })
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  await run.signal('approve' as never, { by: 'ada' } as never)
  await expect.poll(async () => (await run.view()).status).toBe('failed')
  const client = await connect('run=r1')
  await client.until((m) => m.type === 'service.stop')
  const told = client.messages.length
  await run.retry()
  const kinds = (): string[] => client.messages.map(({ type }) => type)
  await expect.poll(() => kinds().filter((type) => type === 'service.stop').length).toBe(2)
  expect(kinds().slice(told)).not.toContain('service.register') // it goes on where it stood
  // whether it is seen before a worker has taken it is chance
  expect(
    standings(client, 'r1')
      .filter((line) => line !== '"ship" pending')
      .slice(-4),
  ).toEqual(['"ship" failed', '"ship" running', '"done" running', '"done" completed'])
})

enum Count {
  Up = 'up',
  Done = 'done',
}
const Counting = states(
  Count,
  { [Count.Up]: z.object({ to: z.number() }), [Count.Done]: z.object({ n: z.number() }) },
  { initial: Count.Up, final: Count.Done, vars: z.object({ n: z.number().default(0) }) },
)
@Counting.workflow({ name: 'counting' })
class CountingWorkflow {
  @Counting.step(Count.Up, { to: [Count.Up, Count.Done] })
  up({ to }: Input<ShapeOf<typeof Counting>, Count.Up>, { vars }: { vars: { n: number } }) {
    if (vars.n === to) return Counting.go(Count.Done, { n: vars.n })
    return Counting.go(Count.Up, { to }, { n: vars.n + 1 })
  }
}

test('of a long history the newest entries are told, with all that came before in them', async () => {
  const { engine, connect } = await inspected({ workflows: [CountingWorkflow] })
  const run = await engine.start(CountingWorkflow, { to: 2_500 }, { id: 'r1' })
  await run.result()
  const client = await connect('run=r1')
  await client.until((m) => m.type === 'service.stop')
  const [first] = client.messages
  // 2,500 rounds, a start, a last move and an end, of which the newest 2,000
  expect(first?.state?.context.vars).toEqual({ n: 503 })
  expect(client.messages.filter((m) => m.state)).toHaveLength(2_000)
  expect(client.messages.findLast((m) => m.state)?.state?.context).toEqual({
    data: { n: 2_500 },
    vars: { n: 2_500 },
  })
})
