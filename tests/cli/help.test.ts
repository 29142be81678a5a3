import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { makeProgram, runProgram } from '../../src/cli/program.ts'

/** All commands, by the words that call them. */
function commandsOf(command: Command, words: readonly string[] = []): readonly (readonly string[])[] {
  return command.commands.flatMap((each) => {
    const own = [...words, each.name()]
    return [own, ...commandsOf(each, own)]
  })
}

/** What is written to stdout and stderr in this process, and the exit code. */
async function inProcess(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true))
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true))
  const code = await runProgram(words)
  vi.restoreAllMocks()
  return { code, out, err }
}

/** Parses the words of a command without doing it. Throws what commander does. */
async function parse(words: readonly string[]): Promise<void> {
  const program = makeProgram(() => undefined)
  const idle = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => undefined)
    command.commands.forEach(idle)
  }
  idle(program)
  await program.parseAsync(words, { from: 'user' })
}

/** The words of a shell line after `stepwright`. */
function wordsOf(line: string): readonly string[] {
  const [, rest = ''] = /stepwright (.*?)( > .*)?$/.exec(line) ?? []
  return [...rest.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

afterEach(() => void vi.restoreAllMocks())

const COMMANDS = commandsOf(makeProgram(() => undefined))

describe('help', () => {
  test('there is every verb', () => {
    expect(COMMANDS.map((words) => words.join(' '))).toEqual([
      ...['run', 'resume', 'inspect', 'graph'],
      ...['list', 'count', 'show', 'parts', 'export', 'query'],
      ...['signal', 'update', 'callback'],
      ...['pause', 'cancel', 'terminate', 'retry', 'skip', 'skip-compensation', 'fork', 'migrate'],
      'schedule',
      ...['list', 'show', 'next', 'create', 'update', 'pause', 'resume', 'delete', 'run', 'backfill'].map(
        (name) => `schedule ${name}`,
      ),
      ...['diff', 'rehearse'],
      ...['check', 'drill'],
      'eval',
      ...['drift', 'outlook', 'stuck'],
      ...['backup', 'restore', 'verify', 'repair', 'prune', 'rekey'],
    ])
  })

  test.for(COMMANDS.map((words) => [words.join(' '), words] as const))(
    '%s has help with two examples or more, which parse',
    async ([name, words]) => {
      const { code, out, err } = await inProcess(...words, '--help')
      const examples = out.slice(out.indexOf('Examples:\n') + 10).match(/^ {2}\$ .*stepwright .*$/gm) ?? []
      expect(examples.length).toBeGreaterThanOrEqual(2)
      for (const example of examples) {
        expect(example).toContain(`stepwright ${name}`)
        await parse(wordsOf(example))
      }
      expect(out).toContain('--store <url>')
      expect(out).toContain('--json')
      expect(err).toBe('')
      expect(code).toBe(0)
    },
  )

  test('docs/cli.md shows all of them, as they parse', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
    const lines = text.match(/^(echo .* \| )?stepwright .*$/gm) ?? []
    for (const line of lines) await parse(wordsOf(line))
    for (const words of COMMANDS.filter((each) => each.join(' ') !== 'schedule'))
      expect(
        lines.some((line) => line.includes(`stepwright ${words.join(' ')}`)),
        words.join(' '),
      ).toBe(true)
  })

  test('the program lists them under headings, and its exit codes', async () => {
    const { out } = await inProcess('--help')
    for (const [verb = ''] of COMMANDS) expect(out).toContain(`\n  ${verb} `)
    for (const heading of ['Drive and draw:', 'Look:', 'Send:', 'Operate:', 'Schedule:'])
      expect(out).toContain(`\n${heading}\n`)
    expect(out).toMatch(/Exit codes:\n {2}0 {4}done/)
    expect((await inProcess('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(await inProcess()).toMatchObject({ code: 2, out: '' })
    expect(await inProcess('schedule')).toMatchObject({ code: 2, out: '' })
  })

  test.for([
    [['pase'], 'Did you mean pause?', 'See stepwright --help'],
    [['schedule', 'remove', 'x'], "unknown command 'remove'", 'See stepwright schedule --help'],
    [['schedule', 'next'], "missing required argument 'id'", 'See stepwright schedule next --help'],
    [
      ['parts', 'x', '--status', 'lost'],
      'Allowed choices are open, retry, child',
      'See stepwright parts --help',
    ],
    [['pause', 'x', '--as', ':chief'], 'Give ID or ID:role,role', 'See stepwright pause --help'],
    [['cancel', 'x', '--as', 'ada:a,,b'], 'Give ID or ID:role,role', 'See stepwright cancel --help'],
    [['update', 'x', 'y', '--timeout', 'soon'], 'with a unit of ms', 'See stepwright update --help'],
    [['fork', 'x', 'f.ts', '--from', 'start'], 'whole number of 1 or more', 'See stepwright fork --help'],
    [['run', 'f.ts', '--deadline', '2026-13-01'], 'Give a date such as', 'See stepwright run --help'],
    [['schedule', 'create', 'x', 'f.ts', '--at', 'now'], 'Give a date such as', 'schedule create --help'],
    [['schedule', 'create', 'x', 'f.ts', '--overlap', 'x'], 'Allowed choices are skip', 'create --help'],
    [['schedule', 'backfill', 'x', 'f.ts'], "required option '--from <date>'", 'backfill --help'],
    [['count', '--by', 'mood'], 'Allowed choices are status, workflow, state', 'See stepwright count --help'],
  ] as const)('%j is wrong usage', async ([words, says, remedy]) => {
    const { code, out, err } = await inProcess(...words)
    expect(err).toMatch(/^error: .+\n {2}.+ \[invalid-options\]\n$/)
    expect(err).toContain(says)
    expect(err).toContain(remedy)
    expect(out).toBe('')
    expect(code).toBe(2)
  })
})

describe('bad input that needs no store', () => {
  test.for([
    [['pause', 'x', '--store', 'memory'], 'invalid-options', 'memory'],
    [['pause'], 'invalid-options', 'It is not said which runs to pause'],
    [['cancel', 'x', '--all'], 'invalid-options', 'Runs are named, and --all is given too'],
    [['cancel', '--all', '--state', 's'], 'invalid-options', '--all and --state are given'],
    [['terminate', ''], 'invalid-id', 'is empty'],
    [['resume', '--watch'], 'invalid-options', '--watch is given, and no file'],
    [['resume', 'f.ts', '--all'], 'invalid-options', '--all is for resume without a file'],
    [['resume', 'f.ts', '--dry-run'], 'invalid-options', '--dry-run is for resume without a file'],
    [['signal', 'x', 'y', '{"by":ada}'], 'invalid-json', 'line 1, column 7'],
    [['update', 'x', 'y', '[1]'], 'invalid-signal', 'not an object'],
    [['update', 'x', 'y', '{'], 'invalid-json', 'at its end'],
    [['callback', 'x', '{"a"}'], 'invalid-json', 'line 1'],
    [['skip', 'x', 's', 'f.ts', '--data', '@none.json'], 'invalid-options', 'there is no such file'],
    [['retry', 'x', 'f.ts', '--data', 'x'], 'invalid-json', '--data is not JSON'],
    [['fork', 'x', 'f.ts', '--data', '1', '--id', ''], 'invalid-id', 'is empty'],
    [['schedule', 'update', 'x'], 'invalid-options', 'Nothing is given that is to be changed'],
    [['schedule', 'update', 'x', '--note', 'a', '--unset', 'note'], 'invalid-options', 'note is given'],
    [['run', 'f.ts', '--no-follow', '--store', 'memory'], 'invalid-options', 'kept in memory'],
    [['schedule', 'show', 'x'], 'store-unusable', 'There is no store file'],
    [['migrate', 'f.ts'], 'store-unusable', 'There is no store file'],
  ] as const)('%j', async ([words, code, says]) => {
    vi.stubEnv('STEPWRIGHT_STORE', 'sqlite:nowhere/none.db')
    const ended = await inProcess(...words)
    vi.unstubAllEnvs()
    expect(ended.err).toContain(`[${code}]`)
    expect(ended.err).toContain(says)
    expect(ended.out).toBe('')
    expect(ended.code).toBe(code === 'store-unusable' ? 4 : 2)
  })
})
