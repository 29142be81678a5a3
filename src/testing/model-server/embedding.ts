import { z } from 'zod'
import { vectorOf } from './offline-model/text-vector.ts'
import { checked } from './request-body.ts'
import { estimateTokens } from './usage.ts'

const body = z.looseObject({
  model: z.string(),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(2_048)]),
  dimensions: z.int().min(1).max(4_096).nullish(),
  encoding_format: z.enum(['base64', 'float']).nullish(),
})

/** A checked request for embeddings. */
export interface EmbeddingRequest {
  readonly model: string
  readonly inputs: readonly string[]
  readonly dimensions: number
  readonly encoding: 'base64' | 'float'
}

/** Reads a request for embeddings; throws an `HttpError` of 400. Token numbers are not read, only texts. */
export function readEmbeddingRequest(json: unknown): EmbeddingRequest {
  const { model, input, dimensions, encoding_format } = checked(body, json)
  return {
    model,
    inputs: typeof input === 'string' ? [input] : input,
    dimensions: dimensions ?? 256,
    encoding: encoding_format ?? 'float',
  }
}

/** The body of an answer to `POST /v1/embeddings`. */
export function embeddingsOf({ inputs, dimensions, encoding }: EmbeddingRequest, model: string) {
  const tokens = inputs.reduce((sum, input) => sum + estimateTokens(input), 0)
  return {
    object: 'list',
    model,
    data: inputs.map((input, index) => {
      const vector = vectorOf(input, dimensions)
      const embedding = encoding === 'float' ? [...vector] : Buffer.from(vector.buffer).toString('base64')
      return { object: 'embedding', index, embedding }
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
