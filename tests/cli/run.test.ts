import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'

const ARTICLE = fixture('article.ts')

describe.concurrent('stepwright run', () => {
  test('goes to the end and prints the output alone on stdout, also where handlers print', async ({
    cli,
  }) => {
    const { code, result } = await cli.json(
      'run',
      ARTICLE,
      '--input',
      '{"topic":"cats","review":false}',
      '--id',
      'a1',
    )
    expect(result).toEqual({
      run: 'a1',
      workflow: 'article',
      status: 'completed',
      state: 'published',
      output: { text: 'on cats', by: 'nobody' },
    })
    expect(code).toBe(0)
  })

  test('tells people what goes on, without colours where it is piped', async ({ cli }) => {
    const { code, out, err } = await cli.run(['run', ARTICLE, '--input', '{"topic":"cats","review":false}'])
    expect(out).toContain("published { text: 'on cats', by: 'nobody' }")
    for (const line of [
      'started in draft',
      'info: drafted {"topic":"cats"}',
      'draft -> published by step',
      'completed in published',
    ])
      expect(err).toContain(line)
    expect(out + err).not.toContain('\u001b')
    expect(code).toBe(0)
  })

  test('ends with 1 where the run failed, and shows no control characters of others', async ({ cli }) => {
    const { code, out, err } = await cli.run([
      'run',
      ARTICLE,
      '--input',
      '{"topic":"cats","fail":true}',
      '--id',
      'f',
    ])
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('error: Run "f" failed in "draft": FatalError: no cats \\u001b[31mtoday')
    expect(err).toContain('stepwright show f')
    expect(err).not.toContain('    at ')
  })

  test('reads the input from a file and from stdin', async ({ cli }) => {
    await writeFile(join(cli.folder, 'topic.json'), '\u{feff}{"topic":"dogs","review":false}')
    const fromFile = await cli.run(['run', ARTICLE, '--input', '@topic.json', '-q'])
    const fromStdin = await cli.run(['run', ARTICLE, '--input', '-', '-q'], '{"topic":"owls","review":false}')
    expect(fromFile.out).toContain('on dogs')
    expect(fromStdin.out).toContain('on owls')
    expect(fromStdin.err).toBe('')
  })

  test('chooses among several workflows, a default export too', async ({ cli }) => {
    const unchosen = await cli.json('run', fixture('pair.ts'))
    expect(unchosen).toMatchObject({
      code: 2,
      result: undefined,
      error: { code: 'unknown-workflow', details: { workflows: ['first', 'second'] } },
    })
    const wrong = await cli.json('run', fixture('pair.ts'), '--workflow', '__proto__')
    expect(wrong).toMatchObject({
      code: 2,
      error: { code: 'unknown-workflow', remedy: 'It exports "first", "second"' },
    })
    const chosen = await cli.json('run', fixture('pair.ts'), '--workflow', 'second', '--input', '{"n":4}')
    expect(chosen).toMatchObject({ code: 0, result: { workflow: 'second', output: { n: '8' } } })
  })

  test('goes on with a run of the same id and input, and refuses another input', async ({ cli }) => {
    const words = ['run', ARTICLE, '--input', '{"topic":"cats","review":false}', '--id', 'a1'] as const
    const first = await cli.json(...words)
    const again = await cli.json(...words)
    expect(again).toEqual(first)
    const other = await cli.json('run', ARTICLE, '--input', '{"topic":"dogs"}', '--id', 'a1')
    expect(other).toMatchObject({ code: 2, error: { code: 'run-exists' } })
  })

  test('does not wait for what can never come: a signal to a run that is kept in memory', async ({ cli }) => {
    const { code, result } = await cli.json(
      'run',
      ARTICLE,
      '--input',
      '{"topic":"cats"}',
      '--store',
      'memory',
    )
    expect(code).toBe(3)
    expect(result).toMatchObject({ status: 'waiting', state: 'review', awaits: ['approve', 'revise'] })
  })

  test('says that tsx is missing, and how to get it', async ({ cli }) => {
    const file = join(cli.folder, 'a.ts')
    await writeFile(file, '')
    const hook = join(cli.folder, 'hide-tsx.mjs')
    await writeFile(
      hook,
      `import { registerHooks } from 'node:module'
      registerHooks({ resolve(s, c, next) { if (s === 'tsx/esm/api') throw Object.assign(new Error(s), { code: 'ERR_MODULE_NOT_FOUND' }); return next(s, c) } })`,
    )
    const { code, err } = await cli.begin(['run', file], undefined, ['--import', hook]).ended
    expect(err).toContain('Run npm install -D tsx [module-missing]')
    expect(code).toBe(2)
  })
})
