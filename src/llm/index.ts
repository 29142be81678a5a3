export { openAiModel, type OpenAiModelOptions } from './openai-model.ts'
export type { CallOptions, Model } from './model.ts'
