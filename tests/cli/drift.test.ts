import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { createEngine } from '../../src/index.ts'
import { ClaimWorkflow } from '../outlook/claim.ts'
import { named, office, USUAL } from '../outlook/office.ts'
import { test, type CommandLine } from './command-line.ts'

const CLAIM = join(import.meta.dirname, '../outlook/claim.ts')

/** Claims that are worked in the store of a command line, from that many days ago on. */
async function worked(cli: CommandLine, days: number, ...how: Parameters<ReturnType<typeof office>['work']>) {
  const store = `sqlite:${join(cli.folder, 'stepwright.db')}?synchronous=normal` as const
  const test = office({ store, start: Date.now() - days * 864e5 })
  await test.work(...how)
  await test.close()
}

/** So many small claims, paid at once. */
async function many(cli: CommandLine, count: number): Promise<void> {
  const store = `sqlite:${join(cli.folder, 'stepwright.db')}?synchronous=normal` as const
  const engine = createEngine({ workflows: [ClaimWorkflow], store })
  for (let at = 0; at < count; at += 500) {
    const runs = Array.from({ length: 500 }, () => engine.start(ClaimWorkflow, { small: true }))
    await Promise.all(runs.map(async (run) => (await run).result()))
  }
  await engine.close()
}

describe.concurrent('stepwright drift', () => {
  test('writes a baseline, and compares with it', async ({ cli }) => {
    await worked(cli, 300, USUAL, named('a', 60))
    const first = await cli.run(['drift', CLAIM, '--write-baseline', 'baseline.json'])
    expect(first).toMatchObject({ code: 0, out: 'claim: 60 runs\nno drift\n' })
    expect(first.err).toContain('60 runs are the baseline in baseline.json')
    expect(JSON.parse(await readFile(join(cli.folder, 'baseline.json'), 'utf8'))).toMatchObject({ runs: 60 })

    const same = await cli.json('drift', CLAIM, '--baseline', 'baseline.json')
    expect(same).toMatchObject({ code: 0, result: { drifted: false, runs: 60, baselineRuns: 60 } })

    await worked(cli, 60, { ...USUAL, small: 0.9 }, named('b', 50))
    const text = await cli.run(['drift', CLAIM, '--baseline', 'baseline.json', '--since', '100d'])
    expect(text.code).toBe(1)
    expect(text.out).toMatch(/^claim: 50 runs against 60 runs\n/)
    expect(text.out).toMatch(
      /Taken more or less often\nTRANSITION +BEFORE +NOW +BY CHANCE +RUNS\n(.*\n)*filed -> paid by step +3\d % of \d+ +\d\d % of \d+ +< 0\.0001 +b50, b\d+, b\d+\n/,
    )
    expect(text.out).toMatch(/\d+ shares and times were compared, \d+ left out since there are too few\n$/)
    // without a baseline: with the runs before
    const before = await cli.json('drift', CLAIM, '--since', '100d')
    expect(before).toMatchObject({ code: 1, result: { drifted: true, runs: 50, baselineRuns: 60 } })
    expect(before.result).toMatchObject({ shares: [{ from: 'filed' }, { from: 'filed' }] })
  })

  test('what tests have not taken is told with runs that took it', async ({ cli }) => {
    await worked(cli, 30, { ...USUAL, small: 1 }, ['small'])
    const coverage = [
      { workflow: 'claim', states: { filed: 1 }, transitions: { 'filed -> paid by step': 0 } },
    ]
    await writeFile(join(cli.folder, 'coverage.json'), JSON.stringify(coverage))
    const { code, out } = await cli.run(['drift', CLAIM, '--coverage', 'coverage.json'])
    expect(code).toBe(1)
    expect(out).toMatch(
      /^claim: 1 run against tests\n\nNever seen before\nTRANSITION .*\nfiled -> paid by step +1x +tests +small\n$/,
    )
  })

  test('Ctrl-C ends it after the run at hand, and nothing is written', async ({ cli }) => {
    await many(cli, 3_000)
    const going = cli.begin(['drift', CLAIM, '--write-baseline', 'baseline.json'])
    await going.said('1000 runs looked at')
    going.child.kill('SIGINT')
    const { code, out, err } = await going.ended
    expect({ code, out }).toEqual({ code: 130, out: '' })
    expect(err).toContain('Ended early: nothing was written')
    expect(err).not.toContain('3000 runs looked at')
    expect(await readdir(cli.folder)).not.toContain('baseline.json')
  })

  test('what cannot be compared is said', async ({ cli }) => {
    await worked(cli, 30, USUAL, ['a'])
    const wrong = async (...words: readonly string[]): Promise<string | undefined> => {
      const { code, error } = await cli.json('drift', CLAIM, ...words)
      expect(code).toBe(2)
      return error?.code
    }
    const young = await cli.run(['drift', CLAIM, '--since', '1000d'])
    expect(young).toMatchObject({ code: 0, out: 'claim: 1 run\nno drift\n' })
    expect(young.err).toContain('so there is nothing to compare with')
    await writeFile(join(cli.folder, 'other.json'), '[]')
    expect(await wrong()).toBe('invalid-options')
    expect(await wrong('--baseline', 'other.json')).toBe('invalid-statistics')
    expect(await wrong('--since', '1d', '--level', '2')).toBe('invalid-options')
  })
})
