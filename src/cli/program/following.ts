import { Option } from 'commander'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import type { InspectorOptions } from '../../inspect/bridge/inspector.ts'
import { unpauseCommand, type AskOptions } from '../ask-command.ts'
import { HEATS } from '../../inspect/drawing/marks.ts'
import { CHART_FORMATS, graphCommand, type GraphOptions } from '../graph-command.ts'
import { resumeCommand, type ResumeOptions } from '../resume-command.ts'
import { runCommand, type RunOptions } from '../run-command.ts'
import {
  asOption,
  duration,
  durationOrMoment,
  noFollowOption,
  repeated,
  selectionOptions,
  wholeNumber,
} from './options.ts'
import type { Verbs } from './verbs.ts'

const workflowOption = (): Option =>
  new Option('-w, --workflow <name>', 'which workflow, where the file exports several')

/** `run` and `resume`: commands that drive. */
export function addFollowing(verbs: Verbs): void {
  verbs.add<RunOptions>(
    {
      syntax: 'run <file>',
      about: 'Start a run and follow it to its end.',
      args: { file: 'TypeScript or JavaScript file that exports the workflow class' },
      options: [
        new Option(
          '-i, --input <json>',
          'what the run starts with: JSON, @file, or - for stdin (default: {})',
        ),
        workflowOption(),
        new Option(
          '--id <id>',
          'id of the run; one that was started before with it and the same input goes on',
        ),
        new Option('--session <id>', 'session that it shares with other runs'),
        new Option('--deadline <when>', 'how long it may take in all (2d), or until when').argParser(
          durationOrMoment,
        ),
        noFollowOption(),
        asOption(),
      ],
      examples: [
        'run article.ts',
        'run article.ts --input @topic.json --id article-7',
        'run article.ts --deadline 2d --no-follow',
        'echo \'{"topic":"cats"}\' | stepwright run article.ts --input - --json',
      ],
    },
    (words, ...rest) => runCommand(words.at(0), ...rest),
  )

  verbs.add<Omit<ResumeOptions, 'inspect'> & AskOptions>(
    {
      syntax: 'resume [file]',
      about:
        'Go on with runs until each has ended, was parked or waits for a signal. Without a file: let paused runs go on, and leave them to the workers there are.',
      args: { file: 'file that exports their workflow classes' },
      options: [
        new Option('--run <id>', 'only that run, also if it is parked or paused; may be repeated').argParser(
          repeated,
        ),
        new Option('--watch', 'keep driving, also what is started later, until Ctrl-C'),
        new Option(
          '--kill-after <time>',
          'end this process once a handler has blocked it for so long, for a process manager to start it again',
        ).argParser(duration),
        ...selectionOptions(),
        asOption(),
      ],
      examples: [
        'resume article.ts',
        'resume article.ts --session ada',
        'resume article.ts --watch --kill-after 30s',
        'resume --run article-7',
        'resume --workflow article --dry-run',
      ],
    },
    (words, options, ...rest) => {
      const file = words.maybe(0)
      if (file !== undefined) return resumeCommand(file, onlyWithFile(options), ...rest)
      if (options.watch || options.killAfter !== undefined)
        throw new StepwrightError('invalid-options', {
          what: `--${options.watch ? 'watch' : 'kill-after'} is given, and no file with the code to drive`,
          remedy: 'Name the file that exports the workflow classes',
        })
      return unpauseCommand(options.run ?? [], options, ...rest)
    },
  )

  verbs.add<InspectorOptions & { readonly run?: string }>(
    {
      syntax: 'inspect <file>',
      about:
        'Drive runs as `resume --watch` does, and show them on a page and to inspectors of XState. Runs that have ended are shown as they went.',
      args: { file: 'file that exports the workflow classes' },
      options: [
        new Option('--run <id>', 'open the page on that run'),
        new Option('--port <n>', 'port of the page and the inspectors, on this machine only').argParser(
          wholeNumber(0, 65_535),
        ),
        new Option(
          '--allow-send',
          'who has the printed address may send the signals that a workflow declares',
        ),
        new Option('--hosted-viewers', 'the pages at stately.ai and statecharts.io may connect'),
      ],
      examples: [
        'inspect article.ts',
        'inspect article.ts --run article-7',
        'inspect article.ts --port 8765 --allow-send',
      ],
    },
    (words, { port = 0, allowSend = false, hostedViewers = false, run }, ...rest) =>
      resumeCommand(words.at(0), { watch: true, inspect: { port, allowSend, hostedViewers, run } }, ...rest),
  )

  verbs.add<GraphOptions>(
    {
      syntax: 'graph <file>',
      about: 'Draw the chart of a workflow, and on it what a run did, or all runs.',
      args: { file: 'file that exports the workflow class' },
      options: [
        workflowOption(),
        new Option(
          '--format <format>',
          'how it is written; default: as the file of -o ends, or mermaid',
        ).choices(CHART_FORMATS),
        new Option('-o, --out <file>', 'where to; default: stdout'),
        new Option('--run <id>', 'mark the way of that run, where it stands, times and failures'),
        new Option('--heat <what>', 'count all runs of the workflow, and colour its states').choices(HEATS),
        new Option('--coverage <file>', 'mark what tests have seen, as coverageReporter({ file }) wrote it'),
      ],
      examples: [
        'graph article.ts -o article.svg',
        'graph article.ts --format text --run article-7',
        'graph article.ts -o hot.svg --heat time',
        'graph article.ts --format xstate > article.machine.json',
      ],
    },
    (words, ...rest) => graphCommand(words.at(0), ...rest),
  )
}

/** What chooses runs to be let go on does not go with a file: with one, the command drives. */
function onlyWithFile(options: Omit<ResumeOptions, 'inspect'> & AskOptions): ResumeOptions {
  const names = ['workflow', 'status', 'state', 'all', 'dryRun', 'yes'] as const
  const wrong = names.find((name) => options[name] !== undefined)
  if (wrong === undefined) return options
  throw new StepwrightError('invalid-options', {
    what: `--${wrong === 'dryRun' ? 'dry-run' : wrong} is for resume without a file`,
    remedy: 'Choose runs of a file with --run or --session',
  })
}
