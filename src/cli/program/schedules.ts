import { Option } from 'commander'
import { OVERLAPS } from '../../schedule/schedule.ts'
import {
  backfillSchedule,
  createSchedule,
  deleteSchedule,
  holdSchedule,
  listSchedules,
  nextOfSchedule,
  runSchedule,
  showSchedule,
  updateSchedule,
  type StartingOptions,
} from '../schedule-command.ts'
import { UNSETTABLE, type ScheduleWords } from '../schedule-options.ts'
import { duration, moment, noFollowOption, repeated, wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

const id = 'id of the schedule'
const file = 'file that exports its workflow class'
const noteOption = (): Option => new Option('--note <text>', 'for people')

/** `stepwright schedule` with the commands under it. */
export function addSchedules(top: Verbs): void {
  const examples = [
    'schedule create nightly report.ts --cron "30 2 * * MON-FRI" --time-zone Europe/Berlin',
    'schedule list',
    'schedule pause nightly --note "the database moves"',
  ]
  const schedule = top.folder(
    'schedule',
    'Start runs at times: make, look at and change schedules.',
    examples,
  )
  const verbs = top.within(schedule, 'Commands:')
  addReading(verbs)
  addChanging(verbs)
  addStarting(verbs)
}

function addReading(verbs: Verbs): void {
  verbs.add(
    {
      syntax: 'list',
      about: 'List schedules.',
      examples: ['schedule list', 'schedule list --json'],
    },
    (_words, _options, ...rest) => listSchedules(...rest),
  )
  verbs.add(
    {
      syntax: 'show <id>',
      about: 'Show one schedule: its options, what is due, and what it started.',
      args: { id },
      examples: ['schedule show nightly', 'schedule show nightly --json'],
    },
    (words, _options, ...rest) => showSchedule(words.at(0), ...rest),
  )
  verbs.add<{ readonly limit: number }>(
    {
      syntax: 'next <id>',
      about: 'Say when it is due next, as if it were not paused.',
      args: { id },
      options: [new Option('--limit <n>', 'so many times').argParser(wholeNumber(1, 1_000)).default(5)],
      examples: ['schedule next nightly', 'schedule next nightly --limit 20 --json'],
    },
    (words, { limit }, ...rest) => nextOfSchedule(words.at(0), limit, ...rest),
  )
}

function addChanging(verbs: Verbs): void {
  verbs.add<ScheduleWords & { readonly paused?: boolean }>(
    {
      syntax: 'create <id> <file>',
      about: 'Make a schedule. The same again is the one that is there.',
      args: { id, file },
      options: [
        new Option('-w, --workflow <name>', 'which workflow, where the file exports several'),
        ...timeOptions(),
        new Option('--paused', 'nothing is due until it is resumed'),
      ],
      examples: [
        'schedule create nightly report.ts --input \'{"of":"sales"}\' --cron "30 2 * * MON-FRI" --time-zone Europe/Berlin',
        'schedule create pulse check.ts --every 90s --overlap buffer-one',
        'schedule create once report.ts --at 2027-01-01T00:00:00Z',
      ],
    },
    (words, ...rest) => createSchedule(words.at(0), words.at(1), ...rest),
  )
  verbs.add<ScheduleWords & { readonly unset?: readonly string[] }>(
    {
      syntax: 'update <id> [file]',
      about: 'Change a schedule. A new input or workflow needs the file, to be checked.',
      args: { id, file },
      options: [
        new Option('-w, --workflow <name>', 'another workflow'),
        ...timeOptions(),
        new Option('--unset <option...>', 'take options back to their defaults').choices(UNSETTABLE),
      ],
      examples: [
        'schedule update nightly --cron "0 3 * * *" --note "after the import"',
        'schedule update nightly --unset jitter until',
        'schedule update nightly report.ts --input \'{"of":"costs"}\'',
      ],
    },
    (words, ...rest) => updateSchedule(words.at(0), words.maybe(1), ...rest),
  )
  for (const hold of ['pause', 'resume'] as const)
    verbs.add<{ readonly note?: string }>(
      {
        syntax: `${hold} <id>`,
        about:
          hold === 'pause'
            ? 'Pause a schedule: nothing is due until it is resumed.'
            : 'Let a schedule go on; what was due meanwhile is not made up for.',
        args: { id },
        options: [noteOption()],
        examples: [`schedule ${hold} nightly`, `schedule ${hold} nightly --note "the database moves"`],
      },
      (words, { note }, ...rest) => holdSchedule(words.at(0), hold, note, ...rest),
    )
  verbs.add(
    {
      syntax: 'delete <id>',
      about: 'Remove a schedule; its runs go on.',
      args: { id },
      examples: ['schedule delete nightly', 'schedule delete nightly --json'],
    },
    (words, _options, ...rest) => deleteSchedule(words.at(0), ...rest),
  )
}

function addStarting(verbs: Verbs): void {
  verbs.add<StartingOptions>(
    {
      syntax: 'run <id> <file>',
      about: 'Start a run of a schedule now, and follow it.',
      args: { id, file },
      options: [noFollowOption()],
      examples: ['schedule run nightly report.ts', 'schedule run nightly report.ts --no-follow'],
    },
    (words, ...rest) => runSchedule(words.at(0), words.at(1), ...rest),
  )
  verbs.add<StartingOptions & { readonly from: Date; readonly to: Date }>(
    {
      syntax: 'backfill <id> <file>',
      about: 'Start a run for each due time of the past that has none, and drive them.',
      args: { id, file },
      options: [
        new Option('--from <date>', 'the first moment').argParser(moment).makeOptionMandatory(),
        new Option('--to <date>', 'the last moment').argParser(moment).makeOptionMandatory(),
        noFollowOption(),
      ],
      examples: [
        'schedule backfill nightly report.ts --from 2026-05-01 --to 2026-05-08',
        'schedule backfill nightly report.ts --from 2026-05-01T06:00Z --to 2026-05-01T18:00Z --no-follow',
      ],
    },
    (words, ...rest) => backfillSchedule(words.at(0), words.at(1), ...rest),
  )
}

function timeOptions(): readonly Option[] {
  return [
    new Option('-i, --input <json>', 'what its runs start with: JSON, @file, or - for stdin'),
    new Option('--cron <line>', 'minute, hour, day of month, month, day of week; may be repeated').argParser(
      repeated,
    ),
    new Option('--time-zone <name>', 'time zone of the cron lines, such as Europe/Berlin (default: UTC)'),
    new Option('--every <duration>', 'from one start to the next, such as 90m').argParser(duration),
    new Option('--at <date>', 'once').argParser(moment),
    new Option('--from <date>', 'no due time before this').argParser(moment),
    new Option('--until <date>', 'no due time after this').argParser(moment),
    new Option('--times <n>', 'at most so many due times lead to a run').argParser(wholeNumber(1)),
    new Option('--overlap <policy>', 'while a run is still going (default: skip)').choices(OVERLAPS),
    new Option('--catch-up <duration>', 'how late a run may be started (default: 1m)').argParser(duration),
    new Option('--jitter <duration>', 'starts are put off by up to this').argParser(duration),
    new Option('--session <id>', 'session of its runs'),
    noteOption(),
  ]
}
