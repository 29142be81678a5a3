import { Option } from 'commander'
import type { BackupOptions } from '../../store/backup.ts'
import { backupCommand, restoreCommand } from '../backup-command.ts'
import type { Duration } from '../../model/duration.ts'
import { isEnded, STATUSES, type Ended } from '../../model/status.ts'
import { pruneCommand } from '../prune-command.ts'
import { rekeyCommand } from '../rekey-command.ts'
import { duration, wholeNumber } from './options.ts'
import type { RepairOptions } from '../../control/repairing.ts'
import { repairCommand } from '../repair-command.ts'
import { verifyCommand, type VerifyOptions } from '../verify-command.ts'
import type { Verbs } from './verbs.ts'

const file = 'where the backup is: packed where its name ends in .gz or .zst'

/** Commands for a store as a whole, and for what is damaged in it. */
export function addKeeping(verbs: Verbs): void {
  verbs.add<BackupOptions>(
    {
      syntax: 'backup <file>',
      about:
        'Write everything the store holds to one file. On SQLite also while engines work; elsewhere they must be stopped first.',
      args: { file },
      options: [
        new Option('--live', 'also while workers are at work on a store other than SQLite'),
        new Option('--replace', 'write over a file that is there'),
      ],
      examples: [
        'backup runs.zst',
        'backup nightly.gz --replace --json',
        'backup runs.zst --live --store redis://127.0.0.1:6379',
      ],
    },
    (words, ...rest) => backupCommand(words.at(0), ...rest),
  )

  verbs.add<{ readonly replace?: boolean }>(
    {
      syntax: 'restore <file>',
      about: 'Fill the store with what a backup holds; the store may be of another kind than the one it was.',
      args: { file },
      options: [new Option('--replace', 'delete what the store holds first; default: it must be empty')],
      examples: ['restore runs.zst', 'restore runs.zst --store redis://127.0.0.1:6379 --json'],
    },
    (words, ...rest) => restoreCommand(words.at(0), ...rest),
  )

  verbs.add<VerifyOptions>(
    {
      syntax: 'verify [run...]',
      about:
        'Check all that is stored of runs: every history entry, every large value, and the document against them. With STEPWRIGHT_HISTORY_KEY any edit is found.',
      args: { run: 'ids of runs' },
      options: [new Option('--all', 'all runs; those with problems are shown')],
      examples: ['verify article-7', 'verify article-7 article-8 --json', 'verify --all'],
    },
    (words, ...rest) => verifyCommand(words.all(0), ...rest),
  )

  verbs.add<RepairOptions>(
    {
      syntax: 'repair <run>',
      about:
        'Make the damaged document of a run anew from its history. The run is paused then, for a person to look at; what came after the last entry that is left may be done again.',
      args: { run: 'id of the run' },
      options: [new Option('--dry-run', 'only say what would be left')],
      examples: ['repair article-7 --dry-run', 'repair article-7 --json'],
    },
    (words, ...rest) => repairCommand(words.at(0), ...rest),
  )

  verbs.add<PruneWords>(
    {
      syntax: 'prune',
      about:
        'Remove runs that have ended, with all that belongs to them, and rows that nothing needs any more. A run goes when every option that is given lets it go.',
      options: [
        new Option('--older-than <duration>', 'runs that ended longer ago than this').argParser(duration),
        new Option('--keep <n>', 'the newest so many stay').argParser(wholeNumber(0)),
        new Option('--status <status...>', 'only runs that ended so').choices(STATUSES.filter(isEnded)),
        new Option('-w, --workflow <name>', 'only runs of that workflow'),
        new Option('--dry-run', 'only show which runs would go'),
      ],
      examples: [
        'prune --older-than 30d --dry-run',
        'prune --older-than 30d --keep 1000 --status completed',
        'prune --keep 100 --workflow article --json',
      ],
    },
    (_words, { olderThan, keep, status, workflow, dryRun }, ...rest) =>
      pruneCommand(
        {
          ...(olderThan === undefined ? {} : { after: olderThan }),
          ...(keep === undefined ? {} : { keep }),
          ...(status ? { statuses: status } : {}),
          ...(workflow === undefined ? {} : { workflow }),
          ...(dryRun ? { dryRun } : {}),
        },
        ...rest,
      ),
  )
  addRekey(verbs)
}

function addRekey(verbs: Verbs): void {
  verbs.add<{ readonly plain?: boolean }>(
    {
      syntax: 'rekey',
      about:
        'Encrypt what the store holds with the current key, the first of STEPWRIGHT_KEYS or of the file that STEPWRIGHT_KEYS_FILE names. No worker may be at work.',
      options: [new Option('--plain', 'also what is in the clear, to begin with encryption')],
      examples: ['rekey', 'rekey --plain --json'],
    },
    (_words, ...rest) => rekeyCommand(...rest),
  )
}

interface PruneWords {
  readonly olderThan?: Duration
  readonly keep?: number
  readonly status?: readonly Ended[]
  readonly workflow?: string
  readonly dryRun?: boolean
}
