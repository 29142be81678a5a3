import type { AnyClass, Key, OutcomeOf, Moved, SentTo, ShapeOf, StartOf } from '../definition/shape.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import type { Data } from './dataset.ts'
import { functionSubject } from './function-subject.ts'
import { recordedSubject } from './recorded-subject.ts'
import { runSubject, type Answering } from './run-subject.ts'
import { namedScorers, type NamedScorer, type Scorer } from './scorer.ts'
import type { Subject } from './subject.ts'

/** What is tried in place of what an evaluation has by itself. Its `resources` make of it what they will. */
export interface Variant {
  /** For people. Default: its model, its prompt. */
  readonly name?: string
  readonly model?: string
  readonly prompt?: string
}

/** What all evaluations have. */
interface Common<I, O, E, R extends object> {
  /** Results are stored under it: letters, digits, `.`, `_`, `-`. */
  readonly name: string
  readonly data: Data<I, E>
  /** What is run is given these: an object, or a function that makes one for a variant, once an evaluation. */
  readonly resources?: R | ((variant: Variant) => R | Promise<R>)
  readonly scorers: readonly Scorer<I, O, E>[]
  /** The least mean score with which it passes. Default: it passes where no item has failed. */
  readonly threshold?: number
  /** How long one item may take. Default `'5m'`. */
  readonly timeout?: Duration
}

/** Evaluates a function. */
export interface FunctionEvaluation<I, O, E, R extends object> extends Common<I, O, E, R> {
  readonly run: (input: I, context: R & { readonly signal: AbortSignal }) => O | Promise<O>
}

type ResourcesOf<C extends AnyClass> = ShapeOf<C>['resources']

interface OfWorkflow<C extends AnyClass> {
  readonly workflow: C
  readonly config?: ShapeOf<C>['configGiven']
  /** Called where a run waits for signals, with what it awaits: what is sent to it. Default: nothing, and the wait expires. */
  readonly signals?: Answering
}

/** Evaluates a workflow: each item is a run, in memory, from its start to its end. The output is what the final state received. */
export interface WorkflowEvaluation<C extends AnyClass, E>
  extends Common<StartOf<ShapeOf<C>>, OutcomeOf<ShapeOf<C>>['data'], E, ResourcesOf<C>>, OfWorkflow<C> {}

/** Evaluates one state of a workflow: each item is what it receives, the output what it hands over to the next; where it goes is the path. */
export interface StateEvaluation<C extends AnyClass, S extends Key, E>
  extends Common<SentTo<ShapeOf<C>, S>, Moved<ShapeOf<C>>['data'], E, ResourcesOf<C>>, OfWorkflow<C> {
  readonly state: S
  readonly vars?: Partial<ShapeOf<C>['vars'] & object>
}

/** Judges what is there already: the `recorded` outputs of the items. */
export interface RecordedEvaluation<I, O, E> extends Common<I, O, E, object> {
  readonly run?: undefined
  readonly workflow?: undefined
}

const MARK = Symbol.for('stepwright.evaluation')

/** Something to be evaluated; made by {@link evaluation}. */
export interface Evaluation {
  readonly name: string
  readonly data: Data
  readonly scorers: readonly NamedScorer[]
  readonly threshold?: number
  readonly timeoutMs: number
  /** @internal */
  readonly subject: Subject
  /** The resources for a variant. */
  readonly resources: (variant: Variant) => object | Promise<object>
  /** `false`: all variants are the same. */
  readonly varies: boolean
}

/** Any of the options of {@link evaluation}. */
type AnyOptions = Common<never, never, never, object> & {
  readonly run?: (input: never, context: never) => unknown
} & Partial<OfWorkflow<AnyClass>> & { readonly state?: Key; readonly vars?: object }

/**
 * Declares an evaluation: data, what is run over it, and what judges the outputs. `stepwright eval` runs the one that a
 * file exports as its default, `evaluate` does so in code.
 *
 * @throws StepwrightError `invalid-options`
 * @example
 * export default evaluation({
 *   name: 'topics',
 *   data: 'topics.jsonl',
 *   resources: ({ model = 'gpt-5-mini' }) => ({ llm: createLlm(openAiModel({ model })) }),
 *   run: (text: string, { llm }) => llm.classify(Topic, text),
 *   scorers: [exact()],
 *   threshold: 0.9,
 * })
 */
export function evaluation<I, O, E, R extends object = object>(
  options: FunctionEvaluation<I, O, E, R>,
): Evaluation
export function evaluation<C extends AnyClass, const S extends ShapeOf<C>['state'], E>(
  options: StateEvaluation<C, S, E>,
): Evaluation
export function evaluation<C extends AnyClass, E>(options: WorkflowEvaluation<C, E>): Evaluation
export function evaluation<I, O, E>(options: RecordedEvaluation<I, O, E>): Evaluation
export function evaluation(given: unknown): Evaluation {
  const options = given as AnyOptions
  const { name, data, scorers, threshold, timeout = '5m', resources = {} } = options
  const wrong = wrongIn(options)
  if (wrong !== undefined)
    throw new StepwrightError('invalid-options', {
      what: `The evaluation ${quote(name)} ${wrong}`,
      remedy: 'Give it { name, data, run or workflow, scorers, threshold? }',
    })
  const varies = typeof resources === 'function'
  return Object.freeze({
    [MARK]: true,
    ...{ name, data: data as Data, scorers: namedScorers(scorers) },
    ...(threshold === undefined ? {} : { threshold }),
    timeoutMs: toMs(timeout, 'timeout'),
    subject: subjectOf(options),
    resources: varies ? (resources as Evaluation['resources']) : () => resources,
    varies,
  })
}

/** Whether a value was made by {@link evaluation}. */
export function isEvaluation(value: unknown): value is Evaluation {
  return typeof value === 'object' && value !== null && MARK in value
}

function subjectOf({ name, run, workflow, config, signals, state, vars }: AnyOptions): Subject {
  if (run) return functionSubject(name, run)
  if (!workflow) return recordedSubject
  return runSubject({
    workflow,
    ...(config === undefined ? {} : { config: config as object }),
    ...(signals ? { signals } : {}),
    ...(state === undefined ? {} : { from: { state: String(state), vars: vars ?? {} } }),
  })
}

function wrongIn({ name, data, run, workflow, scorers, threshold }: Partial<AnyOptions>): string | undefined {
  if (typeof name !== 'string' || !/^\w[\w.-]{0,99}$/.test(name))
    return 'has no name that a folder could have'
  if (data === undefined) return 'has no data'
  if (run && workflow) return 'has both run and workflow'
  if (!Array.isArray(scorers) || scorers.length === 0) return 'has no scorers'
  if (scorers.some((scorer) => typeof scorer !== 'function')) return 'has a scorer that is no function'
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 1))
    return `has the threshold ${quote(threshold)}, which is no number from 0 to 1`
  return undefined
}
