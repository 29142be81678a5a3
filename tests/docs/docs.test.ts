/**
 * What the documents say is run. A ```ts block after `<!-- run: name.ts -->` is a program; blocks of one name are the
 * parts of one program, in their order. `<!-- test: name.test.ts -->` is run by vitest, `<!-- file: name.ts -->` is
 * written beside them and only typechecked. `<!-- prints: text -->` after a block is what the program must print.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CODES } from '../../src/errors/codes.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TEMP = join(ROOT, 'tests/.tmp/docs')
const BIN = join(ROOT, 'node_modules/.bin')
const BLOCK =
  /<!-- (?<kind>run|test|file): (?<name>[\w.-]+) -->\s*```ts\n(?<code>.*?)^```$(?<after>(?:\s*<!-- prints: .*? -->)*)/gms
/** Codes that nothing throws: they have no page. */
const NOT_THROWN: readonly string[] = ['quarantined']

interface Program {
  readonly page: string
  readonly kind: string
  readonly path: string
  readonly code: string
  readonly prints: readonly string[]
}

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((page) => page.endsWith('.md'))
const programs = pages.flatMap(programsOf)

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

function programsOf(page: string): readonly Program[] {
  const found = new Map<string, Program>()
  for (const { groups = {} } of textOf(page).matchAll(BLOCK)) {
    const { kind = '', name = '', code = '', after = '' } = groups
    const before = found.get(name)
    const prints = [...after.matchAll(/<!-- prints: (.*?) -->/g)].map(([, text = '']) => text)
    const path = join(TEMP, page.replaceAll(/[/.]/g, '-'), name)
    found.set(name, {
      ...{ page, kind, path, code: (before?.code ?? '') + code },
      prints: [...(before?.prints ?? []), ...prints],
    })
  }
  return [...found.values()]
}

function start(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number; output: string }> {
  const env = { ...process.env, PATH: `${BIN}:${process.env['PATH']}`, NO_COLOR: '1' }
  return new Promise((done) => {
    execFile(join(BIN, command), args, { cwd, env, timeout: 100_000 }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    )
  })
}

function run(path: string): Promise<{ code: number; output: string }> {
  return start('tsx', ['--tsconfig', join(ROOT, 'tsconfig.json'), path], dirname(path))
}

beforeAll(() => {
  rmSync(TEMP, { recursive: true, force: true })
  for (const { path, code } of programs) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, code)
  }
  // the root's `paths` let the programs import stepwright as a user does
  writeFileSync(
    join(TEMP, 'tsconfig.json'),
    '{ "extends": "../../../tsconfig.json", "include": ["**/*.ts"], "exclude": [] }',
  )
  writeFileSync(
    join(TEMP, 'vitest.config.mts'),
    `import { decorators } from '${ROOT}/src/testing/vite.ts'
     const alias = [['stepwright/testing', 'testing/index'], ['stepwright/llm', 'llm/index'], ['stepwright', 'index']]
     export default {
       plugins: [decorators()],
       resolve: { alias: alias.map(([find, file]) => ({ find, replacement: '${ROOT}/src/' + file + '.ts' })) },
       test: { include: ['**/*.test.ts'] },
     }`,
  )
})
afterAll(() => rmSync(TEMP, { recursive: true, force: true }))

describe('programs in the documents', () => {
  const named = (kind: string) =>
    programs.filter((p) => p.kind === kind).map((p) => [p.path.slice(TEMP.length + 1), p] as const)

  it('are there, in the README and in the guides', () => {
    const found = new Set(programs.map(({ page }) => page))
    expect([...found].sort()).toEqual([
      'README.md',
      'docs/check.md',
      'docs/control-flow.md',
      'docs/deploy.md',
      'docs/drawing.md',
      'docs/eval.md',
      'docs/failure.md',
      'docs/inspector.md',
      'docs/llm-limits.md',
      'docs/llm.md',
      'docs/operators.md',
      'docs/outlook.md',
      'docs/patterns.md',
      'docs/people.md',
      'docs/prompts.md',
      'docs/schedules.md',
      'docs/security.md',
      'docs/stores.md',
      'docs/testing.md',
      'docs/workflows.md',
    ])
  })

  it.concurrent('fit the types', async () => {
    const { code, output } = await start('tsc', ['-p', TEMP], TEMP)
    expect(output).toBe('')
    expect(code).toBe(0)
  })

  it.concurrent.each(named('run'))('%s', async (_name, { path, prints }) => {
    const { code, output } = await run(path)
    expect(code, output).toBe(0)
    for (const text of prints) expect(output).toContain(text)
  })

  it.concurrent('the tests among them pass', async () => {
    expect(named('test').length).toBeGreaterThan(0)
    const { code, output } = await start('vitest', ['run', '--root', TEMP], TEMP)
    expect(code, output).toBe(0)
  })
})

describe('the README', () => {
  it('shows the example as it is', () => {
    expect(textOf('README.md')).toContain(textOf('examples/01-refine/refine.ts').trim())
  })

  it('draws it as it is', async () => {
    const words = ['graph', join(ROOT, 'examples/01-refine/refine.ts'), '--format', 'svg']
    const { output } = await start('tsx', [join(ROOT, 'src/cli/main.ts'), ...words], ROOT)
    const [, drawing = ''] = /!\[[^\]]+\]\((.*?\.svg)\)/.exec(textOf('README.md')) ?? []
    expect(textOf(drawing)).toBe(output)
  })
})

describe('the pages', () => {
  const folder = 'docs/errors/'
  const errorPages = pages.filter((page) => page.startsWith(folder) && page !== `${folder}README.md`)
  const codeOf = (page: string): string => page.slice(folder.length, -'.md'.length)

  it('explain every error code that is thrown, and no other', () => {
    expect(errorPages.map(codeOf).sort()).toEqual(
      Object.keys(CODES)
        .filter((code) => !NOT_THROWN.includes(code))
        .sort(),
    )
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    const text = sources.map((name) => textOf(`src/${name}`)).join('\n')
    for (const code of NOT_THROWN) expect(text).not.toContain(`StepwrightError('${code}'`)
  })

  it.each(errorPages)('%s says what it is, why it happens and how to mend it', (page) => {
    const text = textOf(page)
    const code = codeOf(page)
    expect(text.startsWith(`# ${code}\n`)).toBe(true)
    expect(text).toContain(`[${code}]`)
    expect(text).toContain('\n## Why it happens\n')
    expect(text).toContain('\n## How to mend it\n')
    expect(textOf(`${folder}README.md`)).toContain(`](${code}.md)`)
  })

  it.each(pages)('%s has only links that lead somewhere', (page) => {
    const prose = textOf(page).replaceAll(/^```.*?^```/gms, '')
    for (const [, link = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      const [file = '', heading] = link.split('#', 2)
      const target = file === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), file)
      expect(existsSync(target), `${link} in ${page}`).toBe(true)
      if (heading !== undefined) expect(headingsOf(target), `${link} in ${page}`).toContain(heading)
    }
  })
})

/** Headings as GitHub names them. */
function headingsOf(file: string): readonly string[] {
  const titles = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title)
  return titles.map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
