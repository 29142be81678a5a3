export { project, type ProjectionOptions } from '../compile/projection.ts'
export { toMermaid } from './mermaid.ts'
export { toJson, toXStateConfig } from './chart-json.ts'
export type { InspectorOptions } from './bridge/inspector.ts'
