export {
  evaluation,
  type Evaluation,
  type FunctionEvaluation,
  type RecordedEvaluation,
  type StateEvaluation,
  type Variant,
  type WorkflowEvaluation,
} from './evaluation.ts'
export type { Answering } from './run-subject.ts'
export { evaluate, type EvaluateOptions } from './evaluate.ts'
export type { EvaluationResult, ItemResult } from './result.ts'
export { compareResults, type Change, type Comparison } from './comparison.ts'
export { compare, type VariantResult } from './variants.ts'
export {
  climb,
  rewriting,
  type Climbed,
  type ClimbOptions,
  type ClimbRound,
  type Propose,
  type Tried,
} from './climb.ts'
export type { Data } from './dataset.ts'
export type { Item, RecordedOutcome } from './item.ts'
export { fromRuns, outcomesOf, type RecordedFilter } from './recorded-runs.ts'
export { named, type Outcome, type Score, type Scored, type Scorer } from './scorer.ts'
export type { Trace } from './trace.ts'
export { at, contains, exact, regex, schema } from './text-scorers.ts'
export { path, tools, visits } from './path-scorers.ts'
export { embedding, judge, type JudgeOptions } from './model-scorers.ts'
