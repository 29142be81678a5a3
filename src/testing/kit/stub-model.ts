import type { Model, ModelRequest } from '../../llm/model.ts'

/** A model that answers by a function, without a network; made by {@link stubModel}. */
export interface StubModel extends Model {
  /** What it was asked, in order. */
  readonly requests: readonly ModelRequest[]
}

/**
 * A model for `createLlm` that answers what `answer` gives: a text, or a value that is sent as JSON. What `answer` throws, it
 * throws. Tokens are counted as one for each request and answer. For a server that behaves as the real one does, faults
 * included, see `createModelServer`.
 *
 * @example
 * const model = stubModel(({ messages }) => (messages.length > 2 ? { good: true } : 'A text.'))
 * const test = createTestEngine({ workflows: [Article], resources: { llm: createLlm(model) } })
 * expect(model.requests).toHaveLength(2)
 */
export function stubModel(answer: (request: ModelRequest, number: number) => string | object): StubModel {
  const requests: ModelRequest[] = []
  return {
    name: 'stub-model',
    abilities: { schema: true, tools: false, stream: false, images: true, window: 1_000_000 },
    requests,
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted()
      const said = answer(request, requests.push(request))
      const text = typeof said === 'string' ? said : JSON.stringify(said)
      return { text, toolCalls: [], finish: 'stop', usage: { input: 1, output: 1 }, model: 'stub-model' }
    },
  }
}
