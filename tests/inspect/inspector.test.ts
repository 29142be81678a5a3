import { afterEach, expect, test } from 'vitest'
import { createEngine } from '../../src/index.ts'
import type { EngineOptions } from '../../src/index.ts'
import { Article } from './article.ts'
import { Client } from './client.ts'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const it of opened.splice(0).reverse()) await it.close()
})

async function serve(inspect: EngineOptions['inspect'] = true) {
  const warnings: string[] = []
  const engine = createEngine({
    workflows: [Article],
    inspect: inspect as true,
    onWarning: (m) => warnings.push(m),
  })
  await engine.open()
  opened.push(engine)
  const connect = async (options = {}) => {
    const client = await Client.connect(engine.inspectUrl, options)
    opened.push(client.socket)
    return client
  }
  const warned = async (pattern: RegExp) => {
    await expect.poll(() => warnings.join('\n')).toMatch(pattern)
    return warnings
  }
  return { engine, connect, warnings, warned }
}
const REVIEW = 'in%2Ereview'
const awaiting = `{"${REVIEW}":"awaiting"}`
const handling = `{"${REVIEW}":"handling"}`

test('a live run registers, changes its state and stops, for every client', async () => {
  const { engine, connect } = await serve()
  expect(engine.inspectUrl).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/)
  const [one, two] = [await connect(), await connect()]
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  await one.until((m) => m.state?.tags.has('waiting') === true)
  await run.signal('revise', {})
  await run.signal('approve', { by: 'ada' })
  await run.result()
  for (const client of [one, two]) {
    await client.until((m) => m.type === 'service.stop')
    expect(client.story('r1')).toEqual([
      'register draft',
      'event xstate.init',
      'event done.invoke.draft',
      `state ${awaiting}`,
      'event revise',
      `state ${handling}`,
      `event done.invoke.${REVIEW}`,
      `state ${awaiting}`,
      'event approve',
      `state ${handling}`,
      `event done.invoke.${REVIEW}`,
      'state published',
      'stop',
    ])
    const [register] = client.messages
    expect(register).toMatchObject({ id: 'article', sessionId: 'r1', machine: { id: 'article' } })
    expect(Object.keys(register?.machine?.states ?? {})).toEqual(['draft', REVIEW, 'failed', 'published'])
    const last = client.messages.findLast((m) => m.state)?.state
    expect([last?.done, [...(last?.tags ?? [])], last?.context.data]).toEqual([
      true,
      ['completed'],
      { text: 'owls!' },
    ])
  }
})

test('attempts that fail are shown, and a failure without a way out stops the run', async () => {
  const { engine, connect } = await serve()
  const client = await connect()
  const run = await engine.start(Article, { topic: 'bad' }, { id: 'r1' })
  await run.result()
  await client.until((m) => m.type === 'service.stop')
  expect(client.story('r1')).toEqual([
    'register draft',
    'event xstate.init',
    'event stepwright.attempt-failed',
    'state draft',
    'event stepwright.retried',
    'state draft',
    'event error.platform.draft',
    'state failed',
    'stop',
  ])
  const caught = client.texts.find((text) => text.includes('error.platform.draft') && text.includes('"by"'))
  expect(caught).toContain('\\"error\\":\\"Error\\"')
  for (const text of client.texts) expect(text).not.toContain('nothing to say') // where fields are marked, it may quote one
})

test('a late client gets the active runs, once, and asks for them again with xstate.inspecting', async () => {
  const { engine, connect } = await serve()
  for (const id of ['r1', 'r2', 'r3']) await engine.start(Article, { topic: id }, { id })
  await engine.signal('r2', 'approve', { by: 'ada' })
  await engine.result('r2')
  await expect.poll(async () => (await engine.list({ status: 'waiting' })).length).toBe(2)
  const client = await connect()
  await expect.poll(() => client.messages.length).toBe(2)
  expect(client.messages.map((m) => [m.type, m.sessionId, m.state?.value])).toEqual([
    ['service.register', 'r3', { [REVIEW]: 'awaiting' }],
    ['service.register', 'r1', { [REVIEW]: 'awaiting' }],
  ])
  await engine.signal('r1', 'approve', { by: 'ada' })
  await client.until((m) => m.type === 'service.stop')
  expect(client.story('r1').slice(-2)).toEqual(['state published', 'stop'])
  client.messages.length = 0
  client.send({ type: 'xstate.inspecting' })
  await expect.poll(() => client.story('r3')).toEqual([`register ${awaiting}`])
  expect(client.story('r1')).toEqual([])
})

test('I2 it is read-only: an event of a client moves nothing and is reported', async () => {
  const { engine, connect, warned } = await serve()
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  const client = await connect()
  await client.until((m) => m.type === 'service.register')
  client.sendEvent('r1', { type: 'approve', by: 'mallory' })
  client.send('no json')
  client.send({ type: 'xstate.event', event: 'no json either' })
  await warned(/"approve" to run "r1", but it is read-only.*\[permission-denied\]/)
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  expect(client.messages.filter((m) => m.event?.name === 'approve')).toEqual([])
})

test('I2 allowSend passes on declared signals, and no internal event', async () => {
  const { engine, connect, warned } = await serve({ allowSend: true })
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  const client = await connect()
  await client.until((m) => m.type === 'service.register')
  const forged = [
    'xstate.stop',
    'done.x',
    'done.invoke.draft',
    `xstate.after(172800000)#article.${REVIEW}.awaiting`,
  ]
  for (const type of [...forged, 'signal.approve.published', '__proto__']) client.sendEvent('r1', { type })
  client.sendEvent('r9', { type: 'approve', by: 'ada' })
  client.sendEvent('r1', { type: 'approve', by: 7 })
  const warnings = await warned(/payload of "approve" does not fit/)
  for (const type of forged)
    expect(warnings.join('\n')).toContain(`"${type}" to run "r1", but article declares no such signal`)
  expect(warnings.join('\n')).toContain('run "r9", but it shows no such run')
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  client.sendEvent('r1', { type: 'approve', by: 'ada' })
  expect(await run.result()).toMatchObject({ state: 'published' })
  await client.until((m) => m.type === 'service.stop')
})

test('marked fields are masked in everything that is sent', async () => {
  const { engine, connect } = await serve()
  const client = await connect()
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  await engine.start(Article, { topic: 'bad' }, { id: 'r2' })
  await client.until((m) => m.sessionId === 'r1' && m.state?.tags.has('waiting') === true)
  const late = await connect()
  await late.until((m) => m.sessionId === 'r1')
  await run.signal('approve', { by: 'ada', code: 's3cret' })
  await client.until((m) => m.type === 'service.stop' && m.sessionId === 'r1')
  await client.until((m) => m.type === 'service.stop' && m.sessionId === 'r2')
  for (const text of [...client.texts, ...late.texts])
    expect(text).not.toMatch(/ada@example|Ada|Bob|t0ken|s3cret/)
  expect((await late.until((m) => m.sessionId === 'r1')).state?.context).toEqual({
    data: { text: 'owls', authors: [{ name: '***' }, { name: '***' }] },
    vars: { token: '***', rounds: 1 },
  })
  const approved = await client.until((m) => m.event?.name === 'approve')
  expect(approved.event?.data).toEqual({ type: 'approve', by: 'ada', code: '***' })
})

test.each([
  [{ origin: 'https://evil.example' }, false],
  [{ origin: 'null' }, false],
  [{ origin: 'http://localhost.evil.example' }, false],
  [{ origin: 'https://stately.ai' }, false],
  [{ headers: { host: 'evil.example' } }, false], // a name that resolves to this machine
  [{ headers: { host: 'localhost@evil.example' } }, false],
  [{ origin: 'http://localhost:5173' }, true],
  [{ origin: 'http://[::1]:80', headers: { host: 'localhost:1' } }, true],
])('a handshake with %j is let in: %s', async (options, welcome) => {
  const { connect, warned } = await serve()
  if (welcome) return void (await connect(options))
  await expect(connect(options)).rejects.toThrow('403')
  await warned(/refused a connection/)
})

test('the hosted viewers are let in where that was asked for', async () => {
  const { connect } = await serve({ hostedViewers: true })
  await connect({ origin: 'https://stately.ai' })
  await expect(connect({ origin: 'https://stately.ai.evil.example' })).rejects.toThrow('403')
})

test('a port that is taken is an error that says so', async () => {
  const { engine } = await serve()
  const port = Number(new URL(engine.inspectUrl ?? '').port)
  const second = createEngine({ workflows: [Article], inspect: { port } })
  await expect(second.open()).rejects.toMatchObject({ code: 'invalid-options' })
  await second.close()
})
