export { createModelServer } from './model-server/model-server.ts'
export { createTestEngine, type TestEngine } from './test-engine.ts'
export { TestClock } from './test-clock.ts'
