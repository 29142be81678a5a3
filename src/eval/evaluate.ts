import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { TimeoutError, toFailure } from '../model/failure.ts'
import { formatMs } from '../model/duration.ts'
import { systemHost } from '../model/host.ts'
import { sideBySide } from '../model/side-by-side.ts'
import { readItems } from './dataset.ts'
import type { Evaluation, Variant } from './evaluation.ts'
import { placed, type Item, type PlacedItem } from './item.ts'
import { meanOf, summary, type EvaluationResult, type ItemResult } from './result.ts'
import { readScore, type Outcome, type Scored } from './scorer.ts'
import { boundTo, ItemScope, Tracer } from './trace.ts'

/** How an evaluation is run. */
export interface EvaluateOptions {
  /** What is tried; the evaluation's `resources` must be a function. */
  readonly variant?: Variant
  /** Items at work at once. Default 4. */
  readonly concurrency?: number
  /** Only the first so many items. */
  readonly limit?: number
  /** In place of the evaluation's own data. */
  readonly items?: readonly Item[]
  /** In place of the evaluation's own. */
  readonly threshold?: number
  /** Where relative names of data files begin. Default: the working directory. */
  readonly folder?: string
  /** When it fires no more items are begun; those at work come to their end, and count. */
  readonly signal?: AbortSignal
  /** Called with each item when it is done, and how many are. */
  readonly onItem?: (item: ItemResult, done: number, total: number) => void
}

/**
 * Runs an evaluation. An item that fails is a failed item, with the score 0; the others go on.
 *
 * @throws StepwrightError `invalid-options`, `invalid-json` for what is wrong with the evaluation or its data
 * @example
 * expect((await evaluate(topics)).mean).toBeGreaterThan(0.8)
 */
export async function evaluate(
  evaluation: Evaluation,
  options: EvaluateOptions = {},
): Promise<EvaluationResult> {
  const { variant = {}, concurrency = 4, limit, folder = '.', signal, onItem } = options
  const { name, scorers } = evaluation
  const { threshold = evaluation.threshold } = options
  checkCounts({ concurrency, limit: limit ?? 1 })
  if (!evaluation.varies && (variant.model !== undefined || variant.prompt !== undefined))
    throw new StepwrightError('invalid-options', {
      what: `The evaluation ${quote(name)} is given a variant, and its resources are the same for all`,
      remedy: 'Make them a function: resources: ({ model, prompt }) => ({ ... })',
    })
  const items = placed(await readItems(options.items ?? evaluation.data, folder, limit))
  const resources = await evaluation.resources(variant)
  const began = systemHost.now()
  let finished = 0
  const work = async (item: PlacedItem): Promise<ItemResult> => {
    const result = await doItem(evaluation, item, resources)
    onItem?.(result, ++finished, items.length)
    return result
  }
  const done = await sideBySide(items, concurrency, work, signal)
  return {
    ...{ version: 1, evaluation: name, variant, startedAt: new Date(began).toISOString() },
    ...{ ms: systemHost.now() - began, items: done, total: items.length },
    stopped: done.length < items.length,
    ...(threshold === undefined ? {} : { threshold }),
    ...summary(
      done,
      scorers.map((scorer) => scorer.name),
      threshold,
    ),
  }
}

function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts))
    if (!Number.isSafeInteger(count) || count < 1)
      throw new StepwrightError('invalid-options', {
        what: `${name} is ${quote(count)}`,
        remedy: 'Give a whole number of 1 or more',
      })
}

async function doItem(
  evaluation: Evaluation,
  { item, key, title, number }: PlacedItem,
  resources: object,
): Promise<ItemResult> {
  const tracer = new Tracer()
  const judged = new Tracer()
  const id = systemHost.newId()
  const out = new AbortController()
  const { timeoutMs } = evaluation
  const late = setTimeout(
    () => out.abort(new TimeoutError(`it took longer than ${formatMs(timeoutMs)}`)),
    Math.min(timeoutMs, 2 ** 31 - 1),
  )
  const { signal } = out
  const scores: Record<string, Scored> = {}
  let where = 'run'
  let output: unknown
  let error: ItemResult['error']
  const began = performance.now()
  let ms: number | undefined
  const lasted = (): number => Math.round(performance.now() - began)
  try {
    output = await inTime(signal, evaluation.subject(item, { id, resources, tracer, signal }))
    ms = lasted()
    const scope = new ItemScope(`${id}-scoring`, evaluation.name, judged, signal)
    const { input, expected } = item
    const counted = <T>(resource: T): T => boundTo(resource, scope)
    const outcome: Outcome = { input, output, expected, item, trace: tracer, signal, counted }
    for (const { name, score } of evaluation.scorers) {
      where = name
      scores[name] = readScore(name, await inTime(signal, (async () => score(outcome as never))()))
    }
  } catch (thrown) {
    const { name, message, code } = toFailure(thrown)
    error = { in: where, name, message, ...(code === undefined ? {} : { code }) }
  } finally {
    clearTimeout(late)
  }
  return {
    ...{ key, title, number, input: item.input },
    ...(item.expected === undefined ? {} : { expected: item.expected }),
    ...(output === undefined ? {} : { output }),
    ...{ scores, mean: error ? 0 : meanOf(Object.values(scores).map(({ score }) => score)) },
    ...(error ? { error } : {}),
    ...{ path: tracer.path, tools: tracer.tools, spent: tracer.spent, scoring: judged.spent },
    ms: ms ?? lasted(),
  }
}

/** A promise, or the reason of the signal where that is first. */
function inTime<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
