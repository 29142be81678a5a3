import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import type { z } from 'zod'
import type { Llm, TextOptions } from './llm.ts'

/** How an OpenAI-compatible model is reached. */
export interface OpenAiModelOptions {
  /** Name of the model. */
  readonly model: string
  /** Default: what the openai package reads from `OPENAI_API_KEY`. */
  readonly apiKey?: string
  /** Default: what the openai package reads from `OPENAI_BASE_URL`, else api.openai.com. */
  readonly baseUrl?: string
  /** Limit of one call, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
}

/**
 * A model behind the `openai` package: OpenAI itself, or any server that speaks its chat completions. The package's
 * own retries are off, since the engine retries durably.
 *
 * @example
 * const llm = openAiModel({ model: 'gpt-5-mini' })
 * const engine = createEngine({ workflows: [Article], resources: { llm } })
 */
export function openAiModel({ model, apiKey, baseUrl, timeoutMs = 60_000 }: OpenAiModelOptions): Llm {
  const client = new OpenAI({
    maxRetries: 0,
    timeout: timeoutMs,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
  })
  const messages = (prompt: string, role: string | undefined) => [
    ...(role === undefined ? [] : [{ role: 'system' as const, content: role }]),
    { role: 'user' as const, content: prompt },
  ]
  const request = ({ signal, idempotencyKey }: TextOptions) => ({
    ...(signal ? { signal } : {}),
    ...(idempotencyKey === undefined ? {} : { headers: { 'Idempotency-Key': idempotencyKey } }),
  })
  return {
    name: model,
    async text(prompt, options = {}) {
      const answer = await client.chat.completions.create(
        { model, messages: messages(prompt, options.role) },
        request(options),
      )
      return finished(answer.choices[0]).message.content ?? ''
    },
    async object<S extends z.ZodType>(
      schema: S,
      prompt: string,
      options: TextOptions = {},
    ): Promise<z.output<S>> {
      const answer = await client.chat.completions.parse(
        {
          model,
          messages: messages(prompt, options.role),
          response_format: zodResponseFormat(schema, 'answer'),
        },
        request(options),
      )
      const { refusal, parsed } = finished(answer.choices[0]).message
      if (parsed === null) throw new Error(`the model gave no value: ${refusal ?? 'an empty answer'}`)
      return parsed as z.output<S>
    },
  }
}

/** An answer that ended early is a failure, not a short answer. */
function finished<C extends { readonly finish_reason: string | null }>(choice: C | undefined): C {
  if (choice?.finish_reason === 'stop') return choice
  throw new Error(
    `the model's answer is not whole: ${choice ? `finish_reason ${choice.finish_reason}` : 'no choices'}`,
  )
}
