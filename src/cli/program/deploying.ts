import { Option } from 'commander'
import { DIFF_FORMATS, diffCommand, type DiffOptions } from '../diff-command.ts'
import { rehearseCommand, type RehearseOptions } from '../rehearse-command.ts'
import { durationOrMoment, wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

const workflowOption = (): Option => new Option('-w, --workflow <name>', 'only that workflow')

/** `diff` and `rehearse`: what new code would do, before it is deployed. */
export function addDeploying(verbs: Verbs): void {
  const side =
    'a workflow file, FILE@REV of git, a JSON file of `graph --format json`, or store: (what it last saw)'
  verbs.add<DiffOptions>(
    {
      syntax: 'diff <old> <new>',
      about:
        'Show how two versions of workflows differ. With --store also which live runs stand where, and which of them the new code would not go on with: then the exit code is 1.',
      args: { old: side, new: 'the same' },
      options: [
        workflowOption(),
        new Option(
          '--format <format>',
          'how it is written; default: as the file of -o ends, or text',
        ).choices(DIFF_FORMATS),
        new Option('-o, --out <file>', 'where to; default: stdout'),
        new Option('--old-rev <rev>', 'the old side is its file at that git revision'),
        new Option('--new-rev <rev>', 'the same for the new side'),
        new Option('--live', 'judge the live runs of the store of STEPWRIGHT_STORE; --store does so too'),
        new Option('--all', 'list every blocked run'),
        new Option('--strict', 'exit code 1 also where a change could block a run'),
      ],
      examples: [
        'diff article.ts@HEAD article.ts',
        'diff article.ts@main article.ts --store sqlite:runs.db',
        'diff store: article.ts --store redis://127.0.0.1:6379 --json',
        'diff old.json article.ts --strict --format mermaid',
        'diff article.ts@main article.ts -o change.svg',
      ],
    },
    (words, ...rest) => diffCommand(words.at(0), words.at(1), ...rest),
  )

  verbs.add<RehearseOptions>(
    {
      syntax: 'rehearse <file>',
      about:
        'Take recorded runs through the code of a file, and list where they would go another way: then the exit code is 1. Nothing is written to the store, and without --execute no handler is called.',
      args: { file: 'file that exports the new workflow classes' },
      options: [
        workflowOption(),
        new Option('--runs <id...>', 'only those runs'),
        new Option('--sample <n>', 'only so many, drawn by their ids: the same each time').argParser(
          wholeNumber(1),
        ),
        new Option('--since <when>', 'only runs that were started since: 7d, or a date').argParser(
          durationOrMoment,
        ),
        new Option('--execute', 'run the handlers too, with models that answer from the tape of the run'),
        new Option('--effects <most>', 'which handlers are run: those of that effect, or of less')
          .choices(['none', 'idempotent'])
          .default('none'),
      ],
      examples: [
        'rehearse article.ts --store sqlite:runs.db',
        'rehearse article.ts --since 7d --sample 500 --json',
        'rehearse article.ts --runs article-7 article-8 --execute',
        'rehearse article.ts --execute --effects idempotent',
      ],
    },
    (words, ...rest) => rehearseCommand(words.at(0), ...rest),
  )
}
