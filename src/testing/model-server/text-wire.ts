import { z } from 'zod'
import type { ChatRequest } from './chat-request.ts'
import { limit, readStream } from './chat-request.ts'
import { words } from './chat-wire.ts'
import type { ModelAnswer } from './model-answer.ts'
import { checked } from './request-body.ts'
import type { Wire } from './wire.ts'

const body = z.looseObject({
  model: z.string(),
  // A list of one, as some clients send it; token numbers and several prompts at once are not read.
  prompt: z.union([z.string(), z.tuple([z.string()])]),
  suffix: z.string().nullish(),
  max_tokens: limit,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
})

/** `POST /v1/completions`: the prompt is read as a user's message. */
export const textWire: Wire = {
  read: readTextRequest,
  idPrefix: 'cmpl',
  object: 'text_completion',
  chunkObject: 'text_completion',
  choice: (answer) => choiceOf(textOf(answer), answer.finish),
  deltas: (answer) => words(textOf(answer)).map((piece) => choiceOf(piece, null)),
  finish: ({ finish }) => choiceOf('', finish),
}

function readTextRequest(json: unknown): ChatRequest {
  const { model, prompt, suffix, max_tokens, stream, stream_options } = checked(body, json)
  return {
    model,
    messages: [{ role: 'user', content: typeof prompt === 'string' ? prompt : prompt[0] }],
    ...(suffix == null ? {} : { suffix }),
    ...(max_tokens == null ? {} : { maxTokens: max_tokens }),
    ...readStream(stream, stream_options?.include_usage),
  }
}

function textOf({ text, refusal }: ModelAnswer): string {
  return text ?? refusal ?? ''
}

function choiceOf(text: string, finish: ModelAnswer['finish']) {
  return { text, index: 0, logprobs: null, finish_reason: finish }
}
