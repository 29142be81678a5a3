import { once } from 'node:events'
import { describe, expect, vi } from 'vitest'
import { WebSocket } from 'ws'
import { fixture, test } from './command-line.ts'

const ARTICLE = fixture('article.ts')

describe.concurrent('stepwright inspect', () => {
  test('drives runs and shows them at the address that it prints', async ({ cli }) => {
    const started = cli.begin(['run', ARTICLE, '--input', '{"topic":"cats"}', '--id', 'one'])
    await started.said('waits in review')
    started.child.kill('SIGINT')
    await started.ended
    const going = cli.begin(['inspect', ARTICLE])
    const said = await going.said('until Ctrl-C')
    const url = /^inspector at (ws:\/\/127\.0\.0\.1:\d+)/m.exec(said)?.[1] ?? ''
    const client = new WebSocket(url)
    const seen: string[] = []
    client.on('message', (data: Buffer) => seen.push(data.toString()))
    await once(client, 'open')
    await cli.run(['signal', 'one', 'approve', '{"by":"bob"}'])
    await going.said('completed in published')
    await vi.waitFor(() => expect(seen.join('\n')).toContain('published'))
    expect(seen.join('\n')).toContain('one')
    client.terminate()
    going.child.kill('SIGINT')
    expect((await going.ended).code).toBe(130)
  })

  test('a store with nothing but ended runs is shown, opened on one of them', async ({ cli }) => {
    await cli.run(['run', ARTICLE, '--input', '{"topic":"cats","review":false}', '--id', 'o1'])
    const going = cli.begin(['inspect', ARTICLE, '--run', 'o1', '--allow-send', '--json'])
    const { page, inspect } = JSON.parse(await going.said('}\n')) as { page: string; inspect: string }
    const { origin, hash, host } = new URL(page)
    const { run, token } = Object.fromEntries(new URLSearchParams(hash.slice(1)))
    expect([run, inspect]).toEqual(['o1', `ws://${host}/?token=${token}`])
    expect(await (await fetch(`${origin}/`)).text()).toContain('<title>Stepwright inspector</title>')
    const { runs } = (await (await fetch(`${origin}/runs`)).json()) as { runs: unknown }
    expect(runs).toEqual([expect.objectContaining({ id: 'o1', status: 'completed' })])
    const client = new WebSocket(`ws://${host}/?run=o1`)
    const told = new Promise<string>((resolve) => {
      client.on('message', (data: Buffer) => {
        if (data.toString().startsWith('{"type":"service.stop"')) resolve(data.toString())
      })
    })
    expect(JSON.parse(await told)).toEqual({ type: 'service.stop', sessionId: 'o1' })
    client.terminate()
  })

  test('a run to open on that is not there is an error', async ({ cli }) => {
    const { code, error } = await cli.json('inspect', ARTICLE, '--run', 'nobody')
    expect([code, error?.code]).toEqual([2, 'unknown-run'])
  })

  test('says so where the port is taken', async ({ cli }) => {
    const first = cli.begin(['inspect', ARTICLE, '--json'])
    const { inspect } = JSON.parse(await first.said('}\n')) as { inspect: string }
    const second = await cli.json('inspect', ARTICLE, '--port', new URL(inspect).port)
    expect(second).toMatchObject({
      code: 2,
      error: {
        code: 'invalid-options',
        remedy: 'Give another one with --port, or leave it out for a free one',
      },
    })
  })
})
