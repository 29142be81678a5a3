export {
  createModelServer,
  type ModelServer,
  type ModelServerCounts,
  type ModelServerOptions,
  type RecordedCall,
} from './model-server/model-server.ts'
export type { ChatMessage } from './model-server/prompt.ts'
export type { ResponseFormat } from './model-server/chat-request.ts'
export type { ChatCall, Refusal, Reply, Script } from './model-server/script.ts'
export { createTestEngine, type TestEngine } from './test-engine.ts'
export { TestClock } from './test-clock.ts'
export { FaultyStore, type Fault, type FaultPlan, type StoreCall } from './faulty-store.ts'
