import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { OldMemo } from './fixtures/memo.ts'
import { OrderWorkflow } from './fixtures/order.ts'

const [OLD, CUT, LOUD] = ['memo.ts', 'memo-cut.ts', 'memo-loud.ts'].map(fixture) as [string, string, string]

describe('stepwright rehearse', () => {
  test('lists where recorded runs would go another way, and writes nothing', async ({ cli }) => {
    for (const id of ['m1', 'm2', 'm3']) await cli.settled(OldMemo, id, { text: id })
    for (const id of ['m1', 'm2']) await cli.run(['signal', id, 'send'])
    await cli.run(['resume', OLD])
    await cli.settled(OrderWorkflow, 'other', { cents: 1 })
    const before = (await cli.json('list')).result
    const same = await cli.run(['rehearse', OLD])
    expect(same).toMatchObject({ code: 0, out: '' })
    expect(same.err).toContain('3 go the same way, 0 another, 0 could not be rehearsed')
    const other = await cli.run(['rehearse', CUT])
    expect(other.code).toBe(1)
    expect(other.out).toBe(
      [
        'RUNS  WORKFLOW  STATE  WHAT  EXPECTED                  CAME               EXAMPLES',
        '2     memo      draft  move  goes to review with send  goes only to sent  m2, m1\n',
      ].join('\n'),
    )
    expect(await cli.json('rehearse', CUT, '--runs', 'm1', 'm3')).toMatchObject({
      code: 1,
      result: {
        ...{ same: 1, differs: 1, unknown: 0, executed: 0 },
        groups: [{ state: 'draft', runs: 1, examples: ['m1'] }],
        runs: [
          { run: 'm1', fate: 'differs', difference: { state: 'draft', visit: 1, what: 'move' } },
          { run: 'm3', fate: 'same' },
        ],
      },
    })
    expect((await cli.json('rehearse', CUT, '--since', '2100-01-01')).result).toMatchObject({ same: 0 })
    expect((await cli.json('rehearse', OLD, '--sample', '2', '--execute')).result).toMatchObject({ same: 2 })
    expect((await cli.json('list')).result).toEqual(before)
    expect(await cli.json('rehearse', OLD, '--runs', 'none')).toMatchObject({
      code: 2,
      error: { code: 'unknown-run' },
    })
    const unknown = await cli.json('rehearse', OLD, '--runs', 'other')
    expect(unknown).toMatchObject({ code: 3, result: { unknown: 1 } })
  })

  test('says which handlers it did not run, and puts runs together whatever their values', async ({
    cli,
  }) => {
    for (const id of ['m1', 'm2']) await cli.settled(OldMemo, id, { text: id })
    for (const id of ['m1', 'm2']) await cli.run(['signal', id, 'send'])
    await cli.run(['resume', OLD])
    const harmless = await cli.run(['rehearse', LOUD, '--execute'])
    expect(harmless.code).toBe(0)
    expect(harmless.err).toContain('2 go the same way, 0 another, 0 could not be rehearsed')
    expect(harmless.err).toContain('not run: draft (effect idempotent: --effects idempotent)')
    expect((await cli.json('rehearse', LOUD, '--execute')).result).toMatchObject({
      notRun: [{ workflow: 'memo', state: 'draft', why: 'effect idempotent', runs: 2 }],
      runs: [
        { run: 'm2', fate: 'same', notRun: { draft: 'effect idempotent' } },
        { run: 'm1', fate: 'same' },
      ],
    })
    const changed = await cli.json('rehearse', LOUD, '--execute', '--effects', 'idempotent')
    expect(changed).toMatchObject({
      code: 1,
      result: {
        notRun: [],
        groups: [{ state: 'draft', what: 'data', at: 'text', runs: 2, examples: ['m2', 'm1'] }],
      },
    })
    const text = await cli.run(['rehearse', LOUD, '--execute', '--effects', 'idempotent'])
    expect(text.out).toMatch(/^2 +memo +draft +data: text +goes to review .*"m2".* with .*"m2!".* m2, m1$/m)
    expect(text.err).not.toContain('not run')
  })
})
