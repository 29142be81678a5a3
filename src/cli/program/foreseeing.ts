import { InvalidArgumentError, Option } from 'commander'
import { PATH_LENGTHS } from '../../outlook/counting.ts'
import { driftCommand, type DriftWords } from '../drift-command.ts'
import { outlookCommand, stuckCommand, type OutlookWords, type StuckWords } from '../outlook-command.ts'
import { duration, durationOrMoment, wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

/** What recorded runs say: of themselves, and of those that go on. */
export function addForeseeing(verbs: Verbs): void {
  verbs.add<DriftWords>(
    {
      syntax: 'drift <file>',
      about:
        'Compare recorded runs with a baseline, with earlier runs, and with what tests have taken: ways never gone before, shares and times that changed. Exit code 1 where something did.',
      args: { file: 'file that exports the workflow class' },
      options: [
        new Option('-w, --workflow <name>', 'which workflow, where the file exports several'),
        new Option('--baseline <file>', 'what runs have done before, as --write-baseline wrote it'),
        new Option('--coverage <file>', 'what tests have taken, as their coverage reporter wrote it'),
        new Option(
          '--since <when>',
          'only runs started in that time (7d) or since that date; without --baseline the runs before are compared with',
        ).argParser(durationOrMoment),
        new Option('--write-baseline <file>', 'write what these runs have done'),
        new Option('--level <chance>', 'the chance of a false alarm, all comparisons together')
          .argParser(level)
          .default(0.01),
        new Option('--path-length <n>', 'the longest stretches of ways that are compared, in states')
          .argParser(wholeNumber(PATH_LENGTHS.least, PATH_LENGTHS.most))
          .default(4),
      ],
      examples: [
        'drift article.ts --write-baseline baseline.json',
        'drift article.ts --baseline baseline.json --since 7d',
        'drift article.ts --coverage coverage.json --json',
        'drift article.ts --since 2026-11-14',
      ],
    },
    (words, ...rest) => driftCommand(words.at(0), ...rest),
  )

  verbs.add<OutlookWords>(
    {
      syntax: 'outlook <run> [file]',
      about:
        'Say whether a run can still finish, which signals, times, child runs or people it needs, and by past runs how, when and at what cost it will end.',
      args: {
        run: 'id of the run',
        file: 'file that exports its workflow: says also where signals lead, who may send them, and which ends are left',
      },
      options: [
        new Option(
          '--baseline <file>',
          'past runs as drift --write-baseline wrote them; default: those of the store',
        ),
      ],
      examples: [
        'outlook article-7',
        'outlook article-7 article.ts',
        'outlook article-7 article.ts --baseline baseline.json --json',
      ],
    },
    (words, ...rest) => outlookCommand(words.at(0), words.maybe(1), ...rest),
  )

  verbs.add<StuckWords>(
    {
      syntax: 'stuck [file]',
      about:
        'List live runs that are set aside, have no way on, are overdue, wait longer than 99 of 100 past ones, or for a signal that nobody sends. Exit code 1 where there is one.',
      args: { file: 'file that exports workflows: only their runs, by their charts' },
      options: [
        new Option(
          '--after <time>',
          'how long nobody may answer, where too few past visits say what is usual; default: 24h',
        ).argParser(duration),
      ],
      examples: ['stuck', 'stuck article.ts --after 2d', 'stuck article.ts --json'],
    },
    (words, ...rest) => stuckCommand(words.maybe(0), ...rest),
  )
}

function level(text: string): number {
  const n = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN
  if (n > 0 && n < 1) return n
  throw new InvalidArgumentError('Give a number between 0 and 1, such as 0.01.')
}
