import { Option } from 'commander'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { askCommand, type AskedVerb, type AskOptions } from '../ask-command.ts'
import { forkCommand, type ForkCommandOptions } from '../fork-command.ts'
import { migrateCommand, type MigrateOptions } from '../migrate-command.ts'
import { retryCommand, type RetryOptions } from '../retry-command.ts'
import { skipCommand, skipCompensationCommand, type SkipOptions } from '../skip-command.ts'
import { asOption, noFollowOption, reasonOption, selectionOptions, wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

const run = 'id of the run'
const file = 'file that exports its workflow class'
const dataOption = (what: string): Option =>
  new Option('-d, --data <json>', `${what}: JSON, @file, or - for stdin`)

/** Commands that people act on runs with. */
export function addOperating(verbs: Verbs): void {
  addAsking(verbs)

  verbs
    .add<RetryOptions>(
      {
        syntax: 'retry <words...>',
        about:
          'Try the failed step of a run again, in the same run, and follow it. Several runs, or those that fit a filter, are driven side by side.',
        args: { words: 'ids of runs, then the file that exports their workflow class: [run...] <file>' },
        options: [
          dataOption('other data for the failed state'),
          noFollowOption(),
          ...selectionOptions(),
          asOption(),
        ],
        examples: [
          'retry article-7 article.ts',
          'retry article-7 article.ts --data \'{"topic":"dogs"}\' --as ada',
          'retry article.ts --state draft --dry-run',
          'retry article.ts --state draft --yes --no-follow',
        ],
      },
      (words, ...rest) => {
        const given = words.all(0)
        return retryCommand(given.slice(0, -1), given.at(-1) ?? '', ...rest)
      },
    )
    .usage('[options] [run...] <file>')

  verbs.add<SkipOptions>(
    {
      syntax: 'skip <run> <state> <file>',
      about: 'Move a run that stands still to a declared target of its state, without its handler.',
      args: { run, state: 'where to: a declared target of the state it stands in', file },
      options: [
        dataOption('what that state receives (default: {})'),
        noFollowOption(),
        reasonOption(),
        asOption(),
      ],
      examples: [
        'skip article-7 review article.ts --data \'{"text":"by hand"}\'',
        'skip article-7 review article.ts --data @text.json --reason "the model is away" --no-follow',
      ],
    },
    (words, ...rest) => skipCommand(words.at(0), words.at(1), words.at(2), ...rest),
  )

  verbs.add<SkipOptions>(
    {
      syntax: 'skip-compensation <run> [file]',
      about: 'Leave out the compensation that failed, and go on with the next.',
      args: { run, file: `${file}; with it the run is driven and followed` },
      options: [noFollowOption(), reasonOption(), asOption()],
      examples: [
        'skip-compensation order-5 order.ts',
        'skip-compensation order-5 --reason "refunded by hand" --as ada',
      ],
    },
    (words, ...rest) => skipCompensationCommand(words.at(0), words.maybe(1), ...rest),
  )

  verbs.add<ForkCommandOptions>(
    {
      syntax: 'fork <run> <file>',
      about: 'Start a new run where another one stood at a checkpoint, and follow it.',
      args: { run, file },
      options: [
        new Option(
          '--from <entry>',
          'number of a history entry that entered a state; see them with show (default: the newest)',
        ).argParser(wholeNumber(1)),
        new Option('--id <id>', 'id of the new run'),
        new Option('--session <id>', 'session of the new run (default: one of its own)'),
        dataOption('other data for the state it begins in'),
        noFollowOption(),
        asOption(),
      ],
      examples: [
        'fork article-7 article.ts',
        'fork article-7 article.ts --from 4 --id article-7b',
        'fork article-7 article.ts --from 1 --data \'{"topic":"dogs"}\' --no-follow',
      ],
    },
    (words, ...rest) => forkCommand(words.at(0), words.at(1), ...rest),
  )

  verbs.add<MigrateOptions>(
    {
      syntax: 'migrate <file>',
      about: 'Say what becomes of every live run with the code of a file, and map those of older versions.',
      args: { file: 'file that exports the workflow classes' },
      options: [
        new Option('--dry-run', 'only say it'),
        new Option('--limit <n>', 'show at most so many').argParser(wholeNumber(1)).default(100),
      ],
      examples: ['migrate article.ts --dry-run', 'migrate article.ts', 'migrate article.ts --dry-run --json'],
    },
    (words, ...rest) => migrateCommand(words.at(0), ...rest),
  )
}

const ASKING: Readonly<Record<AskedVerb, string>> = {
  pause: 'Pause runs: nothing new starts until they are resumed; a handler at work may end.',
  cancel: 'Cancel runs: what is at work is aborted, what was done is undone; child runs too.',
  terminate: 'Terminate runs: they end at once, and nothing is undone; child runs too.',
}

function addAsking(verbs: Verbs): void {
  for (const [verb, about] of Object.entries(ASKING) as [AskedVerb, string][])
    verbs.add<AskOptions>(
      {
        syntax: `${verb} [run...]`,
        about,
        args: { run: 'ids of runs' },
        options: [reasonOption(), asOption(), ...selectionOptions()],
        examples: [
          `${verb} article-7`,
          `${verb} article-7 article-8 --reason "wrong input" --as ada:chief`,
          `${verb} --workflow article --status waiting --dry-run`,
          `${verb} --session ada --yes`,
        ],
      },
      (words, { reason, ...options }, ...rest) => {
        if (reason?.trim() === '')
          throw new StepwrightError('invalid-options', {
            what: '--reason is empty',
            remedy: 'Say why, or leave it out',
          })
        return askCommand(
          verb,
          words.all(0),
          reason === undefined ? options : { reason, ...options },
          ...rest,
        )
      },
    )
}
