import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { Article } from './article.ts'
import { closeAll, inspected } from './inspected.ts'

afterEach(closeAll)
const REVIEW = 'in%2Ereview'
const TO_REVIEW = [
  'register draft',
  'event xstate.init',
  'event done.invoke.draft',
  `state {"${REVIEW}":"awaiting"}`,
]
const APPROVED = [
  'event approve',
  `state {"${REVIEW}":"handling"}`,
  `event done.invoke.${REVIEW}`,
  'state published',
  'state published',
  'stop',
]

/** An article that was revised once and is published. */
async function published(options: object = {}) {
  const it = await inspected({ workflows: [Article], ...options })
  const run = await it.engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  await run.signal('revise', {})
  await run.signal('approve', { by: 'ada', code: 's3cret' })
  await run.result()
  return it
}

test('a run that has ended is told from its beginning, as a live one', async () => {
  const { connect } = await published()
  const client = await connect('run=r1')
  await client.until((m) => m.type === 'service.stop')
  expect(client.story('r1')).toEqual([
    ...TO_REVIEW,
    'event revise',
    `state {"${REVIEW}":"handling"}`,
    `event done.invoke.${REVIEW}`,
    `state {"${REVIEW}":"awaiting"}`,
    ...APPROVED,
  ])
  const moments = client.messages.flatMap(({ state }) => (state ? [state] : []))
  expect(moments.map(({ tags }) => [...tags][0])).toEqual([
    ...['running', 'waiting', 'running', 'waiting', 'running', 'running', 'completed'],
  ])
  expect(moments[1]?.context).toEqual({
    data: { text: 'owls', authors: [{ name: '***' }, { name: '***' }] },
    vars: { token: '***', rounds: 1 },
  })
  expect(moments.at(-1)?.context.data).toEqual({ text: 'owls!' })
  for (const text of client.texts) expect(text).not.toMatch(/ada@example|Ada|Bob|t0ken|s3cret/)
})

test('what the protocol has no place for stands beside it', async () => {
  const { connect } = await published()
  const client = await connect('run=r1')
  await client.until((m) => m.type === 'service.stop')
  const told = client.texts.map((text) => JSON.parse(text) as { type: string; run?: Record<string, unknown> })
  const waiting = told.find(({ type }) => type === 'service.state')
  expect(waiting?.run).toMatchObject({
    state: 'in.review',
    status: 'waiting',
    visit: 1,
    seq: 2,
    at: expect.any(Number) as number,
    signals: [
      { name: 'approve', type: 'approve' },
      { name: 'revise', type: 'revise' },
    ],
  })
  expect(
    told.flatMap(({ run }) => (run?.['type'] === 'moved' ? [[run['from'], run['to'], run['by']]] : [])),
  ).toEqual([
    ['draft', 'in.review', 'step'],
    ['in.review', 'in.review', 'signal:revise'],
    ['in.review', 'published', 'signal:approve'],
  ])
})

test('a run that goes on is told from its beginning, and then as it goes on', async () => {
  const { engine, connect } = await inspected({ workflows: [Article] })
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  await engine.start(Article, { topic: 'bees' }, { id: 'r2' })
  const client = await connect('run=r1')
  await client.until((m) => m.state?.tags.has('waiting') === true)
  await run.signal('approve', { by: 'ada' })
  await client.until((m) => m.type === 'service.stop')
  expect(client.story('r1')).toEqual([...TO_REVIEW, ...APPROVED])
  expect(client.story('r2')).toEqual([])
})

test('a run that another process drives is followed over the store they share', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-inspect-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = `sqlite:${join(folder, 'runs.db')}` as const
  const watching = await inspected({ workflows: [Article], store, worker: false })
  const driving = await inspected({ workflows: [Article], store, inspect: false })
  const run = await driving.engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  const client = await watching.connect('run=r1')
  await client.until((m) => m.state?.tags.has('waiting') === true)
  await run.signal('approve', { by: 'ada' })
  await client.until((m) => m.type === 'service.stop')
  expect(client.story('r1').slice(-2)).toEqual(['state published', 'stop'])
})

test('a run that is not there is said to be so', async () => {
  const { connect, warnings } = await inspected({ workflows: [Article] })
  const client = await connect('run=nobody')
  const said = await client.until((m) => m.sessionId === 'nobody')
  expect(said).toMatchObject({
    type: 'service.unreadable',
    message: expect.stringContaining('unknown-run') as string,
  })
  expect(warnings.join()).toContain('The inspector could not show run "nobody"')
})

test('asked again, it tells all of it again', async () => {
  const { connect } = await published()
  const client = await connect('run=r1')
  await client.until((m) => m.type === 'service.stop')
  const first = client.story('r1')
  client.messages.length = 0
  client.send({ type: 'xstate.inspecting' })
  await client.until((m) => m.type === 'service.stop')
  expect(client.story('r1')).toEqual(first)
})
