import { InvalidArgumentError, Option } from 'commander'
import { RULES, type RuleCode, type Severity } from '../../model/rule.ts'
import { checkCommand, FINDING_FORMATS, type CheckCommandOptions, type RuleLevels } from '../check-command.ts'
import { duration, wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

/** `check`: what can be said before a run starts. */
export function addProving(verbs: Verbs): void {
  verbs.add<CheckCommandOptions>(
    {
      syntax: 'check <files...>',
      about:
        'Look for mistakes on the charts of workflows, each with its line, a path that shows it, and what to do. Exit code 1 where something as bad as --fail-on is found.',
      args: { files: 'files that export workflow classes, or folders that hold such files' },
      options: [
        new Option('--format <format>', 'how findings are written').choices(FINDING_FORMATS).default('text'),
        new Option(
          '--rule <code=severity>',
          'findings of a rule are error, warning, note or off; may be repeated',
        ).argParser(ruleLevel),
        new Option('--fail-on <severity>', 'the least bad finding that fails')
          .choices(['error', 'warning', 'note', 'never'])
          .default('error'),
        new Option('--no-types', 'leave out the rules that need the types of the source'),
        new Option('--bounds', 'show what a run of each workflow may come to at most'),
        ...LIMITS.map(([flag, what, read]) =>
          new Option(flag, `a run that may come to more ${what} is an error`).argParser(read),
        ),
        new Option('--write-tests <folder>', 'write a test for each exported property that does not hold'),
      ],
      examples: [
        'check article.ts',
        'check src/workflows --fail-on warning',
        'check article.ts order.ts --rule wait-without-expiry=off --rule unbounded-loop=error',
        'check src/workflows --format sarif > check.sarif',
        'check src/workflows --format github',
        'check src/workflows --no-types',
        'check article.ts --bounds --max-visits 50 --max-time 2d',
        'check order.ts --write-tests tests/counterexamples',
      ],
    },
    (words, options, _choice, terminal) => checkCommand(words.all(0), options, terminal),
  )
}

type Limit = readonly [flag: string, what: string, read: (text: string) => unknown]

const LIMITS: readonly Limit[] = [
  ['--max-visits <n>', 'visits of states', wholeNumber(0)],
  ['--max-attempts <n>', 'calls of handlers', wholeNumber(0)],
  ['--max-calls <n>', 'calls of models', wholeNumber(0)],
  ['--max-tokens <n>', 'tokens', wholeNumber(0)],
  ['--max-cost <amount>', 'cost', amount],
  ['--max-time <time>', 'time', duration],
]

function amount(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (Number.isFinite(number)) return number
  throw new InvalidArgumentError('Give a number such as 0.5.')
}

function ruleLevel(text: string, before: RuleLevels = {}): RuleLevels {
  const [code = '', level = ''] = text.split('=', 2)
  if (!Object.hasOwn(RULES, code))
    throw new InvalidArgumentError(`There is no rule ${code}; there are ${Object.keys(RULES).join(', ')}.`)
  if (!LEVELS.includes(level)) throw new InvalidArgumentError(`Give ${code}= one of ${LEVELS.join(', ')}.`)
  return { ...before, [code as RuleCode]: level as Severity | 'off' }
}
const LEVELS: readonly string[] = ['error', 'warning', 'note', 'off']
