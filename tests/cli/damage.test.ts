import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect } from 'vitest'
import { test, type CommandLine } from './command-line.ts'
import { ArticleWorkflow } from './fixtures/article.ts'

/** Changes what is stored of a run behind its back. */
function damage({ folder }: CommandLine, run: string, change: (text: string) => string): void {
  const db = new DatabaseSync(join(folder, 'stepwright.db'))
  const { value } = db.prepare('select value from run where key = ?').get(run) as { value: string }
  db.prepare('update run set value = ? where key = ?').run(change(value), run)
  db.close()
}

describe('verify and repair', () => {
  test('what is damaged is found, made anew, and goes on', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'article-7', { topic: 'cats' })
    await cli.settled(ArticleWorkflow, 'article-8', { topic: 'dogs' })
    const whole = await cli.json('verify', 'article-7', 'article-8')
    expect(whole).toMatchObject({
      code: 0,
      result: { checked: 2, damaged: 0, runs: [{ ok: true, problems: [] }, {}] },
    })
    expect((await cli.json('repair', 'article-7')).error).toMatchObject({ code: 'not-possible' })
    damage(cli, 'article-7', (text) => text.slice(0, 300))

    const { code, out } = await cli.run(['verify', '--all'])
    expect(code).toBe(1)
    expect(out).toMatch(/article-7 {2}damaged[^]*is not JSON[^]*2 runs checked, 1 damaged/)
    expect(await cli.json('verify', '--all')).toMatchObject({
      code: 1,
      result: { checked: 2, damaged: 1, runs: [{ run: 'article-7', ok: false }] },
    })
    expect((await cli.run(['show', 'article-7'])).err).toContain('stepwright repair')

    const dry = await cli.json('repair', 'article-7', '--dry-run')
    expect(dry).toMatchObject({ code: 0, result: { run: 'article-7', done: false, status: 'paused' } })
    const repaired = await cli.run(['repair', 'article-7'])
    expect(repaired.code).toBe(0)
    expect(repaired.out).toMatch(
      /^article-7 is paused in \w+, from its history up to entry \d+; what came after it is lost/,
    )
    expect(repaired.err).toContain('npx stepwright resume --run article-7')
    expect((await cli.json('verify', '--all')).code).toBe(0)
    expect((await cli.run(['resume', '--run', 'article-7'])).code).toBe(0)
    expect((await cli.json('show', 'article-7')).result).toMatchObject({ status: 'pending' })
  })

  test('a damaged row beside a run is named, and taken out', async ({ cli }) => {
    await cli.pending(ArticleWorkflow, 'article-7', { topic: 'cats' })
    expect((await cli.run(['signal', 'article-7', 'approve', '{"by":"ada"}'])).code).toBe(0)
    const db = new DatabaseSync(join(cli.folder, 'stepwright.db'))
    expect(db.prepare('update inbox set value = substr(value, 1, 20)').run().changes).toBe(1)
    db.close()
    const { code, out } = await cli.run(['verify', 'article-7'])
    expect(code).toBe(1)
    expect(out).toMatch(/A letter in its inbox was changed[^]*\(inbox article-7\/[^]*stepwright repair/)
    const repaired = await cli.run(['repair', 'article-7'])
    expect(repaired.out).toMatch(
      /^article-7 is pending in draft\n {2}inbox article-7\S+ is taken out: what it told is lost/,
    )
    expect((await cli.run(['verify', 'article-7'])).code).toBe(0)
  })

  test('what cannot be verified or repaired is said', async ({ cli }) => {
    await cli.pending(ArticleWorkflow, 'article-7', { topic: 'cats' })
    for (const [words, code, error] of [
      [['verify'], 2, 'invalid-options'],
      [['verify', 'article-7', '--all'], 2, 'invalid-options'],
      [['verify', 'article-9'], 2, 'unknown-run'],
      [['repair', 'article-9'], 2, 'unknown-run'],
    ] as const)
      expect(await cli.json(...words)).toMatchObject({ code, error: { code: error } })
  })
})
