export {
  diffDefinitions,
  isSame,
  type FieldChange,
  type StateChange,
  type TransitionChange,
  type WorkflowDiff,
} from './definition-diff.ts'
export type { Rename } from './rename.ts'
export type { Risk } from './risk.ts'
export { markedChart, type MarkedChart, type MarkedState, type MarkedTransition } from './marks.ts'
export { diffDot, diffSvg } from './diff-drawing.ts'
export { diffMermaid } from './diff-mermaid.ts'
export { diffLines, type DiffLine } from './diff-text.ts'
export type { Change } from '../inspect/drawing/drawing.ts'
