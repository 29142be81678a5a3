import { describe, expect } from 'vitest'
import { test } from './command-line.ts'
import { ArticleWorkflow } from './fixtures/article.ts'

describe('prune', () => {
  test('shows what would go, and removes it', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'waits', { topic: 'cats' })
    await cli.settled(ArticleWorkflow, 'ended', { topic: 'dogs' })
    expect((await cli.run(['terminate', 'ended'])).code).toBe(0)
    expect((await cli.json('prune', '--older-than', '1d')).result).toEqual({
      dryRun: false,
      runs: [],
      rows: 0,
    })
    const dry = await cli.run(['prune', '--older-than', '0s', '--dry-run'])
    expect(dry.out).toMatch(/RUN +WORKFLOW +STATUS +ENDED\nended +article +terminated/)
    expect(dry.err).toContain('1 runs would be removed')
    expect((await cli.json('prune', '--keep', '0', '--status', 'completed')).result).toMatchObject({
      runs: [],
    })
    expect((await cli.json('prune', '--keep', '0')).result).toMatchObject({
      runs: [{ id: 'ended', status: 'terminated' }],
    })
    expect((await cli.json('list')).result).toMatchObject([{ id: 'waits' }])
    expect((await cli.json('show', 'ended')).error?.code).toBe('unknown-run')
  })

  test('wants to be told which', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'waits', { topic: 'cats' })
    expect(await cli.json('prune', '--status', 'completed')).toMatchObject({
      code: 2,
      error: { code: 'invalid-options' },
    })
    expect((await cli.json('prune', '--keep', '-1')).code).toBe(2)
  })
})
