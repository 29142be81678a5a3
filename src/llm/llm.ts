import type { z } from 'zod'

/** A language model as a workflow needs it: text, or a value that fits a schema. */
export interface Llm {
  /** What it is, for people: `gpt-5-mini`, `offline-model`. */
  readonly name: string
  /** The model's answer as text. */
  text(prompt: string, options?: TextOptions): Promise<string>
  /** The model's answer as a value of `schema`, asked for by JSON schema and checked. */
  object<S extends z.ZodType>(schema: S, prompt: string, options?: TextOptions): Promise<z.output<S>>
}

/** Options of one call. */
export interface TextOptions {
  /** What the model should be: the system message. */
  readonly role?: string
  /** Ends the call early: pass `run.signal`. */
  readonly signal?: AbortSignal
  /** Sent as the header `Idempotency-Key`. */
  readonly idempotencyKey?: string
}
