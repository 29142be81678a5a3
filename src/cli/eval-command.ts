import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { compareResults } from '../eval/comparison.ts'
import { evaluate } from '../eval/evaluate.ts'
import { isEvaluation, type Evaluation, type Variant } from '../eval/evaluation.ts'
import type { EvaluationResult } from '../eval/result.ts'
import { EvalShelf, type StoredResult } from './eval-shelf.ts'
import { comparisonLines, itemLine, resultLines } from './eval-text.ts'
import { EXIT } from './exit-code.ts'
import { watchInterrupts, type Interrupt } from './interrupt.ts'
import type { StoreChoice } from './shell-line.ts'
import type { Terminal } from './terminal.ts'
import { importFile } from './workflow-file.ts'

/** Options of `stepwright eval`. */
export interface EvalOptions {
  readonly concurrency: number
  readonly limit?: number
  readonly threshold?: number
  readonly model?: string
  readonly prompt?: string
  /** The id of a stored result, `last` or `none`. */
  readonly compare: string
  readonly out: string
}

/** More items than that are told of now and then, not one by one. */
const EACH_TOLD = 50

/** Runs an evaluation, stores its result, and compares it with another. */
export async function evalCommand(
  path: string,
  { concurrency, limit, threshold, model, prompt, compare, out }: EvalOptions,
  _choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const variant: Variant = {
    ...(model === undefined ? {} : { model }),
    ...(prompt === undefined ? {} : { prompt: await readPrompt(prompt) }),
  }
  const evaluation = await loadEvaluation(path)
  const shelf = new EvalShelf(out, evaluation.name)
  const before = await chosen(shelf, compare, terminal) // before anything is paid for
  const stop = new AbortController()
  const interrupts = watchInterrupts()
  let interrupt: Interrupt | undefined
  void interrupts.first.then((first) => {
    interrupt = first
    stop.abort()
    terminal.note(terminal.onErr('dim', 'ends after the items at work; once more to end at once'))
  })
  let result: EvaluationResult
  try {
    result = await evaluate(evaluation, {
      ...{ variant, concurrency, folder: dirname(path), signal: stop.signal },
      ...(limit === undefined ? {} : { limit }),
      ...(threshold === undefined ? {} : { threshold }),
      onItem: (item, done, total) => {
        const every = total <= EACH_TOLD ? 1 : Math.ceil(total / 20)
        if (done % every === 0 || done === total) terminal.note(itemLine(item, done, total, terminal))
      },
    })
  } finally {
    interrupts.end()
  }
  const file = await shelf.add(result)
  tell(result, file, before, terminal)
  return interrupt?.exitCode ?? (result.passed ? EXIT.ok : EXIT.runFailed)
}

/** The evaluation that a file exports. Throws `invalid-options` where it exports none. */
async function loadEvaluation(path: string): Promise<Evaluation> {
  const { default: exported } = await importFile(path)
  const inner = (exported as { readonly default?: unknown } | undefined)?.default // of CommonJS
  const found = [exported, inner].find(isEvaluation)
  if (found) return found
  throw new StepwrightError('invalid-options', {
    what: `${path} exports no evaluation as its default`,
    remedy: 'Write export default evaluation({ ... }), with evaluation from stepwright/eval',
    details: { file: path },
  })
}

async function readPrompt(given: string): Promise<string> {
  if (!given.startsWith('@')) return given
  try {
    return await readFile(given.slice(1), 'utf8')
  } catch (cause) {
    throw new StepwrightError('invalid-options', {
      what: `--prompt is ${quote(given)}, and that file cannot be read: ${(cause as Error).message}`,
      remedy: 'Name a file with the prompt after the @, or give the prompt itself',
      cause,
    })
  }
}

/** What is compared with. A last one that cannot be read is no reason not to go on. */
async function chosen(
  shelf: EvalShelf,
  compare: string,
  terminal: Terminal,
): Promise<StoredResult | undefined> {
  if (compare === 'none') return undefined
  if (compare !== 'last') return shelf.get(compare)
  return shelf.last().catch((error: unknown) => {
    terminal.warn((error as Error).message)
    return undefined
  })
}

function tell(
  result: EvaluationResult,
  file: string,
  before: StoredResult | undefined,
  terminal: Terminal,
): void {
  const comparison = before && compareResults(before.result, result)
  if (terminal.json) {
    const compared = before && comparison ? { comparedWith: before.id, comparison } : {}
    return terminal.printJson({ ...result, file, ...compared })
  }
  for (const line of resultLines(result, terminal)) terminal.print(line)
  if (before && comparison)
    for (const line of comparisonLines(before.id, comparison, terminal)) terminal.print(line)
  terminal.note(terminal.onErr('dim', `stored in ${file}`))
}
