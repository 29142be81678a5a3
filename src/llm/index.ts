export { openAiModel, type OpenAiModelOptions } from './openai-model.ts'
export type { Llm, TextOptions } from './llm.ts'
export { limited, type LimitedOptions } from './limited.ts'
export type { Limit, LimitedCall, Over } from './limit.ts'
export type { Claim, Grant, Meter, Refusal, Reservation } from './meter.ts'
export { MemoryMeter } from './memory-meter.ts'
export type { Answer, Ask } from './ask.ts'
export type { Clock } from './clock.ts'
export { RedisMeter, type RedisShareOptions } from './redis-meter.ts'
export { fallback, type FallbackOptions, type Weighted } from './fallback.ts'
export {
  MemoryBreakers,
  type BreakerBook,
  type BreakerOptions,
  type BreakerRule,
  type Leave,
  type Outcome,
} from './breaker.ts'
export { RedisBreakers } from './redis-breakers.ts'
export { cached, type CacheOptions } from './cached.ts'
export type { AnswerStore } from './answer-cache.ts'
export { hedged, type HedgeOptions } from './hedged.ts'
export { patient } from './patient.ts'
