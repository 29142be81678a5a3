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
