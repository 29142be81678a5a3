export { createModelServer } from './model-server/model-server.ts'
