import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { EvaluationResult } from '../../src/eval/index.ts'
import { fixture, test } from './command-line.ts'

const CAPITALS = fixture('capitals.eval.ts')

async function stored(folder: string, name = 'capitals'): Promise<readonly EvaluationResult[]> {
  const place = join(folder, '.stepwright/evals', name)
  const files = (await readdir(place)).sort()
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(place, file), 'utf8')) as EvaluationResult),
  )
}

describe.concurrent('stepwright eval', () => {
  test('shows a table, stores the result, and compares it with the last', async ({ cli }) => {
    const first = await cli.run(['eval', CAPITALS])
    expect(first.err).toMatch(/^1\/3 #1 {2}1\.00 {2}\d+ms$/m)
    expect(first.err).toMatch(/stored in \.stepwright\/evals\/capitals\/20.*Z\.json/)
    const [head = '', row = '', ...rest] = first.out.trimEnd().split('\n')
    expect(head).toMatch(/^ITEM +EXACT +CONTAINS +MEAN +TOKENS +COST +TIME +WHY$/)
    expect(row).toMatch(/^#1 +1\.00 +1\.00 +1\.00 +- +- +\d+ms$/)
    expect(rest.at(-1)).toBe('capitals (as it is): 1.00')
    expect(first.code).toBe(0)

    const loud = await cli.run(['eval', CAPITALS, '--prompt', 'loud', '--threshold', '0.6', '--quiet'])
    expect(loud.out).toMatch(/^rome +0\.00 +1\.00 +0\.50 .* it is "ROME!"$/m)
    expect(loud.out).toContain('capitals ("loud"): 0.50, below 0.6\n')
    expect(loud.out).toMatch(/^against 20.*Z: 1\.00 -> 0\.50, 0 better, 3 worse, 0 the same$/m)
    expect(loud.out).toContain('  exact 1.00 -> 0.00\n')
    expect(loud.out).toContain('  worse rome 1.00 -> 0.50\n')
    expect(loud.err).toBe('')
    expect(loud.code).toBe(1)
    const [a, b] = await stored(cli.folder)
    expect(a).toMatchObject({ version: 1, evaluation: 'capitals', mean: 1, variant: {}, passed: true })
    expect(b).toMatchObject({ mean: 0.5, variant: { prompt: 'loud' }, threshold: 0.6, passed: false })
  })

  test('with --json gives all of it; a variant may come from a file', async ({ cli }) => {
    await writeFile(join(cli.folder, 'prompt.txt'), 'loud')
    const loud = await cli.json('eval', CAPITALS, '--prompt', '@prompt.txt', '--out', 'results')
    expect(loud).toMatchObject({ code: 0, result: { mean: 0.5, variant: { prompt: 'loud' } } })
    expect(loud.result).not.toHaveProperty('comparison')
    const [id = ''] = (await readdir(join(cli.folder, 'results/capitals'))).map((name) => name.slice(0, -5))
    const tiny = await cli.json(
      ...['eval', CAPITALS, '--model', 'tiny', '--limit', '2', '--out', 'results', '--compare', id],
    )
    expect(tiny).toMatchObject({
      code: 0,
      result: {
        total: 2,
        scores: { exact: 0.5, contains: 0.5 },
        items: [
          { title: '#1', output: 'Paris' },
          { title: 'rome', output: 'Lyon', mean: 0 },
        ],
        comparedWith: id,
        comparison: {
          better: [{ title: '#1', before: 0.5, after: 1 }],
          worse: [{ title: 'rome' }],
          gone: ['madrid'],
        },
      },
    })
    const alone = await cli.json('eval', CAPITALS, '--out', 'results', '--compare', 'none')
    expect(alone.result).not.toHaveProperty('comparison')
  })

  test('of many items shows the worst, and those that failed, cleaned', async ({ cli }) => {
    const lines = Array.from({ length: 60 }, (_, i) =>
      JSON.stringify(
        i === 40
          ? { input: 'Nowhere', expected: 'x', name: 'bad\u001b' }
          : { input: 'France', expected: 'Paris', name: `n${i}` },
      ),
    )
    await writeFile(join(cli.folder, 'capitals.jsonl'), lines.join('\n'))
    const source = (await readFile(CAPITALS, 'utf8')).replace(
      '../../../src',
      join(import.meta.dirname, '../../src'),
    )
    await writeFile(join(cli.folder, 'many.ts'), source)
    const { out, err, code } = await cli.run(['eval', 'many.ts'])
    expect(code).toBe(1) // without a threshold, one that failed is enough
    expect(err.match(/^ ?\d+\/60 /gm)).toHaveLength(20)
    const rows = out.trimEnd().split('\n')
    expect(rows).toHaveLength(23)
    expect(rows[1]).toMatch(/^bad\\u001b +- +- +0\.00 .* run: no \\u001b\[31mNowhere$/)
    expect(rows.at(-2)).toMatch(/^all 60 +0\.98 +0\.98 +0\.98 /)
    expect(rows.at(-1)).toBe('capitals (as it is): 0.98, the 20 worst of 60 are shown, 1 failed')
    expect(out + err).not.toContain('\u001b')
    expect((await cli.run(['eval', 'many.ts', '--threshold', '0.9', '-q'])).code).toBe(0)
  })

  test('Ctrl-C ends it after the items at work, and keeps those', async ({ cli }) => {
    const going = cli.begin(['eval', fixture('slow.eval.ts'), '--concurrency', '1'])
    await going.said('1/4')
    going.child.kill('SIGINT')
    const { code, out, err } = await going.ended
    expect(err).toContain('ends after the items at work')
    expect(out).toContain('slow (as it is): 0.50, 2 of 4 were done')
    expect(code).toBe(130)
    const [result] = await stored(cli.folder, 'slow')
    expect(result).toMatchObject({ stopped: true, total: 4, items: [{ output: 'done' }, { output: 'done' }] })
    const again = await cli.run(['eval', fixture('slow.eval.ts'), '--limit', '1'])
    expect(again.out).not.toContain('against') // one that was ended early is no last one
  })

  test('wrong use is said, and nothing is run', async ({ cli }) => {
    expect(await cli.json('eval', fixture('card.ts'))).toMatchObject({
      code: 2,
      error: { code: 'invalid-options', message: expect.stringContaining('exports no evaluation') as string },
    })
    expect(await cli.json('eval', 'none.ts')).toMatchObject({ code: 2, error: { code: 'module-failed' } })
    expect(await cli.json('eval', CAPITALS, '--compare', 'then')).toMatchObject({
      code: 2,
      error: { message: expect.stringContaining('There is no result "then"') as string },
    })
    expect(await cli.json('eval', fixture('slow.eval.ts'), '--model', 'x')).toMatchObject({
      code: 2,
      error: { message: expect.stringContaining('the same for all') as string },
    })
    expect(await cli.json('eval', CAPITALS, '--prompt', '@none.txt')).toMatchObject({ code: 2 })
    const place = join(cli.folder, '.stepwright/evals/capitals')
    await mkdir(place, { recursive: true })
    await writeFile(join(place, '2026-01-01T00-00-00.000Z.json'), '{"version":2}')
    const damaged = await cli.run(['eval', CAPITALS, '-q'])
    expect(damaged.err).toContain('is no result of an evaluation that this version can read')
    expect(damaged.code).toBe(0)
  })
})
