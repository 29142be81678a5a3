import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'

const input = JSON.stringify({ token: 'token-12345', payer: 'Ada Lovelace', mode: 'good' })

describe('secret and personal fields', () => {
  test('are shown with --unmask alone', async ({ cli }) => {
    expect(
      (await cli.run(['run', fixture('card.ts'), '--id', 'c', '--no-follow', '--input', input])).code,
    ).toBe(0)
    const shown = await cli.json('show', 'c')
    expect(shown.result).toMatchObject({ data: { token: '***', payer: '***', mode: 'good' } })
    const people = await cli.run(['show', 'c'])
    expect(JSON.stringify(shown.result) + people.out + people.err).not.toMatch(/token-12345|Lovelace/)
    expect((await cli.json('show', 'c', '--unmask')).result).toMatchObject({
      data: { token: 'token-12345', payer: 'Ada Lovelace' },
    })
    expect((await cli.json('signal', 'c', 'pin', '{"pin":"4711-pin"}')).code).toBe(0)
    const ended = await cli.json('run', fixture('card.ts'), '--id', 'c', '--input', input)
    expect(ended).toMatchObject({ code: 0, result: { output: { receipt: '***', pin: 'in the clear' } } })
    const all = await cli.json('show', 'c', '--history', '100')
    expect(all.result).toMatchObject({ vars: { keys: ['***'] } })
    const list = await cli.json('list')
    expect(JSON.stringify([ended, all, list])).not.toMatch(/token-12345|4711|9876|cookie-1234/)
    await cli.run(['schedule', 'create', 'daily', fixture('card.ts'), '--every', '1d', '--input', input])
    const daily = await cli.json('schedule', 'show', 'daily')
    expect(daily.result).toMatchObject({ input: { token: '***', payer: '***', mode: 'good' } })
    const open = await cli.json('show', 'c', '--history', '100', '--unmask')
    expect(JSON.stringify(open.result)).toMatch(/token-12345.*4711-pin/)
    expect(JSON.stringify(open.result)).toContain('charging *** of Ada') // what was logged is stored so
  })
})
