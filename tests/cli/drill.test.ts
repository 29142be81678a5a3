import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect } from 'vitest'
import type { DrillReport } from 'stepwright/testing'
import { test } from './command-line.ts'

const LEDGER = resolve(import.meta.dirname, '../testing/fixtures/ledger.ts')
const SIGNED = resolve(import.meta.dirname, '../testing/fixtures/signed.ts')
const tea = ['--input', '{"sku":"tea"}']

describe('stepwright drill', () => {
  test('kills a sound run at each of its writes, before and after', async ({ cli }) => {
    const { code, out, err } = await cli.run(['drill', LEDGER, '--workflow', 'sound', ...tea])
    expect(code, err).toBe(0)
    expect(out).toMatch(/^HANDLER +CRASHES AT WORK +MOST STARTS +VERDICT +CALLS REPEATED$/m)
    expect(out).toMatch(/^charge +1 +2 +safe +ledger\.addOnce x2 \(with its key\)$/m)
    expect(out).toContain('sound: completed by price > charge > ship > done')
    expect(out).toContain('12 of 12 boundaries tried (6 writes, before and after each): the same outcome')
    expect(err).toMatch(/12 kills, 27 processes, .* kills a second/)
  })

  test('finds what is done twice', async ({ cli }) => {
    const { code, result } = await cli.json('drill', LEDGER, '-w', 'greedy', ...tea)
    const { handlers, trials, passed } = result as DrillReport
    expect(code).toBe(1)
    expect(passed).toBe(false)
    expect(handlers.filter(({ verdict }) => verdict !== 'safe')).toMatchObject([
      {
        handler: 'charge',
        verdict: 'not-idempotent',
        begun: 2,
        calls: [{ resource: 'ledger.add', times: 2 }],
      },
    ])
    expect(trials.filter(({ same }) => !same)).toMatchObject([{ write: 5, lands: false }])
  })

  test('looks at files, which it puts back, and at what a command says', async ({ cli }) => {
    const said = join(cli.folder, 'said.txt')
    await writeFile(said, 'before\n')
    const probe = `cat "$STEPWRIGHT_DRILL/ledger.txt"`
    const looks = ['--effects', said, '--probe', probe, '--reset', `echo reset >> '${said}'`, '--limit', '2']
    const { code, result } = await cli.json('drill', LEDGER, '-w', 'sound', ...tea, ...looks)
    expect({ code, result }).toMatchObject({ code: 0, result: { passed: true, varies: [] } })
    expect(await readFile(said, 'utf8')).toBe('before\n')
  })

  test('sends signals by whom they may be sent, and skips days', async ({ cli }) => {
    const start = ['drill', SIGNED, '--input', '{"what":"a lease"}']
    const signals = ['--signal', 'sign@mia:manager={}', '--signal', 'sign@noa:manager']
    const signed = await cli.run([...start, ...signals, '--every', '5'])
    expect(signed, signed.err).toMatchObject({ code: 0 })
    expect(signed.out).toContain('signed: completed by open > signed')
    const nobody = await cli.run([...start, '--limit', '2'])
    expect(nobody.out).toContain('signed: completed by open > lapsed')
  })

  test('Ctrl-C tells what was tried; bad input is refused', async ({ cli }) => {
    const going = cli.begin(['drill', LEDGER, '-w', 'sound', ...tea])
    await going.said('1/12 killed')
    going.child.kill('SIGINT')
    const { code, out } = await going.ended
    expect(code).toBe(130)
    expect(out).toMatch(/^\d+ of 12 boundaries tried/m)
    expect(await cli.json('drill', LEDGER, '-w', 'sound')).toMatchObject({
      code: 2,
      error: { code: 'not-possible', message: expect.stringContaining('does not come to rest') as string },
    })
    expect(await cli.json('drill', LEDGER, '-w', 'sound', '--signal', '=x')).toMatchObject({ code: 2 })
  })

  test('finds what only the process before knew', async ({ cli }) => {
    const { code, out } = await cli.run(['drill', LEDGER, '-w', 'forgetful', ...tea, '--limit', '4'])
    expect(code).toBe(1)
    expect(out).toMatch(/^ship .*DEPENDS ON PROCESS MEMORY/m)
    expect(out).toMatch(/ - output\.note: 'sent for 990'\n +\+ output\.note: 'sent for 0'/)
    expect(out).toContain('4 of 12 boundaries tried')
  })
})
