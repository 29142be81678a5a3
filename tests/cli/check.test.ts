import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import { fixture, test, type CommandLine } from './command-line.ts'

const SRC = join(import.meta.dirname, '../../src')

/** Types take seconds, and only what is about them needs them. */
const check = ['check', '--no-types'] as const

/** Files in the folder of a test, which are modules. */
async function put({ folder }: CommandLine, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

/** A workflow in the folder of a test. */
function gate(name: string, { refused = false, options = '' } = {}): string {
  return `// no package can be imported from here
import { states } from '${SRC}/index.ts'
const any = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const T = states({ Ask: 'ask', Lost: 'lost', Done: 'done' } as const, { ask: any, lost: any, done: any },
  { initial: 'ask', final: ['done'], signals: { yes: any } })
@T.workflow({ name: '${name}' })
export class Gate {
  @T.wait('ask', { on: { yes: ${refused ? "'done'" : "['done', 'lost']"} }${options} })
  ask() { return T.go('done', {}) }
  @T.step('lost', { to: 'done' })
  lost() { return T.go('done', {}) }
}
`
}

/** A loop that nothing but a deadline bounds. */
function loop(name: string): string {
  return `// no package can be imported from here
import { states } from '${SRC}/index.ts'
const any = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const T = states({ Ask: 'ask', Think: 'think', Done: 'done' } as const, { ask: any, think: any, done: any },
  { initial: 'ask', final: ['done'] })
@T.workflow({ name: '${name}', deadline: '2h' })
export class Loop {
  //
  @T.step('ask', { to: ['think', 'done'] })
  ask() { return T.go('done', {}) }
  @T.step('think', { to: 'ask' })
  think() { return T.go('ask', {}) }
}
`
}

const PROMISES = `import { limits, never, properties } from '${SRC}/check/index.ts'
import { Loop } from './loop.ts'
export const promises = properties(Loop, { 'thought over': never('done').before('think') })
export const budget = limits(Loop, { perState: { ask: { cost: 0.1 } }, most: { cost: 1, visits: Infinity } })
`

describe.concurrent('stepwright check', () => {
  test('says what, where, why, for example, and how to mend it', async ({ cli }) => {
    await put(cli, { 'gate.ts': gate('gate') })
    const { code, out, err } = await cli.run([...check, 'gate.ts'])
    expect(out).toBe(`gate.ts:9:3 warning "ask" waits for "yes" without an end [wait-without-expiry]
  When nobody answers, nobody notices: the run stands there for as long as its store lasts.
  remedy Give it expires: { after, to, with }, a @reminder, or the workflow a deadline

1 warning in 1 workflow
`)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect((await cli.run([...check, 'gate.ts', '--fail-on', 'warning'])).code).toBe(1)
    const note = [...check, 'gate.ts', '--fail-on', 'warning', '--rule', 'wait-without-expiry=note']
    expect((await cli.run(note)).code).toBe(0)
    expect(await cli.run([...note, '--rule', 'wait-without-expiry=off'])).toMatchObject({
      code: 0,
      out: 'nothing found in 1 workflow\n',
    })
  })

  test('a class that is refused is told of with its line; a folder gives the files that hold workflows', async ({
    cli,
  }) => {
    await put(cli, {
      'flows/allowed.ts': gate('allowed', { options: ", allow: { 'wait-without-expiry': 'no hurry' }" }),
      'flows/deep/refused.ts': gate('refused', { refused: true }),
      'flows/danger.ts': `throw new Error('it was loaded')`,
      'flows/node_modules/other.ts': gate('other'),
    })
    const { code, result } = await cli.json(...check, 'flows')
    expect(result).toMatchObject({
      files: ['flows/allowed.ts', 'flows/deep/refused.ts'],
      workflows: 2,
      allowed: 1,
      findings: [
        { rule: 'wait-without-expiry', workflow: 'refused', path: ['ask'], place: { line: 9, column: 3 } },
        { rule: 'unreachable', severity: 'error', state: 'lost', path: [], place: { line: 11 } },
      ],
    })
    expect(code).toBe(1)
    expect((await cli.run([...check, 'flows', '--fail-on', 'never'])).code).toBe(0)
    const told = await cli.run([...check, 'flows'])
    expect(told.err).toContain('1/2 flows/allowed.ts\n')
    expect(told.err).toContain('flows/deep/refused.ts is refused because of refused')
    expect(told.out).toContain('1 error, 1 warning in 2 workflows, 1 allowed\n')
  })

  test('as SARIF and as annotations of GitHub', async ({ cli }) => {
    await put(cli, { 'gate.ts': gate('gate', { refused: true }) })
    const sarif = await cli.run([...check, 'gate.ts', '--format', 'sarif', '-q'])
    const log = JSON.parse(sarif.out) as { runs: [{ results: readonly object[] }] }
    expect(log).toMatchObject({ version: '2.1.0' })
    expect(log.runs[0].results).toHaveLength(2)
    const { out, code } = await cli.run([...check, 'gate.ts', '--format', 'github', '-q'])
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^::warning file=gate\.ts,line=9,col=3,endColumn=6,title=wait-without-expiry::"ask" waits for/,
      ),
      expect.stringMatching(
        /^::error file=gate\.ts,line=11,col=3,endColumn=7,title=unreachable::"lost" cannot/,
      ),
    ])
    expect(code).toBe(1)
  })

  test('two versions of a workflow in two files have each its own lines', async ({ cli }) => {
    await put(cli, { 'a.ts': gate('gate'), 'b.ts': `// one line more\n${gate('gate')}` })
    const same = await cli.json(...check, 'b.ts', 'a.ts')
    expect(same.result).toMatchObject({ findings: [{ place: { line: 10 } }, { place: { line: 9 } }] })
    const files = ['memo.ts', 'memo-2.ts']
    const { result } = await cli.json(...check, ...files.map(fixture))
    const { findings } = result as { findings: readonly { state: string; place: { file: string } }[] }
    const places = findings.map(({ state, place }) => `${place.file.split('/').at(-1) ?? ''} ${state}`)
    expect(places.sort()).toEqual(['memo-2.ts write', 'memo.ts draft', 'memo.ts review'])
  })

  test('with types it looks into the handlers, with the configuration that is nearest', async ({ cli }) => {
    const lost = { rule: 'unused-target', severity: 'warning', place: { line: 8, column: 40, endColumn: 46 } }
    await put(cli, {
      'gate.ts': gate('gate', { options: ", allow: { 'wait-without-expiry': 'no hurry' }" }),
      'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "strict": true } }',
    })
    const { result, code } = await cli.json('check', 'gate.ts')
    expect(result).toMatchObject({ findings: [lost], allowed: 1 })
    expect(code).toBe(0)
    expect((await cli.json(...check, 'gate.ts')).result).toMatchObject({ findings: [], allowed: 1 })
  })

  test('--bounds tells what a run may come to, and limits are kept', async ({ cli }) => {
    await put(cli, { 'loop.ts': loop('loop') })
    const { out, code } = await cli.run([...check, 'loop.ts', '--bounds', '--rule', 'unbounded-loop=off'])
    expect(out).toBe(`A RUN OF loop    AT MOST    BECAUSE
visits           unbounded  no bound on the loop ask -> think -> ask
attempts         unbounded  no bound on the loop ask -> think -> ask
time             2h 0m
visits of ask    unbounded  no bound on the loop ask -> think -> ask
visits of think  unbounded  no bound on the loop think -> ask -> think
visits of done   1

nothing found in 1 workflow
`)
    expect(code).toBe(0)
    const limited = [...check, 'loop.ts', '--max-visits', '9', '--max-time', '1h', '--max-cost', '0.5']
    const { result, code: failed } = await cli.json(...limited, '--bounds')
    expect(result).toMatchObject({
      findings: [
        {
          rule: 'over-limit',
          message: 'A run may come to 2h 0m, and the limit is 1h 0m',
          place: { line: 7 },
        },
        { rule: 'over-limit', states: ['ask', 'think'], path: ['ask', 'think', 'ask'], place: { line: 10 } },
      ],
      bounds: [
        {
          workflow: 'loop',
          exact: true,
          run: { visits: { most: null, loop: ['ask', 'think', 'ask'] }, ms: { most: 7_200_000 } },
          states: { done: { most: 1 } },
        },
      ],
    })
    expect(failed).toBe(1)
  })

  test('exported properties and limits are checked, also where they stand in a file of their own', async ({
    cli,
  }) => {
    await put(cli, { 'loop.ts': loop('loop'), 'promises.ts': PROMISES })
    const { result, code } = await cli.json(...check, 'promises.ts', '--bounds')
    expect(result).toMatchObject({
      workflows: 1,
      findings: [
        {
          rule: 'broken-property',
          path: ['ask', 'done'],
          message: '"thought over": never(done).before(think) does not hold',
        },
        {
          rule: 'over-limit',
          message: expect.stringContaining('Nothing bounds the cost of a run') as string,
        },
      ],
      bounds: [{ run: { cost: { most: null } } }],
    })
    expect(code).toBe(1)
    expect((await cli.run([...check, 'promises.ts', '--write-tests', 'tests'])).err).toContain(
      'no test is written for loop: name the file that exports its class too',
    )
  })

  test('--write-tests writes a test that fails as long as a run can break the property', async ({ cli }) => {
    await put(cli, { 'flows/loop.ts': loop('loop'), 'flows/promises.ts': PROMISES })
    const words = [...check, 'flows/loop.ts', 'flows/promises.ts', '--write-tests', 'tests']
    const { err } = await cli.run(words)
    const file = 'tests/loop.thought-over.test.ts'
    expect(err).toContain(`written: ${file}\n`)
    expect(await readFile(join(cli.folder, file), 'utf8')).toBe(
      `// Written by \`stepwright check --write-tests\`. It fails as long as a run can go this way.
import { test } from 'vitest'
import { avoidPath } from 'stepwright/testing'
import { Loop } from '../flows/loop.ts'

// never(done).before(think)
test('thought over', () =>
  avoidPath(Loop, [
    'ask -> done by step',
  ]))
`,
    )
    expect((await cli.json(...words)).result).toMatchObject({ tests: [file] })
  })

  test('wrong use is said', async ({ cli }) => {
    await mkdir(join(cli.folder, 'empty'))
    const wrong = async (...words: string[]) => (await cli.json(...check, ...words)).error
    expect(await wrong('empty')).toMatchObject({
      code: 'unknown-workflow',
      remedy: 'Name the files or folders that do',
    })
    expect(await wrong('none.ts')).toMatchObject({ code: 'module-failed' })
    expect(await wrong(fixture('none.ts'))).toMatchObject({ code: 'unknown-workflow' })
    expect(await wrong()).toMatchObject({ code: 'invalid-options' })
    expect(await wrong('x.ts', '--rule', 'no-rule=off')).toMatchObject({
      message: expect.stringContaining(
        'There is no rule no-rule; there are invalid-definition, unreachable',
      ) as string,
    })
    expect(await wrong('x.ts', '--rule', 'no-end=bad')).toMatchObject({
      message: expect.stringContaining('Give no-end= one of error, warning, note, off') as string,
    })
  })
})
