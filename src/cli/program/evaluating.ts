import { InvalidArgumentError, Option } from 'commander'
import { evalCommand, type EvalOptions } from '../eval-command.ts'
import { wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

/** `eval`: how good the answers are. */
export function addEvaluating(verbs: Verbs): void {
  verbs.add<EvalOptions>(
    {
      syntax: 'eval <file>',
      about:
        'Run an evaluation over its dataset, show the scores, and compare them with the last time. Exit code 1 below the threshold.',
      args: { file: 'TypeScript or JavaScript file with export default evaluation({ ... })' },
      options: [
        new Option('--concurrency <n>', 'items at work at once').argParser(wholeNumber(1)).default(4),
        new Option('--limit <n>', 'only the first so many items').argParser(wholeNumber(1)),
        new Option('--threshold <score>', 'the least mean score, from 0 to 1').argParser(score),
        new Option('--model <name>', 'given to the resources of the evaluation'),
        new Option('--prompt <text>', 'the same: the prompt, or @file for the one in a file'),
        new Option('--compare <id>', 'with which stored result: its id, last, or none').default('last'),
        new Option('--out <folder>', 'where results are stored').default('.stepwright/evals'),
      ],
      examples: [
        'eval topics.eval.ts',
        'eval topics.eval.ts --threshold 0.9 --json',
        'eval topics.eval.ts --limit 20 --model gpt-5-mini --compare 2026-11-21T09-30-00.000Z',
        'eval topics.eval.ts --prompt @shorter.txt --compare last',
      ],
    },
    (words, ...rest) => evalCommand(words.at(0), ...rest),
  )
}

function score(text: string): number {
  const n = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN
  if (n >= 0 && n <= 1) return n
  throw new InvalidArgumentError('Give a number from 0 to 1, such as 0.8.')
}
