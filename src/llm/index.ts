export { createLlm, type Llm, type LlmOptions } from './llm.ts'
export { openAiModel, type OpenAiModelOptions } from './openai-model.ts'
export { AnswerError, RefusalError, type AnswerFault } from './answer-error.ts'
export type { Ask, AskOptions, FilledPrompt, FormOptions } from './ask.ts'
export type { Price, Prices } from './prices.ts'
export type { ClassifyOptions, LabelOf, Labels } from './verbs/choices.ts'
export type { DocumentOptions, SummaryOptions } from './verbs/documents.ts'
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
  ToolSpec,
} from './model.ts'
export { prompt, type Prompt, type PromptOptions, type Rendering, type Values } from './prompt.ts'
export type { Example, Placeholders, Template, Turn } from './template.ts'
export { fitted, type Cut, type FitOptions, type Fitted, type Part } from './fitted.ts'
export {
  condensed,
  continued,
  conversation,
  messageSchema,
  recent,
  reply,
  tokensOf,
  type CondenseOptions,
  type Counting,
  type Replied,
  type ReplyOptions,
} from './conversation.ts'
export {
  promptBook,
  type Choice,
  type PromptBook,
  type PromptBookOptions,
  type PromptShelf,
  type SavedVersion,
} from './prompt-book.ts'
export type { Share } from './share.ts'
