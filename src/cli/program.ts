import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Command, CommanderError, Option } from 'commander'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { EXIT, EXIT_HELP, exitCodeOf } from './exit-code.ts'
import { addDrilling } from './program/drilling.ts'
import { addDeploying } from './program/deploying.ts'
import { addEvaluating } from './program/evaluating.ts'
import { addForeseeing } from './program/foreseeing.ts'
import { addFollowing } from './program/following.ts'
import { addKeeping } from './program/keeping.ts'
import { addLooking } from './program/looking.ts'
import { addOperating } from './program/operating.ts'
import { addProving } from './program/proving.ts'
import { addSchedules } from './program/schedules.ts'
import { addSending } from './program/sending.ts'
import { exampleText, Verbs } from './program/verbs.ts'
import { Terminal } from './terminal.ts'

/** Runs one command; `words` are those after the name of the program. Gives the exit code, and throws nothing. */
export async function runProgram(words: readonly string[]): Promise<number> {
  let code: number = EXIT.ok
  const program = makeProgram((result) => (code = result))
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return usage(error, words, program)
    new Terminal({ json: words.includes('--json') }).fail(error)
    return exitCodeOf(error)
  }
}

/** Commander has said what it wanted to say only for help and version. */
function usage(error: CommanderError, words: readonly string[], program: Command): number {
  if (error.exitCode === 0) return EXIT.ok
  if (error.code === 'commander.help') return EXIT.badInput // no command was given; the help is there
  const what = error.message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
  const wrong = new StepwrightError('invalid-options', {
    what,
    remedy: `See ${['stepwright', ...verbIn(words, program), '--help'].join(' ')}`,
  })
  new Terminal({ json: words.includes('--json') }).fail(wrong)
  return EXIT.badInput
}

/** The command that was meant, and the one under it. */
function verbIn(words: readonly string[], { commands }: Command): readonly string[] {
  const at = words.findIndex((word) => commands.some((command) => command.name() === word))
  const found = commands.find((command) => command.name() === words[at])
  return found ? [found.name(), ...verbIn(words.slice(at + 1), found)] : []
}

/** The whole command line. */
export function makeProgram(finish: (code: number) => void): Command {
  const program = new Command('stepwright')
    .description('Durable workflows as classes: start, follow, signal, operate, schedule and draw them.')
    .version(readVersion())
    .addOption(
      new Option('--store <url>', 'where runs are kept: sqlite:FILE, redis://HOST:PORT, memory')
        .env('STEPWRIGHT_STORE')
        .default('sqlite:stepwright.db'),
    )
    .option('--json', 'results as JSON on stdout, errors as JSON on stderr')
    .option('-q, --quiet', 'results and errors only')
    .option('--unmask', 'show fields that schemas mark as secret or pii, instead of ***')
    .exitOverride()
    .configureOutput({ outputError: () => undefined }) // said by `usage`
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      exampleText([
        'run article.ts --input \'{"topic":"cats"}\'',
        'list --status waiting failed',
        'show article-7',
        'signal article-7 approve \'{"by":"ada"}\'',
        'cancel --workflow article --status waiting --dry-run',
      ]) + `\n\n${EXIT_HELP}`,
    )
  const verbs = (heading: string): Verbs => new Verbs(program, finish, program, heading)
  addFollowing(verbs('Drive and draw:'))
  addLooking(verbs('Look:'))
  addSending(verbs('Send:'))
  addOperating(verbs('Operate:'))
  addSchedules(verbs('Schedule:'))
  addDeploying(verbs('Deploy:'))
  const proving = verbs('Prove:')
  addProving(proving)
  addDrilling(proving)
  addEvaluating(verbs('Evaluate:'))
  addForeseeing(verbs('Foresee:'))
  addKeeping(verbs('Keep:'))
  return program
}

function readVersion(): string {
  const file = findPackageJSON(import.meta.url)
  return file === undefined
    ? 'unknown'
    : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
