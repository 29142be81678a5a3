import { Option } from 'commander'
import { COUNTED_BY, countCommand, type CountOptions } from '../count-command.ts'
import { exportCommand, type ExportOptions } from '../export-command.ts'
import { listCommand, type ListOptions } from '../list-command.ts'
import { PART_STATUSES, partsCommand, type PartsOptions } from '../parts-command.ts'
import { queryCommand } from '../query-command.ts'
import { showCommand } from '../show-command.ts'
import { filterOptions, wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

/** Commands that change nothing. */
export function addLooking(verbs: Verbs): void {
  verbs.add<ListOptions>(
    {
      syntax: 'list',
      about: 'List runs, newest first.',
      options: [
        ...filterOptions(),
        new Option('--limit <n>', 'at most so many').argParser(wholeNumber(1)).default(100),
      ],
      examples: ['list', 'list --status waiting failed --limit 20', 'list --session ada --json'],
    },
    (_words, ...rest) => listCommand(...rest),
  )

  verbs.add<CountOptions>(
    {
      syntax: 'count',
      about: 'Count runs.',
      options: [
        ...filterOptions(),
        new Option('--by <what>', 'what is counted together').choices(COUNTED_BY).default('status'),
      ],
      examples: ['count', 'count --workflow article --by state', 'count --status failed --json'],
    },
    (_words, ...rest) => countCommand(...rest),
  )

  verbs.add<{ readonly history: number }>(
    {
      syntax: 'show <run> [file]',
      about: 'Show one run: where it stands, what it holds, waits for, went through, and what may be done.',
      args: {
        run: 'id of the run',
        file: 'file that exports its workflow: says also who may send which signal',
      },
      options: [
        new Option('--history <n>', 'so many of the newest history entries')
          .argParser(wholeNumber(0))
          .default(10),
      ],
      examples: ['show article-7', 'show article-7 article.ts', 'show article-7 --history 100 --json'],
    },
    (words, ...rest) => showCommand(words.at(0), words.maybe(1), ...rest),
  )

  verbs.add<PartsOptions>(
    {
      syntax: 'parts <run> [file]',
      about: 'Show branches, items and child runs of the state a run stands in.',
      args: { run: 'id of the run', file: 'file that exports its workflow: counts also the items to come' },
      options: [
        new Option('--status <status...>', 'only parts with one of these').choices(PART_STATUSES),
        new Option('--limit <n>', 'at most so many').argParser(wholeNumber(1)).default(100),
      ],
      examples: [
        'parts import-3',
        'parts import-3 --status failed retry --limit 20',
        'parts import-3 import.ts --json',
      ],
    },
    (words, ...rest) => partsCommand(words.at(0), words.maybe(1), ...rest),
  )

  verbs.add<ExportOptions>(
    {
      syntax: 'export <run> [file]',
      about:
        'Write all that is told of a run, as JSON; or with --test a Vitest file and a tape of its model calls, which do the run again without a network.',
      args: { run: 'id of the run', file: 'file that exports its workflow class; for --test' },
      options: [
        new Option('--test', 'a test that does the run again'),
        new Option('--out <file>', 'where to; default: stdout, or RUN.test.ts'),
        new Option('--replace', 'write over files that are there'),
      ],
      examples: [
        'export article-7 article.ts --test',
        'export article-7 article.ts --test --out tests/article.test.ts --replace',
        'export article-7 --json --out article-7.json',
      ],
    },
    (words, ...rest) => exportCommand(words.at(0), words.maybe(1), ...rest),
  )

  verbs.add(
    {
      syntax: 'query <run> <name> <file>',
      about: 'Ask a run a question that its workflow answers.',
      args: {
        run: 'id of the run',
        name: 'name of the query',
        file: 'file that exports its workflow class',
      },
      examples: ['query article-7 progress article.ts', 'query article-7 progress article.ts --json'],
    },
    (words, _options, ...rest) => queryCommand(words.at(0), words.at(1), words.at(2), ...rest),
  )
}
