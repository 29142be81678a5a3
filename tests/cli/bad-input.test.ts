import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'

const ARTICLE = fixture('article.ts')

describe.concurrent('bad input is a coded error with a remedy, never a stack', () => {
  const BAD: readonly (readonly [
    what: string,
    words: readonly string[],
    exit: number,
    code: string,
    says: string,
  ])[] = [
    [
      'JSON that is none',
      ['run', ARTICLE, '--input', '{"topic":cats}'],
      2,
      'invalid-json',
      'line 1, column 10, at "cats}"',
    ],
    ['an input of another shape', ['run', ARTICLE, '--input', '{"topic":3}'], 2, 'invalid-input', 'topic'],
    [
      'an input file that is not there',
      ['run', ARTICLE, '--input', '@none.json'],
      2,
      'invalid-options',
      '@none.json',
    ],
    [
      'a workflow file that is not there',
      ['run', 'none.ts'],
      2,
      'module-failed',
      'There is no file "none.ts"',
    ],
    ['a file that throws', ['run', fixture('broken.ts')], 2, 'module-failed', 'Error: not today'],
    [
      'a file without workflows',
      ['graph', fixture('none.ts')],
      2,
      'unknown-workflow',
      'exports no workflow class',
    ],
    [
      'a file that is no code',
      ['run', join(fixture('.'), '../../../LICENSE')],
      2,
      'module-failed',
      'cannot be loaded',
    ],
    [
      'a store that is none',
      ['run', ARTICLE, '--store', 'floppy'],
      2,
      'invalid-options',
      'store is "floppy"',
    ],
    [
      'a store file that is not there',
      ['list', '--store', 'sqlite:typo.db'],
      4,
      'store-unusable',
      'There is no store file "typo.db"',
    ],
    ['the same for resume', ['resume', ARTICLE, '--store', 'sqlite:typo.db'], 4, 'store-unusable', 'typo.db'],
    ['a store that is a folder', ['show', 'x', '--store', 'sqlite:.'], 4, 'store-unusable', 'Name a file'],
    ['memory where nothing can be', ['list', '--store', 'memory'], 2, 'invalid-options', 'memory'],
    ['a run id of 300 characters', ['show', 'x'.repeat(300)], 2, 'invalid-id', '300 characters'],
    [
      'a run id with a control character',
      ['run', ARTICLE, '--id', 'a\u001b[2Jb'],
      2,
      'invalid-id',
      'control character',
    ],
    ['an empty session', ['resume', ARTICLE, '--session', ''], 2, 'invalid-id', 'is empty'],
    [
      'an option that is none',
      ['run', ARTICLE, '--inptu', '{}'],
      2,
      'invalid-options',
      'Did you mean --input?',
    ],
    ['a command that is none', ['lsit'], 2, 'invalid-options', 'Did you mean list?'],
    [
      'a status that is none',
      ['list', '--status', 'done'],
      2,
      'invalid-options',
      'Allowed choices are pending, running',
    ],
    [
      'a limit that is no number',
      ['list', '--limit', '1e9'],
      2,
      'invalid-options',
      'whole number of 1 or more',
    ],
    ['an argument too few', ['signal', 'r'], 2, 'invalid-options', "missing required argument 'name'"],
  ]
  test.for(BAD)('%s', async ([_what, words, exit, code, says], { cli }) => {
    const { code: ended, out, err } = await cli.run(words)
    expect(err).toMatch(new RegExp(`^error: .+\n  .+ \\[${code}\\]\n$`))
    expect(err).toContain(says)
    expect(err).not.toContain('\u001b')
    expect(out).toBe('')
    expect(ended).toBe(exit)
    expect(existsSync(join(cli.folder, 'typo.db'))).toBe(false)
  })

  test('a class that is refused says once what to do about its problems', async ({ cli }) => {
    await writeFile(
      join(cli.folder, 'refused.ts'),
      `import { states } from '${fixture('../../../src/index.ts')}'
const any = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const T = states({ Ask: 'ask', Done: 'done', Lost: 'lost' } as const, { ask: any, done: any, lost: any }, { initial: 'ask', final: ['done'] })
@T.workflow({ name: 'refused' })
export class Refused { @T.step('ask', { to: 'done' }) ask() { return T.go('done', {}) } }`,
    )
    for (const words of [
      ['run', 'refused.ts'],
      ['graph', 'refused.ts'],
    ] as const) {
      const { code, out, err } = await cli.run(words)
      expect((out + err).match(/Mend each of these/g), words[0]).toHaveLength(1)
      expect(code).not.toBe(0)
    }
    const { error } = await cli.json('run', 'refused.ts')
    expect(error?.message).toMatch(/^Refused cannot be a workflow:\n {2}- [^]*[^\n]$/)
  })

  test('with --json it is one line of JSON on stderr', async ({ cli }) => {
    const { code, out, err } = await cli.run(['show', 'x'.repeat(300), '--json'])
    expect(JSON.parse(err)).toEqual({
      error: {
        code: 'invalid-id',
        message: expect.stringMatching(/^The run id .* has 300 characters, more than 200$/) as string,
        remedy: 'Give 1 to 200 printable characters',
        details: { what: 'run', id: 'x'.repeat(300) },
      },
    })
    expect(out).toBe('')
    expect(code).toBe(2)
  })

  test('runs that are not there', async ({ cli }) => {
    await cli.run(['run', ARTICLE, '--input', '{"topic":"cats","review":false}'])
    const words = [
      ['show', '__proto__'],
      ['show', '../x'],
      ['signal', 'constructor', 'approve'],
      ['signal', "'; drop table run; --", 'x'],
      ['resume', ARTICLE, '--run', '%2e'],
    ]
    for (const given of words)
      expect(await cli.json(...given)).toMatchObject({
        code: 2,
        result: undefined,
        error: { code: 'unknown-run' },
      })
  })

  test('odd ids are ids like others', async ({ cli }) => {
    const ids = ['__proto__', '-x', 'ü/ 1', 'x'.repeat(200)]
    for (const id of ids) {
      expect(
        await cli.json('run', ARTICLE, '--input', '{"topic":"cats","review":false}', `--id=${id}`),
      ).toMatchObject({ code: 0, result: { run: id } })
    }
    const { result } = await cli.json('list')
    expect((result as { id: string }[]).map(({ id }) => id)).toEqual(ids.toReversed())
    const dashed = await cli.run(['show', '--json', '--', '-x'])
    expect(JSON.parse(dashed.out)).toMatchObject({ id: '-x', status: 'completed' })
  })

  test('a database of another application, a damaged run', async ({ cli }) => {
    await writeFile(
      join(cli.folder, 'text.db'),
      'this is no database, and long enough to be looked at as one '.repeat(20),
    )
    expect(await cli.json('list', '--store', 'sqlite:text.db')).toMatchObject({
      code: 4,
      error: { code: 'store-unusable' },
    })
    await cli.run(['run', ARTICLE, '--input', '{"topic":"cats","review":false}', '--id', 'r'])
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(join(cli.folder, 'stepwright.db'))
    db.exec(`update run set value = substr(value, 1, 200)`)
    db.close()
    expect(await cli.json('show', 'r')).toMatchObject({ code: 4, error: { code: 'corrupt-document' } })
    expect(await cli.json('list')).toMatchObject({ code: 0, result: [{ id: 'r', status: 'corrupt' }] })
  })
})
