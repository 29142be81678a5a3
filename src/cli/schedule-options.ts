import { StepwrightError } from '../errors/stepwright-error.ts'
import type { ScheduleOptions } from '../schedule/schedule.ts'
import type { ScheduleChanges } from '../schedule/schedule-book.ts'
import { readJsonArgument } from './json-argument.ts'

/** What is said of a schedule on the command line. */
export interface ScheduleWords extends Partial<Omit<ScheduleOptions, 'id' | 'input' | 'cron' | 'paused'>> {
  /** JSON. */
  readonly input?: string
  readonly cron?: readonly string[]
}

/** Options that can be taken back to their defaults. */
export const UNSETTABLE = [
  ...['session', 'time-zone', 'from', 'until', 'times', 'overlap', 'catch-up', 'jitter', 'note'],
] as const

const PLAIN = [
  ...(['session', 'cron', 'timeZone', 'every', 'at', 'from', 'until', 'times'] as const),
  ...(['overlap', 'catchUp', 'jitter', 'note'] as const),
]

/** The options of a new schedule. */
export async function settingsIn(
  id: string,
  workflow: string,
  words: ScheduleWords,
  paused: boolean,
): Promise<ScheduleOptions> {
  const input = await readJsonArgument(words.input, '--input')
  return { ...plainIn(words), id, workflow, input, ...(paused ? { paused } : {}) }
}

/** What is to be changed. Throws `invalid-options` where that is nothing, or an option is both given and taken back. */
export async function changesIn(words: ScheduleWords, unset: readonly string[]): Promise<ScheduleChanges> {
  const { workflow, input } = words
  const given: ScheduleChanges = {
    ...plainIn(words),
    ...(workflow === undefined ? {} : { workflow }),
    ...(input === undefined ? {} : { input: await readJsonArgument(input, '--input') }),
  }
  const back = unset.map((name) => [camel(name), undefined] as const)
  const both = back.find(([name]) => name in given)
  if (both)
    throw new StepwrightError('invalid-options', {
      what: `${both[0]} is given, and taken back with --unset`,
      remedy: 'Do one of the two',
    })
  const changes = { ...given, ...Object.fromEntries(back) }
  if (Object.keys(changes).length > 0) return changes
  throw new StepwrightError('invalid-options', {
    what: 'Nothing is given that is to be changed',
    remedy: 'Give options such as --cron or --input; see stepwright schedule update --help',
  })
}

function plainIn(words: ScheduleWords): Partial<ScheduleOptions> {
  return Object.fromEntries(PLAIN.flatMap((name) => (words[name] === undefined ? [] : [[name, words[name]]])))
}

function camel(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
