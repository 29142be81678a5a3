import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { makeStore } from '../../src/store/open-store.ts'
import { hasRedis, startRedis, type RedisServer } from '../support/redis.ts'
import { fixture, test, type CommandLine } from './command-line.ts'
import { OldMemo } from './fixtures/memo.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const [OLD, NEW, CUT] = ['memo.ts', 'memo-2.ts', 'memo-cut.ts'].map(fixture) as [string, string, string]

describe('stepwright diff', () => {
  test('two files, as text, JSON and Mermaid', async ({ cli }) => {
    const text = await cli.run(['diff', OLD, CUT])
    expect(text).toMatchObject({ code: 0, err: '' })
    expect(text.out).toBe(
      [
        'memo version 1',
        '  - state review',
        '  + draft -> sent: send',
        '  - draft -> review: send',
        '  - review -> sent: approve',
        '  ! review: runs that stand in it would be parked as needs-migration\n',
      ].join('\n'),
    )
    expect(await cli.json('diff', OLD, CUT, '--strict')).toMatchObject({
      code: 1,
      result: { old: OLD, blocked: 0, risks: 1, workflows: [{ workflow: 'memo', before: 1, after: 1 }] },
    })
    const { out } = await cli.run(['diff', OLD, CUT, '--format', 'mermaid'])
    expect(out).toContain('classDef removed')
    expect(out).toContain('class review removed')
    expect(out).toContain('draft --> review: #45; send')
    expect(await cli.run(['diff', OLD, OLD])).toMatchObject({
      code: 0,
      out: 'memo version 1: nothing has changed\n',
    })
  })

  test('into a file, whose ending says the format', async ({ cli }) => {
    const at = (name: string): string => readFileSync(join(cli.folder, name), 'utf8')
    expect(await cli.run(['diff', OLD, CUT, '-o', 'change.svg'])).toMatchObject({
      code: 0,
      out: 'change.svg\n',
    })
    expect(at('change.svg')).toMatch(/^<svg [^]*<\/svg>\n$/)
    const drawn = await cli.run(['diff', OLD, CUT, '--format', 'mermaid'])
    await cli.run(['diff', OLD, CUT, '--out', 'change.mmd'])
    expect(at('change.mmd')).toBe(drawn.out)
    await cli.run(['diff', OLD, CUT, '-o', 'change.txt'])
    expect(at('change.txt')).toBe((await cli.run(['diff', OLD, CUT])).out)
    const told = await cli.json('diff', OLD, CUT, '-o', 'change.json')
    expect(told.result).toEqual({
      ...{ old: OLD, new: CUT, blocked: 0, risks: 1, format: 'json', file: 'change.json' },
    })
    expect(JSON.parse(at('change.json'))).toEqual((await cli.json('diff', OLD, CUT)).result)
    for (const out of ['change', 'none/change.svg'])
      expect(await cli.json('diff', OLD, CUT, '-o', out)).toMatchObject({
        code: 2,
        error: { code: 'invalid-options' },
      })
    const pair = fixture('pair.ts')
    const several = await cli.json('diff', pair, pair, '-o', 'pair.svg')
    expect(several).toMatchObject({ code: 2, error: { remedy: 'Choose one with --workflow NAME' } })
    expect(await readdir(cli.folder)).not.toContain('pair.svg')
  })

  test('a chart that graph wrote, before it was changed', async ({ cli }) => {
    const { out } = await cli.run(['graph', OLD, '--format', 'json'])
    await writeFile(join(cli.folder, 'old.json'), out)
    expect((await cli.run(['diff', 'old.json', OLD])).out).toBe('memo version 1: nothing has changed\n')
    expect((await cli.run(['diff', 'old.json', CUT])).out).toContain('- state review')
    await writeFile(join(cli.folder, 'wrong.json'), '{"name":"memo"}')
    const wrong = await cli.json('diff', 'wrong.json', OLD)
    expect(wrong).toMatchObject({ code: 2, error: { code: 'invalid-options' } })
    expect(wrong.error?.message).toContain('"wrong.json" is not a chart')
  })

  test('revisions of git, with what is installed now; checkout and .git stay as they are', async ({
    cli,
  }) => {
    const at = (name: string): string => join(cli.folder, name)
    const git = (...words: string[]): string =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...words], {
        cwd: cli.folder,
      }).toString()
    await mkdir(at('node_modules/stepwright'), { recursive: true })
    await writeFile(
      at('node_modules/stepwright/package.json'),
      '{ "name": "stepwright", "type": "module", "exports": "./index.js" }',
    )
    await writeFile(at('node_modules/stepwright/index.js'), `export * from '${ROOT}/src/index.ts'`)
    await mkdir(at('node_modules/zod'))
    await writeFile(
      at('node_modules/zod/package.json'),
      '{ "name": "zod", "type": "module", "exports": "./index.js" }',
    )
    await writeFile(at('node_modules/zod/index.js'), `export * from '${ROOT}/node_modules/zod/index.js'`)
    const source = (name: string): string =>
      readFileSync(name, 'utf8')
        .replace('../../../src/index.ts', 'stepwright')
        .replace(/'draft',/, 'FIRST,')
    await mkdir(at('flows'))
    await writeFile(at('.gitignore'), 'node_modules\n')
    await writeFile(at('package.json'), '{ "type": "module" }')
    await writeFile(at('flows/first.ts'), "export const FIRST = 'draft'\n")
    const importing = (name: string): string => `import { FIRST } from './first.ts'\n${source(name)}`
    await writeFile(at('flows/memo.ts'), importing(OLD))
    git('init', '-q', '-b', 'main')
    git('add', '-A')
    git('commit', '-qm', 'old')
    await writeFile(at('flows/memo.ts'), importing(CUT))
    const before = git('status', '--porcelain') + (await gitFiles(at('.git')))
    const trees = (await readdir(tmpdir())).filter((name) => name.startsWith('stepwright-rev-'))
    const text = await cli.run(['diff', 'flows/memo.ts@HEAD', 'flows/memo.ts'])
    expect(text.err).toBe('')
    expect(text.out).toContain('- state review')
    const options = await cli.run(['diff', 'flows/memo.ts', 'flows/memo.ts', '--new-rev', 'main'])
    expect(options.out).toContain('+ state review')
    expect(git('status', '--porcelain') + (await gitFiles(at('.git')))).toBe(before)
    for (const [words, what] of [
      [['flows/memo.ts@nope', 'flows/memo.ts'], 'There is no revision "nope"'],
      [['flows/none.ts@main', 'flows/memo.ts'], 'There is no file "flows/none.ts" in "main"'],
      [['none.ts', 'flows/memo.ts'], 'There is no file "none.ts"'],
    ] as const) {
      const { code, error } = await cli.json('diff', ...words)
      expect(code).toBe(2)
      expect(error?.message).toContain(what)
    }
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('stepwright-rev-'))
    expect(left.filter((name) => !trees.includes(name))).toEqual([])
  })

  test('what the store last saw, and what cannot be compared', async ({ cli }) => {
    await cli.settled(OldMemo, 'one', { text: 'abc' })
    expect((await cli.run(['diff', 'store:', CUT])).out).toContain('- state review')
    expect((await cli.run(['diff', 'store:', OLD])).out).toContain('nothing has changed')
    const twice = await cli.json('diff', 'store:', 'store:')
    expect(twice).toMatchObject({ code: 2, error: { code: 'invalid-options' } })
    const unjudged = await cli.json('diff', OLD, 'store:', '--live')
    expect(unjudged.error?.message).toContain('Live runs are judged by code')
    const none = await cli.json('diff', OLD, CUT, '--workflow', 'letter')
    expect(none).toMatchObject({ code: 2, error: { code: 'unknown-workflow' } })
  })
})

describe('a state that live runs stand in is removed', () => {
  let redis: RedisServer | undefined
  beforeAll(async () => void (redis = hasRedis ? await startRedis() : undefined))
  afterAll(() => redis?.stop())
  const urls = { sqlite: () => 'sqlite:runs.db', redis: () => redis?.url ?? '' }

  test.for(['sqlite', ...(hasRedis ? ['redis'] : [])] as ('sqlite' | 'redis')[])(
    'on %s: their worker is killed, diff lists them, and the new code parks those and no others',
    { timeout: 150_000 },
    async (kind, { cli }) => {
      const url = urls[kind]()
      const store = ['--store', url]
      const worker = cli.begin(['resume', OLD, '--watch', ...store])
      for (const id of ['r1', 'r2', 'd1'])
        await cli.run(['run', OLD, '--id', id, '--input', '{"text":"abc"}', '--no-follow', ...store])
      for (const id of ['r1', 'r2']) await cli.run(['signal', id, 'send', ...store])
      await standing(cli, store, { r1: 'review', r2: 'review', d1: 'draft' })
      worker.child.kill('SIGKILL')
      await worker.ended
      const before = await rowsOf(join(cli.folder, 'runs.db'), url)
      const diff = await cli.json('diff', OLD, CUT, ...store)
      expect(diff.code).toBe(1)
      expect(diff.result).toMatchObject({
        blocked: 2,
        workflows: [
          {
            live: {
              live: 3,
              states: [
                {
                  state: 'review',
                  ...{ live: 2, blocked: 2 },
                  runs: [
                    { id: 'r2' },
                    { id: 'r1', reason: expect.stringContaining('no such state is declared') as string },
                  ],
                },
                { state: 'draft', live: 1, blocked: 0 },
              ],
            },
          },
        ],
      })
      const text = await cli.run(['diff', OLD, CUT, ...store])
      expect(text.out).toContain(
        'STATE   LIVE  BLOCKED  MAPPED\nreview  2     2        0\ndraft   1     0        0\n',
      )
      expect(text.err).toContain('3 live, 2 would be blocked')
      const mapped = await cli.json('diff', OLD, NEW, ...store)
      expect(mapped).toMatchObject({ code: 1, result: { blocked: 2 } }) // too short for its migration
      expect(await rowsOf(join(cli.folder, 'runs.db'), url)).toEqual(before)
      await cli.run(['signal', 'd1', 'send', ...store])
      for (const id of ['r1', 'r2']) await cli.run(['signal', id, 'approve', ...store])
      await cli.run(['resume', CUT, ...store])
      const { result } = await cli.json('list', ...store)
      const now = (result as readonly { id: string; status: string }[]).map(({ id, status }) => [id, status])
      expect(Object.fromEntries(now)).toEqual({
        r1: 'needs-migration',
        r2: 'needs-migration',
        d1: 'completed',
      })
    },
  )
})

async function standing(
  cli: CommandLine,
  store: readonly string[],
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  for (;;) {
    const { result } = await cli.json('list', ...store)
    const runs = result as readonly { id: string; state: string }[]
    if (
      Object.entries(wanted).every(([id, state]) => runs.some((run) => run.id === id && run.state === state))
    )
      return
  }
}

async function rowsOf(file: string, url: string): Promise<readonly unknown[]> {
  const store = makeStore(existsSync(file) ? `sqlite:${file}` : (url as 'redis://x'))
  await store.open()
  const rows: unknown[] = []
  for await (const row of store.rows()) rows.push(row)
  await store.close()
  return rows
}

async function gitFiles(folder: string): Promise<string> {
  return (await readdir(folder, { recursive: true })).sort().join()
}
