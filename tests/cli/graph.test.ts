import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { ArticleWorkflow } from './fixtures/article.ts'
import { OrderWorkflow } from './fixtures/order.ts'

const ARTICLE = fixture('article.ts')

describe.concurrent('stepwright graph', () => {
  test('the ending of the file says the format, and a format that is given counts more', async ({ cli }) => {
    const begins = {
      'a.svg': '<svg ',
      'a.dot': 'digraph ',
      'a.mmd': 'stateDiagram',
      'a.txt': 'article\n',
      'a.machine.json': '{\n  "id": "article"',
      'a.json': '{\n  "name": "article"',
    }
    for (const [name, begin] of Object.entries(begins)) {
      expect(await cli.run(['graph', ARTICLE, '-o', name])).toMatchObject({
        code: 0,
        out: `${name}\n`,
        err: '',
      })
      expect((await readFile(join(cli.folder, name), 'utf8')).startsWith(begin), name).toBe(true)
    }
    expect(await cli.json('graph', ARTICLE, '-o', 'plain', '--format', 'dot')).toMatchObject({
      code: 0,
      result: { workflow: 'article', format: 'dot', file: 'plain' },
    })
    expect(await cli.json('graph', ARTICLE, '-o', 'plain')).toMatchObject({
      code: 2,
      error: { code: 'invalid-options' },
    })
    expect(await cli.json('graph', ARTICLE, '-o', 'no/such/folder.svg')).toMatchObject({
      code: 2,
      error: { code: 'invalid-options' },
    })
  })

  test('on no terminal the text has no colours', async ({ cli }) => {
    const { out } = await cli.run(['graph', ARTICLE, '--format', 'text'])
    expect(out).toContain('* draft\n')
    expect(out).toContain('    approve --> published\n')
  })

  test('doc comments of methods are descriptions', async ({ cli }) => {
    const { out, err } = await cli.run(['graph', fixture('told.ts'), '--format', 'text'])
    expect(err).toBe('')
    expect(out.split('\n').filter((line) => line.includes('words'))).toEqual(['    Counts the words.'])
  })

  test('--coverage marks what tests have seen, of a file that a reporter wrote', async ({ cli }) => {
    const states = { draft: 2, review: 1, published: 0 }
    const seen = [{ workflow: 'article', states, transitions: { 'draft -> review by step': 1 } }]
    await writeFile(join(cli.folder, 'seen.json'), JSON.stringify(seen))
    const { out } = await cli.run(['graph', ARTICLE, '--format', 'svg', '--coverage', 'seen.json'])
    expect(out).toContain('class="sw-arrow sw-step sw-taken" data-edge="draft&#62;review"')
    expect(out).toMatch(/class="[^"]*sw-untouched" data-state="published"/)
    expect(out).toContain('>tests, in 2 runs<')
    await writeFile(join(cli.folder, 'wrong.json'), '[{ "workflow": 1 }]')
    expect(await cli.json('graph', ARTICLE, '--coverage', 'wrong.json')).toMatchObject({
      code: 2,
      error: { code: 'invalid-statistics' },
    })
  })

  test('--run marks the way of a run, in each format', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'a', { topic: 'cats' })
    const text = await cli.run(['graph', ARTICLE, '--format', 'text', '--run', 'a'])
    expect(text.out).toMatch(/\* draft\n {4}2 attempts\n {4}1 visit.*\n {4}--> review {2}taken\n/)
    expect(text.out).toMatch(/- review {2}\[waits\] {2}<== here\n/)
    const svg = await cli.run(['graph', ARTICLE, '--format', 'svg', '--run', 'a'])
    expect(svg.out).toContain('class="sw-arrow sw-step sw-taken" data-edge="draft&#62;review"')
    const dot = await cli.run(['graph', ARTICLE, '--format', 'dot', '--run', 'a'])
    expect(dot.out).toContain('n1 -> n2 [penwidth=3];')
    const mermaid = await cli.run(['graph', ARTICLE, '--run', 'a'])
    expect(mermaid.out).toContain('  draft --> review: taken 1 time\n')
    expect(mermaid.out).toContain('  class review standing\n')
    const json = await cli.json('graph', ARTICLE, '--format', 'json', '--run', 'a')
    expect(json.result).toMatchObject({
      chart: { tally: { runs: 1, states: { review: { visits: 1, standing: 1 } } } },
    })
  })

  test('--run of a run that was undone marks what was, and speaks of that run', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'o', { cents: 13, next: 'ship' })
    const drawn = async (format: string): Promise<string> =>
      (await cli.run(['graph', fixture('order.ts'), '--format', format, '--run', 'o'])).out
    const text = await drawn('text')
    expect(text).toMatch(/^order\nrun o, compensated in ship\n/)
    expect(text).toMatch(/\* charge\n(?: {4}.*\n)*? {4}1 visit.*\n {4}undone\n/)
    expect(text.match(/^ {4}undone$/gm)).toHaveLength(1)
    expect(text).not.toContain('1 run')
    const svg = await drawn('svg')
    expect(svg).toContain('>run o, compensated in ship<')
    expect(svg).toContain('>undone<')
    expect(await drawn('mermaid')).toContain('undone')
    expect(JSON.parse(await drawn('json'))).toMatchObject({
      tally: { states: { charge: { visits: 1, undone: 1 }, ship: { failed: 1, undone: 0 } } },
    })
    const { out } = await cli.run(['graph', fixture('order.ts'), '--format', 'text', '--heat', 'time'])
    expect(out).toMatch(/^order\n1 run\n/)
  })

  test('--heat counts all runs of the workflow', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'a', { topic: 'cats' })
    await cli.settled(ArticleWorkflow, 'b', { topic: 'dogs', review: false })
    await cli.settled(ArticleWorkflow, 'c', { topic: 'eels', fail: true })
    const { result } = await cli.json('graph', ARTICLE, '--format', 'json', '--heat', 'failures')
    expect(result).toMatchObject({
      chart: {
        tally: {
          runs: 3,
          states: {
            draft: { visits: 3, failures: 1, failed: 1, errors: { FatalError: 1 } },
            published: { visits: 1 },
          },
        },
      },
    })
    const text = await cli.run(['graph', ARTICLE, '--format', 'text', '--heat', 'failures'])
    expect(text.out).toContain('* draft  #####\n')
    expect(text.out).toContain('    1 run failed here\n')
    expect((await cli.run(['graph', ARTICLE, '--format', 'svg', '--heat', 'visits'])).out).toContain(
      'sw-heat-5',
    )
  })

  test('what cannot be marked is said', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'a', { topic: 'cats' })
    const wrong = async (...words: readonly string[]): Promise<string | undefined> => {
      const { code, error } = await cli.json('graph', ...words)
      expect(code).toBe(2)
      return error?.code
    }
    expect(await wrong(ARTICLE, '--run', 'none')).toBe('unknown-run')
    expect(await wrong(ARTICLE, '--run', 'a', '--heat', 'time')).toBe('invalid-options')
    expect(await wrong(ARTICLE, '--run', 'a', '--format', 'xstate')).toBe('invalid-options')
    expect(await wrong(fixture('memo.ts'), '--run', 'a')).toBe('unknown-workflow')
  })
})
