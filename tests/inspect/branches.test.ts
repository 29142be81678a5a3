import { afterEach, expect, test } from 'vitest'
import type { EngineOptions } from '../../src/index.ts'
import { TestClock } from '../../src/testing/index.ts'
import { fan } from '../support/fan.ts'
import type { Client } from './client.ts'
import { closeAll, inspected } from './inspected.ts'

afterEach(closeAll)

/** Messages as they were sent, with what stands beside the protocol. */
function told(client: Client, type: string) {
  const messages = client.texts.map((text) => JSON.parse(text) as { type: string; run: Told; event: string })
  return messages.filter((message) => message.type === type)
}
interface Told {
  readonly type?: string
  readonly seq?: number
  readonly at: number
  readonly state?: string
  readonly branches?: object
}

test('branches end when they end; afterwards it is said in what joined them', async () => {
  const clock = new TestClock()
  let open: (value?: unknown) => void = () => undefined
  const opened = new Promise((resolve) => (open = resolve))
  const hands = { a: () => opened, b: () => Promise.reject(new Error('no')), source: () => opened }
  const Fan = fan('settled')
  const options = { workflows: [Fan], resources: { hands }, host: clock }
  const { engine, connect } = await inspected(options as unknown as EngineOptions)
  const run = await engine.start(Fan as never, {} as never, { id: 'r1' })
  const live = await connect('run=r1')
  await live.until((m) => m.event?.name === 'branch.b.failed' || m.state !== undefined)
  const begun = clock.now()
  await clock.advance('3s')
  open()
  await run.result()
  await live.until((m) => m.type === 'service.stop')
  const ends = told(live, 'service.event').filter(({ run }) => run.type === 'part')
  expect(ends.map(({ run }) => run)).toEqual(
    expect.arrayContaining([{ type: 'part', part: 'a', end: 'done', at: begun + 3_000 }]),
  )
  expect(told(live, 'service.state').map(({ run }) => run)).toContainEqual(
    expect.objectContaining({ at: begun + 3_000, state: 'fan', branches: expect.anything() as object }),
  )
  const later = await connect('run=r1')
  await later.until((m) => m.type === 'service.stop')
  const branches = { a: 'done', b: 'failed', source: 'done' }
  expect(later.messages.find((m) => m.event?.name === 'stepwright.joined')?.event?.data).toMatchObject({
    branches,
  })
  const inFan = told(later, 'service.state').filter(({ run }) => run.state === 'fan')
  expect(inFan.at(-1)?.run.branches).toEqual(branches)
})
