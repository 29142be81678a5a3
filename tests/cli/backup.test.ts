import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { ArticleWorkflow } from './fixtures/article.ts'

describe('backup and restore', () => {
  test('a store as one file, and back into another', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'article-7', { topic: 'cats' })
    const made = await cli.json('backup', 'runs.zst')
    expect(made).toMatchObject({
      code: 0,
      result: { file: 'runs.zst', store: 'sqlite', collections: { run: 1 } },
    })
    const { code, out } = await cli.run(['restore', 'runs.zst', '--store', 'sqlite:copy.db'])
    expect(code).toBe(0)
    expect(out).toMatch(/^restored from runs\.zst: 1 runs, \d+ rows, as of 2/)
    const [there, copy] = [
      await cli.json('show', 'article-7'),
      await cli.json('show', 'article-7', '--store', 'sqlite:copy.db'),
    ]
    expect(copy.result).toEqual(there.result)
    expect((await cli.json('backup', 'runs.zst')).error).toMatchObject({ code: 'invalid-options' })
    expect((await cli.json('backup', 'runs.zst', '--replace')).code).toBe(0)
    const again = await cli.json('restore', 'runs.zst', '--store', 'sqlite:copy.db')
    expect(again).toMatchObject({ code: 4, error: { code: 'store-not-empty' } })
    expect((await cli.json('restore', 'runs.zst', '--replace', '--store', 'sqlite:copy.db')).code).toBe(0)
  })

  test('what cannot be done is said, and nothing is made', async ({ cli }) => {
    expect(await cli.json('backup', 'runs.zst', '--store', 'sqlite:none.db')).toMatchObject({
      code: 4,
      error: { code: 'store-unusable' },
    })
    expect(existsSync(join(cli.folder, 'none.db'))).toBe(false)
    expect(await cli.json('restore', fixture('order.ts'), '--store', 'sqlite:new.db')).toMatchObject({
      code: 2,
      error: { code: 'invalid-backup' },
    })
    expect(await cli.json('restore', 'none.gz', '--store', 'sqlite:new.db')).toMatchObject({
      code: 2,
      error: { code: 'invalid-options' },
    })
    expect((await cli.json('restore', 'none.gz', '--store', 'memory')).code).toBe(2)
  })
})
