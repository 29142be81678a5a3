export { openAiModel, type OpenAiModelOptions } from './openai-model.ts'
export type { Llm, TextOptions } from './llm.ts'
