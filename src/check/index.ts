export { check, type CheckOptions } from './check.ts'
export { toSarif, type SarifLog, type SarifOptions } from './sarif.ts'
export type { Finding } from './finding.ts'
export { RULES, type Allowed, type RuleCode, type Severity } from '../model/rule.ts'
export { refusalOf, type Problem, type Refusal } from '../definition/refusal.ts'
export { docComments } from './source/doc-comments.ts'
export { readSource, type SourceOptions } from './source/read-source.ts'
export type {
  Member,
  Misfit,
  Origin,
  Place,
  Source,
  SourceEdge,
  SourceEntry,
  SourceHandler,
  SourceMethod,
  SourceMove,
  SourcePrompt,
  WorkflowSource,
} from './source/source.ts'
export { bounds, type Bound, type Bounds, type BoundsOptions } from './bounds/bounds.ts'
export type { Metric } from './bounds/amount.ts'
export type { Figures, PerState } from './bounds/figures.ts'
export { limits, type Limits, type Most } from './bounds/limits.ts'
export {
  after,
  atMost,
  eventually,
  never,
  type After,
  type Never,
  type Property,
} from './properties/property.ts'
export type { Claim } from './properties/property.ts'
export { properties, type Properties, type PropertiesOptions } from './properties/properties.ts'
export type { Loops } from './properties/counterexample.ts'
