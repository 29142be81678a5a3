export { createLlm, type Llm, type LlmOptions } from './llm.ts'
export { openAiModel, type OpenAiModelOptions } from './openai-model.ts'
export { AnswerError, RefusalError, type AnswerFault } from './answer-error.ts'
export type { Ask, AskOptions, FilledPrompt, FormOptions } from './ask.ts'
export type { Price, Prices } from './prices.ts'
export type { ClassifyOptions, LabelOf, Labels } from './verbs/choices.ts'
export type { DocumentOptions, SummaryOptions } from './verbs/documents.ts'
export type { AgentOptions, AgentResult, Approval } from './agent.ts'
export { tool, toolsOf, type Tool, type ToolMark, type ToolMethod } from './tool.ts'
export { Tape, type TapedCall, type TapedTool } from './tape/tape.ts'
export { taped } from './tape/taped.ts'
export { replayed, type ReplayedModel, type ReplayOptions } from './tape/replayed.ts'
export type { FnOptions } from './verbs/values.ts'
export type {
  Abilities,
  CalledFor,
  CallOptions,
  Completion,
  Embeddings,
  FillRequest,
  Format,
  JsonSchema,
  Message,
  Model,
  ModelRequest,
  ToolCall,
  ToolResult,
  ToolSpec,
} from './model.ts'
