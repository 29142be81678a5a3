import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { InspectorOptions } from '../inspect/inspector.ts'
import { STATUSES } from '../model/status.ts'
import { EXIT, EXIT_HELP, exitCodeOf } from './exit-code.ts'
import { CHART_FORMATS, graphCommand, type GraphOptions } from './graph-command.ts'
import { listCommand, type ListOptions } from './list-command.ts'
import { resumeCommand, type ResumeOptions } from './resume-command.ts'
import { runCommand, type RunOptions } from './run-command.ts'
import type { StoreChoice } from './shell-line.ts'
import { showCommand } from './show-command.ts'
import { signalCommand } from './signal-command.ts'
import { Terminal, type Manner } from './terminal.ts'

/** Runs one command; `words` are those after the name of the program. Gives the exit code, and throws nothing. */
export async function runProgram(words: readonly string[]): Promise<number> {
  let code: number = EXIT.ok
  const program = makeProgram((result) => (code = result))
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return usage(error, words)
    new Terminal({ json: words.includes('--json') }).fail(error)
    return exitCodeOf(error)
  }
}

/** Commander has said what it wanted to say only for help and version. */
function usage(error: CommanderError, words: readonly string[]): number {
  if (error.exitCode === 0) return EXIT.ok
  if (error.code === 'commander.help') return EXIT.badInput // no command was given; the help is there
  const verb = words.find((word) => VERBS.includes(word))
  const what = error.message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
  const wrong = new StepwrightError('invalid-options', {
    what,
    remedy: `See stepwright ${verb === undefined ? '' : `${verb} `}--help`,
  })
  new Terminal({ json: words.includes('--json') }).fail(wrong)
  return EXIT.badInput
}

const VERBS: readonly string[] = ['run', 'list', 'show', 'signal', 'resume', 'graph', 'inspect']

type Work<Options> = (options: Options, choice: StoreChoice, terminal: Terminal) => Promise<number>

function makeProgram(finish: (code: number) => void): Command {
  const program = new Command('stepwright')
    .description('Durable workflows as classes: start, follow, signal, resume and draw them.')
    .version(readVersion())
    .addOption(
      new Option('--store <url>', 'where runs are kept: sqlite:FILE, redis://HOST:PORT, memory')
        .env('STEPWRIGHT_STORE')
        .default('sqlite:stepwright.db'),
    )
    .option('--json', 'results as JSON on stdout, errors as JSON on stderr')
    .option('-q, --quiet', 'results and errors only')
    .exitOverride()
    .configureOutput({ outputError: () => undefined }) // said by `usage`
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      examples(
        'run article.ts --input \'{"topic":"cats"}\'',
        'list --status waiting failed',
        'show article-7',
        'signal article-7 approve \'{"by":"ada"}\'',
      ) + `\n\n${EXIT_HELP}`,
    )

  const verb = (name: string, about: string, ...shown: string[]): Command =>
    program
      .command(name)
      .description(about)
      .addHelpText('after', examples(...shown))
  /** The action of a command: its options and those of the program, and the exit code it ends with. */
  const act = async <Options>(command: Command, work: Work<Options>): Promise<void> => {
    const options = command.optsWithGlobals<Options & Manner & { readonly store: string }>()
    const choice = { url: options.store, named: program.getOptionValueSource('store') === 'cli' }
    finish(await work(options, choice, new Terminal(options)))
  }

  verb(
    'run',
    'Start a run and follow it to its end.',
    'run article.ts',
    'run article.ts --input @topic.json --id article-7',
    'echo \'{"topic":"cats"}\' | stepwright run article.ts --input - --json',
  )
    .argument('<file>', 'TypeScript or JavaScript file that exports the workflow class')
    .option('-i, --input <json>', 'what the run starts with: JSON, @file, or - for stdin (default: {})')
    .option('-w, --workflow <name>', 'which workflow, where the file exports several')
    .option('--id <id>', 'id of the run; one that was started before with it and the same input goes on')
    .option('--session <id>', 'session that it shares with other runs')
    .action((file: string, _: unknown, command: Command) =>
      act<RunOptions>(command, (options, ...rest) => runCommand(file, options, ...rest)),
    )

  verb(
    'list',
    'List runs, newest first.',
    'list',
    'list --status waiting failed --limit 20',
    'list --session ada --json',
  )
    .option('-w, --workflow <name>', 'only runs of that workflow')
    .addOption(new Option('--status <status...>', 'only runs with one of these').choices(STATUSES))
    .option('--state <state>', 'only runs that stand in that state')
    .option('--session <id>', 'only runs of that session')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 100)
    .action((_: unknown, command: Command) => act<ListOptions>(command, listCommand))

  verb(
    'show',
    'Show one run: where it stands, what it holds, waits for and went through.',
    'show article-7',
    'show article-7 --history 100 --json',
  )
    .argument('<run>', 'id of the run')
    .option('--history <n>', 'so many of the newest history entries', wholeNumber(0), 10)
    .action((run: string, _: unknown, command: Command) =>
      act<{ history: number }>(command, (options, ...rest) => showCommand(run, options, ...rest)),
    )

  verb(
    'signal',
    'Send a signal to a run.',
    'signal article-7 approve \'{"by":"ada"}\'',
    'signal article-7 revise @notes.json --id mail-4711',
  )
    .argument('<run>', 'id of the run')
    .argument('<name>', 'name of the signal')
    .argument('[payload]', 'what it carries: JSON, @file, or - for stdin (default: {})')
    .option('--id <id>', 'id of the signal: sent again with the same one, it is not applied twice')
    .action((run: string, name: string, payload: string | undefined, _: unknown, command: Command) =>
      act<{ id?: string }>(command, (options, ...rest) =>
        signalCommand({ run, name, payload, ...options }, ...rest),
      ),
    )

  verb(
    'resume',
    'Go on with runs until each has ended, was parked or waits for a signal.',
    'resume article.ts',
    'resume article.ts --session ada',
    'resume article.ts --watch',
  )
    .argument('<file>', 'file that exports their workflow classes')
    .option('--session <id>', 'only runs of that session, parked ones too')
    .option('--run <id>', 'only that run, also if it is parked')
    .option('--watch', 'keep driving, also what is started later, until Ctrl-C')
    .action((file: string, _: unknown, command: Command) =>
      act<ResumeOptions>(command, (options, ...rest) => resumeCommand(file, options, ...rest)),
    )

  verb(
    'graph',
    'Draw the chart of a workflow.',
    'graph article.ts',
    'graph article.ts --format xstate > article.machine.json',
  )
    .argument('<file>', 'file that exports the workflow class')
    .option('-w, --workflow <name>', 'which workflow, where the file exports several')
    .addOption(new Option('--format <format>', 'how it is written').choices(CHART_FORMATS).default('mermaid'))
    .action((file: string, _: unknown, command: Command) =>
      act<GraphOptions>(command, (options, _choice, terminal) => graphCommand(file, options, terminal)),
    )

  verb(
    'inspect',
    'Drive runs as `resume --watch` does, and show them live to an XState inspector.',
    'inspect article.ts',
    'inspect article.ts --port 8765 --allow-send',
  )
    .argument('<file>', 'file that exports the workflow classes')
    .option('--port <n>', 'port of the inspector, on this machine only', wholeNumber(0, 65_535))
    .option('--allow-send', 'the inspector may send the signals that a workflow declares')
    .option('--hosted-viewers', 'the pages at stately.ai and statecharts.io may connect')
    .action((file: string, _: unknown, command: Command) =>
      act<InspectorOptions>(command, ({ port = 0, allowSend = false, hostedViewers = false }, ...rest) =>
        resumeCommand(file, { watch: true, inspect: { port, allowSend, hostedViewers } }, ...rest),
      ),
    )
  return program
}

function examples(...commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ ${command.startsWith('echo') ? '' : 'stepwright '}${command}`).join('\n')}`
}

function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER - 1): (text: string) => number {
  return (text) => {
    const n = /^\d+$/.test(text) ? Number(text) : NaN
    if (n >= least && n <= most) return n
    throw new InvalidArgumentError(
      `Give a whole number of ${least} or more${most < 2 ** 31 ? `, up to ${most}` : ''}.`,
    )
  }
}

function readVersion(): string {
  const file = findPackageJSON(import.meta.url)
  return file === undefined
    ? 'unknown'
    : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
