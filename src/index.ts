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
  ItemContext,
  Join,
  Joined,
  Settled,
  SoFar,
  Standing,
  Vote,
  WorkList,
} from './definition/shape.ts'
export type { Definition, StateDefinition, Mark } from './definition/definition.ts'
export type { Exit } from './definition/exit.ts'
export type { Declaration } from './definition/declaration.ts'
export type { Effect } from './definition/policy.ts'
export { compile, type Machine } from './compile/machine.ts'
export { createEngine, Engine } from './engine.ts'
export type { EngineSession } from './session.ts'
export type { EngineOptions, WatchdogOptions } from './options.ts'
export type { Limits } from './model/limits.ts'
export type { StreamPiece } from './control/streaming.ts'
export type { RunHandle } from './control/run-handle.ts'
export type { PartsProgress } from './control/parts-progress.ts'
export type { RunView } from './control/run-view.ts'
export type { RunFilter } from './control/run-store.ts'
export type { Verb } from './runtime/verbs.ts'
export type { ForkOptions } from './control/forking.ts'
export type { BulkResult } from './control/bulk.ts'
export type { PruneOptions, PruneReport, Pruned } from './control/pruning.ts'
export type { Retention } from './control/retention.ts'
export type { RepairOptions, RepairReport } from './control/repairing.ts'
export type { Verification } from './control/verifying.ts'
export type { Problem } from './store/history-walk.ts'
export type { MigrationReport } from './control/judging.ts'
export type { Part } from './store/part-list.ts'
export type { ScheduleBook } from './schedule/schedule-book.ts'
export type { Overlap, ScheduleOptions, ScheduleView } from './schedule/schedule.ts'
export { bind, type Bindable, type Recorded, type Family, type Scope } from './definition/scope.ts'
export type { AnswerTrouble, Handover, ModelCall, Spent, ToolCalled, Usage } from './model/model-call.ts'
export type { HistoryEvent, Note } from './model/history.ts'
export type { Status } from './model/status.ts'
export type { Duration } from './model/duration.ts'
export type { Caller } from './model/caller.ts'
export type { RetryOptions, RetryTable } from './model/retry.ts'
export {
  CancelledError,
  ChildError,
  FatalError,
  JoinError,
  RefusedError,
  RetryableError,
  TimeoutError,
  type ErrorMatch,
  type Failure,
} from './model/failure.ts'
export { StepwrightError } from './errors/stepwright-error.ts'
export type { ErrorCode } from './errors/codes.ts'
export { keyvAdapter } from './store/keyv-adapter.ts'
export {
  backup,
  restore,
  type BackupOptions,
  type BackupReport,
  type RestoreOptions,
} from './store/backup.ts'
export {
  encrypted,
  type EncryptedStore,
  type EncryptionOptions,
  type RowOwner,
} from './store/encrypted-store.ts'
export { readKeys, type Keys } from './store/key-ring.ts'
export type { Store } from './store/store.ts'
export { makeStore } from './store/open-store.ts'
export type { StoreOption } from './store/open-store.ts'
