import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { OldMemo } from './fixtures/memo.ts'
import { OrderWorkflow } from './fixtures/order.ts'

const NEW = fixture('memo-2.ts')

describe('stepwright migrate', () => {
  test('says what becomes of each live run, and maps those that can be', async ({ cli }) => {
    await cli.settled(OldMemo, 'fits', { text: 'long' })
    await cli.settled(OldMemo, 'blocked', { text: 'abc' })
    for (const id of ['fits', 'blocked']) await cli.run(['signal', id, 'send'])
    await cli.run(['resume', fixture('memo.ts')])
    await cli.settled(OldMemo, 'draft', { text: 'abc' })
    await cli.settled(OrderWorkflow, 'other', { cents: 1 })
    const plan = await cli.run(['migrate', NEW, '--dry-run'])
    expect(plan.out).toBe(
      [
        'RUN      WORKFLOW  STATUS   STATE   FATE',
        'blocked  memo@1    waiting  review  blocked: Its migration from version 1 did not succeed: abc is too short',
        'draft    memo@1    waiting  draft   maps to write of version 2',
        'fits     memo@1    waiting  review  maps to write of version 2\n',
      ].join('\n'),
    )
    expect(plan.err).toBe(
      '1 blocked, 2 mapped to another version\n1 of other workflows are left alone\nnothing was done: a dry run\n',
    )
    expect(plan.code).toBe(1)
    expect((await cli.json('list', '--state', 'write')).result).toEqual([])
    const done = await cli.json('migrate', NEW)
    expect(done).toMatchObject({
      code: 1,
      result: {
        ...{ dryRun: false, counts: { blocked: 1, maps: 2 }, others: 1 },
        runs: [
          { id: 'blocked', fate: 'blocked', version: 1, state: 'review' },
          { id: 'draft', fate: 'maps', to: { version: 2, state: 'write' } },
          { id: 'fits', fate: 'maps' },
        ],
      },
    })
    expect((await cli.json('list', '--state', 'write')).result).toMatchObject([
      { id: 'draft', version: 2 },
      { id: 'fits', version: 2 },
    ])
    const after = await cli.run(['migrate', NEW, '--limit', '1'])
    expect(after.err).toContain('and 2 more; see them with --limit')
    expect((await cli.run(['show', 'fits'])).out).toContain('migrated from version 1 to 2, in write')
    const none = await cli.run(['migrate', fixture('pair.ts')])
    expect(none).toMatchObject({ code: 0, out: '' })
    expect(none.err).toContain('No live runs\n4 of other workflows are left alone')
  })
})
