import { afterEach, expect, test } from 'vitest'
import { compile } from '../../src/compile/machine.ts'
import { readDefinition } from '../../src/index.ts'
import { startInspector } from '../../src/inspect/bridge/inspector.ts'
import type { InspectedCommit, InspectorParts, StoredRun } from '../../src/inspect/bridge/inspector-parts.ts'
import { Article } from './article.ts'
import { Client } from './client.ts'

const machine = compile(readDefinition(Article))
const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const it of opened.splice(0).reverse()) await it.close()
})

function stored(id: string, changes: Partial<StoredRun> = {}): StoredRun {
  const common = {
    workflow: 'article',
    version: 2,
    status: 'waiting',
    state: 'in.review',
    revision: 3,
  } as const
  return { id, ...common, data: { text: id, authors: [] }, vars: {}, ...changes }
}

/** An inspector of an engine that is a list of runs. */
async function serve(runs: readonly StoredRun[], list?: InspectorParts['list']) {
  const warnings: string[] = []
  let commit: (commit: InspectedCommit) => void = () => undefined
  const inspector = await startInspector({
    subscribe: (listener) => {
      commit = listener
      return () => undefined
    },
    list:
      list ??
      (({ limit, before }) => {
        const from = before === undefined ? 0 : runs.findIndex(({ id }) => id === before) + 1
        return Promise.resolve(runs.slice(from, from + limit))
      }),
    machineOf: ({ workflow }) => {
      if (workflow !== 'article') throw new Error('no such workflow')
      return machine
    },
    follow: () => ({ next: () => Promise.resolve(undefined), end: () => undefined }),
    partsOf: () => Promise.resolve({}),
    signal: () => Promise.resolve(),
    warn: (message) => warnings.push(message),
  })
  opened.push(inspector)
  const client = await Client.connect(inspector.url)
  opened.push(client.socket)
  return { client, warnings, commit: (c: InspectedCommit) => commit(c) }
}

test('a replay shows the 200 newest active runs, and looks no further', async () => {
  const runs = Array.from({ length: 500 }, (_, i) =>
    stored(`r${i}`, i % 2 ? { status: 'completed', state: 'published' } : {}),
  )
  const { client, warnings } = await serve(runs)
  await client.until((m) => m.sessionId === 'r398')
  expect(client.messages.map((m) => m.sessionId)).toEqual(Array.from({ length: 200 }, (_, i) => `r${i * 2}`))
  expect(warnings).toEqual([])
})

test('damaged, foreign and outdated runs are left out of a replay', async () => {
  const { client, commit, warnings } = await serve([
    stored('corrupt', { workflow: '?', state: '?', status: 'corrupt' }),
    stored('foreign', { workflow: 'another' }),
    stored('outdated', { state: 'gone', status: 'needs-migration' }),
    stored('odd', {
      data: { self: null as unknown, n: 1n, when: new Date(NaN), map: new Map([[{}, new Set([NaN])]]) },
    }),
    stored('retrying', { timer: { kind: 'retry' } }),
    stored('quarantined', { status: 'quarantined', state: 'draft' }),
  ])
  await client.until((m) => m.sessionId === 'quarantined')
  expect(client.messages.map((m) => [m.sessionId, m.state?.value, [...(m.state?.tags ?? [])]])).toEqual([
    ['odd', { 'in%2Ereview': 'awaiting' }, ['waiting']],
    ['retrying', { 'in%2Ereview': 'handling' }, ['waiting']],
    ['quarantined', 'draft', ['quarantined']],
  ])
  expect(client.messages[0]?.state?.context.data).toEqual({
    self: null,
    n: '1n',
    when: 'Invalid Date',
    map: [[{}, ['NaN']]],
  })
  for (const run of [stored('x', { workflow: 'another' }), stored('y', { state: '__proto__' })])
    commit({ run, revision: 4, happenings: [] })
  expect(warnings).toHaveLength(2)
})

test('a run that ends while a replay reads the store is not brought back', async () => {
  let answer: (runs: readonly StoredRun[]) => void = () => undefined
  const { client, commit } = await serve([], () => new Promise((resolve) => (answer = resolve)))
  commit({ run: stored('r1', { status: 'completed', state: 'published' }), revision: 5, happenings: [] })
  commit({ run: stored('r2', { data: { text: 'newer' } }), revision: 5, happenings: [] })
  answer([stored('r1'), stored('r2'), stored('r3')])
  await client.until((m) => m.sessionId === 'r3')
  expect(client.messages.map((m) => `${m.type.slice(8)} ${m.sessionId}`)).toEqual([
    'register r1',
    'state r1',
    'stop r1',
    'register r2',
    'register r3',
  ])
  commit({ run: stored('r3'), revision: 3, happenings: [] }) // known already
  commit({ run: stored('r3', { status: 'failed' }), revision: 4, happenings: [] })
  await client.until((m) => m.type === 'service.stop' && m.sessionId === 'r3')
  expect(client.story('r3')).toEqual([
    'register {"in%2Ereview":"awaiting"}',
    'state {"in%2Ereview":"handling"}',
    'stop',
  ])
})

test('a store that fails during a replay is a warning', async () => {
  const { warnings } = await serve([], () => Promise.reject(new Error('the store is away')))
  await expect
    .poll(() => warnings)
    .toEqual(['The inspector could not read the runs: Error: the store is away'])
})

test('a client that does not read is dropped, and commits do not wait for it', async () => {
  const { client, commit, warnings } = await serve([])
  const closed = new Promise((resolve) => client.socket.once('close', resolve))
  client.socket.pause()
  const data = {
    text: '',
    authors: Array.from({ length: 1000 }, () => ({ name: '', text: 'x'.repeat(9_000) })),
  }
  for (let revision = 1; revision <= 60 && warnings.length === 0; revision++) {
    commit({ run: stored('r1', { data }), revision, happenings: [] })
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(warnings).toEqual(['The inspector dropped a client that reads too slowly'])
  client.socket.resume()
  await closed
  for (const text of client.texts) expect(text.length).toBeLessThan(2_000_000) // what is large is cut
})

test('a client cannot fill the log', async () => {
  const { client, warnings, commit } = await serve([])
  for (let i = 0; i < 50; i++) client.sendEvent('r1', { type: 'approve' })
  commit({ run: stored('r1', { status: 'failed' }), revision: 1, happenings: [] })
  client.send({ type: 'xstate.inspecting' })
  await expect.poll(() => warnings.length).toBe(10)
})
