import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect } from 'vitest'
import { ClaimWorkflow } from '../outlook/claim.ts'
import { named, office, USUAL } from '../outlook/office.ts'
import { test, type CommandLine } from './command-line.ts'

const CLAIM = join(import.meta.dirname, '../outlook/claim.ts')
const HOUR = 36e5

/** Sixty claims of long ago, and one that has stood in review for so many hours. */
async function standing(cli: CommandLine, id: string, hours: number, past = 60): Promise<void> {
  const store = `sqlite:${join(cli.folder, 'stepwright.db')}?synchronous=normal` as const
  const before = office({ store, start: Date.now() - 400 * 24 * HOUR })
  await before.work(USUAL, named('a', past))
  await before.close()
  const now = office({ store, start: Date.now() - hours * HOUR })
  await now.engine.start(ClaimWorkflow, {}, { id })
  await now.settle()
  await now.close()
}

describe.concurrent('stepwright outlook', () => {
  test('says what a run needs, and how it will end, with its file', async ({ cli }) => {
    await standing(cli, 'now', 1)
    const { code, out } = await cli.run(['outlook', 'now', CLAIM])
    const lines = out.trimEnd().split('\n')
    expect(lines).toEqual([
      'now  waiting in review',
      '  workflow   claim, version 1',
      '  next       somebody, or in the end time, moves it on',
      expect.stringMatching(
        /^ {2}here {7}for 1h 0m; of \d+ past visits half took \dh \d+m at most, 99 of 100 \w+ \w+$/,
      ),
      '  can end    paid, refused',
      '  needs      signal approve by clerk -> cooling',
      '             signal again -> filed',
      expect.stringMatching(/^ {13}or the end of the wait at 20.* \(in 1d 22h\)$/),
      "             npx stepwright signal now approve '<JSON>'",
      "             npx stepwright signal now again '<JSON>'",
      expect.stringMatching(/^ {2}ends in {4}paid \d\d %, refused \d\d %(, \(unknown\) .*)?$/),
      expect.stringMatching(/^ {13}after .* more, in the mean$/),
      expect.stringMatching(/^ {13}from \d+ past visits of this state and 61 runs$/),
    ])
    expect(code).toBe(0)
    const json = await cli.json('outlook', 'now', CLAIM)
    expect(json.result).toMatchObject({
      ...{ run: 'now', verdict: 'moves', ends: ['paid', 'refused'] },
      forecast: { runs: 61, late: false },
    })
  })

  test('without its file it knows the signals, and past runs; from a baseline the same', async ({ cli }) => {
    await standing(cli, 'now', 1)
    const bare = await cli.json('outlook', 'now')
    expect(bare).toMatchObject({
      code: 0,
      result: {
        needs: [{ signal: 'approve', roles: [] }, { signal: 'again' }, { kind: 'time', why: 'expires' }],
      },
    })
    expect(bare.result).not.toHaveProperty('ends')
    await cli.run(['drift', CLAIM, '--write-baseline', 'past.json'])
    type Told = { readonly forecast: { readonly ends: readonly unknown[] } }
    const [a, b] = [
      await cli.json('outlook', 'now', CLAIM),
      await cli.json('outlook', 'now', CLAIM, '--baseline', 'past.json'),
    ]
    expect((b.result as Told).forecast.ends).toEqual((a.result as Told).forecast.ends)
  })

  test('too few past runs, and it says so; a run that is not there', async ({ cli }) => {
    await standing(cli, 'now', 1, 3)
    const { out } = await cli.run(['outlook', 'now', CLAIM])
    expect(out).toMatch(
      /forecast {3}none: (no|only \d) past visits? of review (is|are) over, and 20 are needed\n$/,
    )
    expect(await cli.json('outlook', 'none', CLAIM)).toMatchObject({
      code: 2,
      error: { code: 'unknown-run' },
    })
  })
})

describe.concurrent('stepwright stuck', () => {
  test('lists runs that are stuck, why, and what they need', async ({ cli }) => {
    await standing(cli, 'late', 60)
    const { code, out } = await cli.run(['stuck', CLAIM])
    expect(code).toBe(1)
    expect(out).toMatch(
      /^RUN +WORKFLOW +STATUS +STATE +HERE +WHY +NEEDS\nlate +claim@1 +waiting +review +2d 12h +overdue, longer-than-usual +signal approve by clerk -> cooling; signal again -> filed; or the end of the wait at .* ago\)\n1 of 1 live run\n$/,
    )
    expect(await cli.json('stuck')).toMatchObject({
      code: 1,
      result: { live: 1, runs: [{ reasons: ['overdue', 'longer-than-usual'], outlook: { run: 'late' } }] },
    })
  })

  test('a damaged run is named, and left out of what is counted', async ({ cli }) => {
    await standing(cli, 'now', 1, 2)
    const db = new DatabaseSync(join(cli.folder, 'stepwright.db'))
    db.exec("update run set value = substr(value, 1, 300) where key = 'a1'")
    db.close()
    const stuck = await cli.run(['stuck', CLAIM])
    expect(stuck.out).toMatch(/^a1 +\?@0 +corrupt +\? +0ms +no-way +a person/m)
    const drift = await cli.json('drift', CLAIM, '--since', '1d')
    expect(drift).toMatchObject({ code: 0, result: { runs: 1, baselineRuns: 1, drifted: false } })
    const { err } = await cli.run(['drift', CLAIM, '--since', '1d'])
    expect(err).toContain('1 runs are damaged and not counted')
    expect((await cli.json('outlook', 'a1')).error).toMatchObject({ code: 'corrupt-document' })
  })

  test('says where there is none', async ({ cli }) => {
    await standing(cli, 'now', 1)
    expect(await cli.run(['stuck', CLAIM])).toMatchObject({ code: 0, out: 'none of 1 live run is stuck\n' })
    expect(await cli.json('stuck', '--after', 'soon')).toMatchObject({
      code: 2,
      error: { code: 'invalid-options' },
    })
  })
})
