import { quote } from '../errors/stepwright-error.ts'
import { FatalError } from '../model/failure.ts'
import type { ModelCall } from '../model/model-call.ts'
import type { CallOptions, Completion, Embeddings, FillRequest, Model, ModelRequest } from './model.ts'
import { hashOf } from './request-hash.ts'
import { packVector } from './tape/vectors.ts'

/** One call of a model, whichever it is: what wraps, records or replays models treats all three alike. */
export type Asked =
  | { readonly verb: 'complete'; readonly request: ModelRequest }
  | { readonly verb: 'embed'; readonly texts: readonly string[] }
  | { readonly verb: 'fill'; readonly request: FillRequest }

/** What an {@link Asked} comes to. */
export type Answer = Completion | Embeddings

/** Makes the call. */
export function send(model: Model, asked: Asked, how: CallOptions = {}): Promise<Answer> {
  if (asked.verb === 'complete') return model.complete(asked.request, how)
  if (asked.verb === 'fill' && model.fill) return model.fill(asked.request, how)
  if (asked.verb === 'embed' && model.embed) return model.embed(asked.texts, how)
  return Promise.reject(new FatalError(`${model.name} has no method ${quote(asked.verb)}`))
}

/** What a call is known by. */
export function hashedIn(asked: Asked): object {
  if (asked.verb === 'complete') return asked.request
  return asked.verb === 'embed' ? { embed: asked.texts } : { fill: asked.request }
}

/** What is told of a call: what was said, and what was set. */
export function tellingOf(asked: Asked): Pick<ModelCall, 'messages' | 'params'> {
  if (asked.verb === 'embed') return { messages: asked.texts }
  if (asked.verb === 'fill') {
    const { prefix, suffix, ...params } = asked.request
    return { messages: [{ prefix, suffix }], params }
  }
  const { messages, tools, ...settings } = asked.request
  // of each tool its name, and a hash of what the model is shown of it
  const shown = tools && Object.fromEntries(tools.map((tool) => [tool.name, hashOf(tool)]))
  const params = { ...settings, ...(shown ? { tools: shown } : {}) }
  return { messages, ...(Object.keys(params).length > 0 ? { params } : {}) }
}

/** What is told of an answer. */
export function answeredBy(
  answer: Answer,
): Pick<
  ModelCall,
  'answer' | 'toolCalls' | 'finish' | 'refusal' | 'vectors' | 'firstTokenMs' | 'cache' | 'handover'
> {
  if ('vectors' in answer) return { vectors: answer.vectors.map(packVector) }
  const { text, toolCalls, finish, refusal, firstTokenMs, cache, handover } = answer
  return {
    answer: text,
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    finish,
    ...(refusal === undefined ? {} : { refusal }),
    ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
    ...(cache ? { cache } : {}),
    ...(handover ? { handover } : {}),
  }
}
