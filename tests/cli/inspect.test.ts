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

  test('says so where the port is taken', async ({ cli }) => {
    const first = cli.begin(['inspect', ARTICLE, '--json'])
    const { inspect } = JSON.parse(await first.said('}\n')) as { inspect: string }
    const second = await cli.json('inspect', ARTICLE, '--port', new URL(inspect).port)
    expect(second).toMatchObject({ code: 2, error: { code: 'invalid-options' } })
  })
})
