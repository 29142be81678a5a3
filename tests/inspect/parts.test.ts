import { afterEach, expect, test } from 'vitest'
import type { EngineOptions } from '../../src/index.ts'
import { family, KidWorkflow } from '../support/family.ts'
import { fan } from '../support/fan.ts'
import { items } from '../support/items.ts'
import type { Client } from './client.ts'
import { closeAll, inspected } from './inspected.ts'

afterEach(closeAll)

/** Something that a test lets happen. */
function gate() {
  let open: (value?: unknown) => void = () => undefined
  const opened = new Promise((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

const open = (workflows: readonly unknown[], hands: object) =>
  inspected({ workflows, resources: { hands } } as unknown as EngineOptions)

const values = (client: Client, id: string): unknown[] =>
  client.messages.flatMap((m) => (m.sessionId === id && m.state ? [m.state.value] : []))

test.each(['', 'run=r1'])('branches at work, done and failed, as they end (%j)', async (words) => {
  const [a, b, c] = [gate(), gate(), gate()]
  const failing = async () => {
    await b.opened
    throw new Error('no')
  }
  const Fan = fan('settled')
  const { engine, connect } = await open([Fan], { a: () => a.opened, b: failing, source: () => c.opened })
  const early = await connect()
  await engine.start(Fan, {}, { id: 'r1' })
  await early.until((m) => m.type === 'service.register')
  const client = await connect(words)
  await client.until((m) => m.type === 'service.register')
  a.open()
  await client.until((m) => m.event?.name === 'branch.a.done')
  b.open()
  await client.until((m) => m.event?.name === 'branch.b.failed')
  const late = await connect(words)
  await late.until((m) => m.type === 'service.register')
  c.open()
  for (const each of [client, late]) await each.until((m) => m.type === 'service.stop')
  const at = (first: string, second: string, third: string) => ({
    fan: { working: { a: first, b: second, source: third } },
  })
  expect(values(client, 'r1').slice(0, 4)).toEqual([
    at('working', 'working', 'working'),
    at('done', 'working', 'working'),
    at('done', 'failed', 'working'),
    at('done', 'failed', 'done'),
  ])
  expect(values(late, 'r1')[0]).toEqual(at('done', 'failed', 'working'))
  expect(values(client, 'r1').at(-1)).toBe('done')
  expect(client.story('r1')).toContain('event stepwright.joined')
})

test('how many items of a map have ended, in few messages', async () => {
  const last = gate()
  const work = (i: number) => {
    if (i === 999) return last.opened
    if (i % 100 === 7) throw new TypeError('no')
    return i
  }
  const Items = items({ onError: 'collect', maxAttempts: 1, concurrency: 1_000 })
  const { engine, connect } = await open([Items], { item: work })
  const client = await connect()
  await engine.start(Items, { count: 1_000 }, { id: 'r1' })
  const progress = { done: 989, failed: 10, total: 1_000 }
  const shown = await client.until((m) => m.event?.data['done'] === 989)
  expect(shown.event?.data).toEqual({ type: 'stepwright.progress', ...progress })
  expect(client.messages.findLast((m) => m.state)?.state?.context).toMatchObject({ progress })
  const late = await connect('run=r1')
  const found = await late.until((m) => m.type === 'service.register')
  expect(found.state?.context).toMatchObject({ progress: { done: 989, failed: 10 } })
  last.open()
  await client.until((m) => m.type === 'service.stop')
  expect(client.messages.length).toBeLessThan(100)
})

test('how many items had ended is told of a recorded map too, as soon as they are joined', async () => {
  const work = (i: number) => {
    if (i === 2) throw new TypeError('no')
  }
  const Items = items({ onError: 'collect', maxAttempts: 1 })
  const { engine, connect } = await open([Items], { item: work })
  await (await engine.start(Items, { count: 5 }, { id: 'r1' })).result()
  const client = await connect('run=r1')
  await client.until((m) => m.type === 'service.stop')
  const stood = client.messages.flatMap(({ state }) => (state ? [[state.value, state.context]] : []))
  expect(stood).toMatchObject([
    ['each', { data: { count: 5 } }],
    ['each', { progress: { done: 4, failed: 1 } }],
    ['done', {}],
    ['done', {}],
  ])
  expect(stood[0]?.[1]).not.toHaveProperty('progress')
  expect(stood[2]?.[1]).not.toHaveProperty('progress')
})

test('a child run is a service of its own, beside its parent', async () => {
  const Family = family()
  const { engine, connect } = await open([Family, KidWorkflow], { work: () => 'wait' })
  const client = await connect()
  const run = await engine.start(Family, { way: 'one', n: 2 }, { id: 'p' })
  const kid = await client.until((m) => m.sessionId === 'p/one/1' && m.type === 'service.register')
  expect(kid).toMatchObject({ id: 'kid', parent: 'p' })
  await client.until((m) => m.sessionId === 'p/one/1' && m.state?.tags.has('waiting') === true)
  await engine.signal('p/one/1', 'finish', { value: 7 })
  await run.result()
  const recorded = await connect('run=p')
  for (const id of ['p', 'p/one/1'])
    await recorded.until((m) => m.sessionId === id && m.type === 'service.stop')
  const registered = recorded.messages.filter((m) => m.type === 'service.register')
  expect(registered.map((m) => [m.sessionId, m.parent])).toEqual([
    ['p', undefined],
    ['p/one/1', 'p'],
  ])
  expect(values(recorded, 'p').map((value) => JSON.stringify(value))).toEqual([
    '"start"',
    ...['"working"', '"working"', '"working"', '"working"', '"handling"'].map((at) => `{"one":${at}}`),
    ...['"done"', '"done"'],
  ])
})
