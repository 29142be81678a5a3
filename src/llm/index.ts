export { createLlm, type Llm, type LlmOptions } from './llm.ts'
export { aiSdkModel, type AiSdkLanguageModel } from './models/ai-sdk-model.ts'
export { mcpTools, type McpClient, type McpToolsOptions } from './agents/mcp-tools.ts'
export { openAiModel, type OpenAiModelOptions } from './models/openai-model.ts'
export type { AnswerTrouble, Handover } from '../model/model-call.ts'
export { AnswerError, RefusalError, type AnswerFault } from './answer-error.ts'
export type { Ask, AskOptions, FilledPrompt, FormOptions } from './ask.ts'
export type { Price, Prices } from './prices.ts'
export type { ClassifyOptions, LabelOf, Labels } from './verbs/choices.ts'
export type { DocumentOptions, SummaryOptions } from './verbs/documents.ts'
export type { AgentOptions, AgentResult, Approval } from './agents/agent.ts'
export { tool, toolsOf, type Tool, type ToolMark, type ToolMethod } from './agents/tool.ts'
export type { Chosen, Moves, Routed } from './verbs/route.ts'
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
export { limited, type LimitedOptions } from './limits/limited.ts'
export type { Limit, LimitedCall, Over } from './limits/limit.ts'
export type { Claim, Grant, Meter, Refusal, Reservation } from './limits/meter.ts'
export { MemoryMeter } from './limits/memory-meter.ts'
export type { Answer, Asked } from './asked.ts'
export type { Clock } from './limits/clock.ts'
export { RedisMeter, type RedisShareOptions } from './limits/redis-meter.ts'
export { fallback, type FallbackOptions, type Weighted } from './wrappers/fallback.ts'
export {
  MemoryBreakers,
  type BreakerBook,
  type BreakerOptions,
  type BreakerRule,
  type Leave,
  type Outcome,
} from './wrappers/breaker.ts'
export { RedisBreakers } from './wrappers/redis-breakers.ts'
export { cached, type CacheOptions } from './wrappers/cached.ts'
export type { AnswerStore } from './wrappers/answer-cache.ts'
export { hedged, type HedgeOptions } from './wrappers/hedged.ts'
export { patient } from './wrappers/patient.ts'
export { prompt, type Prompt, type PromptOptions, type Rendering, type Values } from './prompts/prompt.ts'
export type { Example, Placeholders, Template, Turn } from './prompts/template.ts'
export { fitted, type Cut, type FitOptions, type Fitted, type Part } from './prompts/fitted.ts'
export {
  condensed,
  continued,
  conversation,
  messageSchema,
  recent,
  reply,
  type CondenseOptions,
  type Replied,
  type ReplyOptions,
} from './prompts/conversation.ts'
export {
  promptBook,
  type Choice,
  type PromptBook,
  type PromptBookOptions,
  type PromptShelf,
  type SavedVersion,
} from './prompts/prompt-book.ts'
export { tokensOf, type Counting } from './tokens.ts'
export type { Share } from './prompts/share.ts'
