import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { Article } from './article.ts'
import { closeAll, inspected } from './inspected.ts'

afterEach(closeAll)

async function served() {
  const { engine, warnings } = await inspected({ workflows: [Article] })
  /** As no browser would ask: the path and the headers as they are. */
  const ask = async (path: string, headers = {}, method = 'GET') => {
    const { hostname, port } = new URL(engine.inspectPage ?? '')
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      request({ hostname, port, path, method, headers }, resolve).on('error', reject).end(),
    )
    return { status: answer.statusCode, headers: answer.headers, body: await text(answer) }
  }
  return { engine, ask, warnings }
}

test('every answer may load its own files alone, and may not be framed, kept or read by others', async () => {
  const { ask } = await served()
  for (const path of ['/', '/page.js', '/runs', '/nothing', '/chart?workflow=article']) {
    const { headers } = await ask(path)
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/)
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  }
})

test.each([
  ['/', {}, 'GET', 200],
  ['/runs', {}, 'GET', 200],
  ['/runs', { origin: 'http://localhost:5173' }, 'GET', 200],
  ['/runs', {}, 'POST', 405],
  ['/', { host: 'evil.example' }, 'GET', 403],
  ['/runs', { origin: 'https://evil.example' }, 'GET', 403],
  ['/runs', { origin: 'null' }, 'GET', 403],
  ['/../package.json', {}, 'GET', 404],
  ['/..%2fbridge%2finspector.ts', {}, 'GET', 404],
  ['/__proto__', {}, 'GET', 404],
  ['/chart?workflow=nothing', {}, 'GET', 404],
  ['//', {}, 'GET', 404],
])('%s with %j by %s: %i', async (path, headers, method, status) => {
  const { ask } = await served()
  expect((await ask(path, headers, method)).status).toBe(status)
})

test.each(['//', '/nothing', '/runs'])('a handshake at %s ends in an answer', async (path) => {
  const { ask, warnings } = await served()
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const { status } = await ask(path, { ...upgrade, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' })
  expect(status).toBe(404)
  expect((await ask('/')).status).toBe(200)
  expect(warnings).toEqual([])
})

test('the chart names its states and its ways', async () => {
  const { ask } = await served()
  const { body, headers } = await ask('/chart?workflow=article')
  expect(headers['content-type']).toContain('image/svg+xml')
  const names = (what: string) =>
    [...body.matchAll(new RegExp(`${what}="([^"]*)"`, 'g'))].map(([, name]) => name)
  expect(names('data-state').sort()).toEqual(['draft', 'failed', 'in.review', 'published'])
  expect([...new Set(names('data-edge'))].sort()).toEqual([
    'draft&#62;failed',
    'draft&#62;in.review',
    'in.review&#62;draft',
    'in.review&#62;in.review',
    'in.review&#62;published',
  ])
})

test('runs are listed a page at a time, without what they hold', async () => {
  const { engine, ask } = await served()
  await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  await engine.start(Article, { topic: 'bees' }, { id: 'r2' })
  await expect.poll(async () => (await engine.list({ status: 'waiting' })).length).toBe(2)
  const { runs, more } = JSON.parse((await ask('/runs')).body) as { runs: { id: string }[]; more: boolean }
  expect([runs.map(({ id }) => id), more]).toEqual([['r2', 'r1'], false])
  expect(Object.keys(runs[0] ?? {}).sort()).toEqual([
    'createdAt',
    'id',
    'state',
    'status',
    'updatedAt',
    'version',
    'workflow',
  ])
  expect(JSON.parse((await ask('/runs?before=r2')).body)).toMatchObject({ runs: [{ id: 'r1' }] })
})
