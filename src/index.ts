export { states, resources } from './definition/states.ts'
export { readDefinition } from './definition/read-definition.ts'
export type {
  Context,
  Input,
  Signal,
  ShapeOf,
  OutcomeOf,
  StartOf,
  Moved,
  Go,
  Log,
} from './definition/shape.ts'
export type { Definition, StateDefinition, Exit, Mark } from './definition/definition.ts'
export type { Declaration, Effect } from './definition/declaration.ts'
export { compile, type Machine } from './compile/machine.ts'
export { createEngine, Engine, type EngineSession } from './engine.ts'
export type { EngineOptions } from './options.ts'
export type { RunHandle } from './runtime/run-handle.ts'
export type { RunView } from './runtime/run-view.ts'
export type { RunFilter } from './runtime/run-store.ts'
export type { HistoryEvent } from './model/history.ts'
export type { Status } from './model/status.ts'
export type { Duration } from './model/duration.ts'
export type { RetryOptions } from './model/retry.ts'
export { FatalError, RetryableError, TimeoutError, type Failure } from './model/failure.ts'
export { StepwrightError } from './errors/stepwright-error.ts'
export type { ErrorCode } from './errors/codes.ts'
export { keyvAdapter } from './store/keyv-adapter.ts'
export type { Store } from './store/store.ts'
export type { StoreOption } from './store/open-store.ts'
