import { InvalidArgumentError, Option } from 'commander'
import { RULES, type RuleCode, type Severity } from '../../model/rule.ts'
import { checkCommand, FINDING_FORMATS, type CheckCommandOptions, type RuleLevels } from '../check-command.ts'
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
      ],
      examples: [
        'check article.ts',
        'check src/workflows --fail-on warning',
        'check article.ts order.ts --rule wait-without-expiry=off --rule unbounded-loop=error',
        'check src/workflows --format sarif > check.sarif',
        'check src/workflows --format github',
        'check src/workflows --no-types',
      ],
    },
    (words, options, _choice, terminal) => checkCommand(words.all(0), options, terminal),
  )
}

function ruleLevel(text: string, before: RuleLevels = {}): RuleLevels {
  const [code = '', level = ''] = text.split('=', 2)
  if (!Object.hasOwn(RULES, code))
    throw new InvalidArgumentError(`There is no rule ${code}; there are ${Object.keys(RULES).join(', ')}.`)
  if (!LEVELS.includes(level)) throw new InvalidArgumentError(`Give ${code}= one of ${LEVELS.join(', ')}.`)
  return { ...before, [code as RuleCode]: level as Severity | 'off' }
}
const LEVELS: readonly string[] = ['error', 'warning', 'note', 'off']
