import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { VigilWorkflow } from './fixtures/vigil.ts'

const ARTICLE = fixture('article.ts')

describe.concurrent('stepwright list and show', () => {
  test('list filters, counts, and aligns its columns', async ({ cli }) => {
    for (const [id, fail] of [
      ['a', false],
      ['bb', true],
    ] as const) {
      await cli.run([
        'run',
        ARTICLE,
        '--input',
        JSON.stringify({ topic: 'cats', review: false, fail }),
        '--id',
        id,
      ])
    }
    const { out, err } = await cli.run(['list'])
    const [head = '', first = '', second = ''] = out.split('\n')
    expect(head).toMatch(/^RUN +WORKFLOW +STATUS +STATE +WAITS FOR +STARTED +CHANGED$/)
    expect(first).toMatch(/^bb +article@1 +failed +draft +- +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +/)
    expect(second.indexOf('completed')).toBe(head.indexOf('STATUS'))
    expect(out + err).not.toContain('\u001b')
    expect(await cli.json('list', '--status', 'failed', 'waiting')).toMatchObject({ result: [{ id: 'bb' }] })
    expect(await cli.json('list', '--state', 'published')).toMatchObject({ result: [{ id: 'a' }] })
    expect(await cli.json('list', '--session', 'a')).toMatchObject({ result: [{ id: 'a' }] })
    expect(await cli.json('list', '--workflow', 'other')).toMatchObject({ code: 0, result: [] })
    const limited = await cli.run(['list', '--limit', '1'])
    expect(limited.out.split('\n')).toHaveLength(3)
    expect(limited.err).toContain('more than 1')
  })

  test('show tells state, data, failure and the newest of the history', async ({ cli }) => {
    await cli.run(['run', ARTICLE, '--input', '{"topic":"cats","fail":true}', '--id', 'f'])
    const { out } = await cli.run(['show', 'f', '--history', '2'])
    expect(out).toContain('f  failed in draft')
    expect(out).toContain("data       { topic: 'cats', ms: 0, fail: true, review: true }")
    expect(out).toContain('failure    FatalError: no cats \\u001b[31mtoday')
    expect(out).toContain('history, newest 2 of 3')
    expect(out).not.toContain('started in draft')
    expect(out).not.toContain('\u001b')
    const { result } = await cli.json('show', 'f')
    expect(result).toMatchObject({
      id: 'f',
      data: { topic: 'cats' },
      history: [{ type: 'started' }, { type: 'attempt-failed' }, { type: 'failed' }],
    })
  })
})

test('a wait that has both a reminder and an end shows both', async ({ cli }) => {
  await cli.settled(VigilWorkflow, 'v', { next: 'watch' })
  const { out } = await cli.run(['show', 'v'])
  expect(out).toMatch(/\n {2}reminder {3}\S+ \S+ \(in (59m|1h)/)
  expect(out).toMatch(/\n {2}wait ends {2}\S+ \S+ \(in (2d 23h|3d)/)
  const listed = await cli.run(['list'])
  expect(listed.out).toMatch(/ end, reminder in (59m|1h) \S+, end in (2d 23h|3d 0h) /)
  const { result } = await cli.json('list')
  const [{ since, expiresAt }] = result as [{ since: number; expiresAt: number }]
  expect(expiresAt - since).toBe(3 * 24 * 3_600_000)
  const resumed = await cli.run(['resume', fixture('vigil.ts'), '--run', 'v'])
  expect(resumed).toMatchObject({
    code: 3,
    out: expect.stringMatching(/for end, reminder at .*\), until .*\)\n$/) as string,
  })
})

describe.concurrent('stepwright graph', () => {
  test('graph writes Mermaid, JSON, and a machine for XState', async ({ cli }) => {
    const mermaid = await cli.run(['graph', ARTICLE])
    expect(mermaid.out).toContain('stateDiagram')
    expect(JSON.parse((await cli.run(['graph', ARTICLE, '--format', 'json'])).out)).toMatchObject({
      name: 'article',
    })
    const xstate = await cli.json('graph', ARTICLE, '--format', 'xstate')
    const everything = await cli.run(['graph', fixture('../../inspect/everything.ts')])
    expect(everything).toMatchObject({ code: 0, err: '' })
    expect(everything.out).toContain('askAll')
    expect(xstate).toMatchObject({
      code: 0,
      result: { workflow: 'article', format: 'xstate', chart: { initial: 'draft' } },
    })
  })
})
