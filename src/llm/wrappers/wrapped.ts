import type {
  Abilities,
  CallOptions,
  Completion,
  Embeddings,
  FillRequest,
  Model,
  ModelRequest,
} from '../model.ts'

/** One call of a model, whichever it is: what wraps a model treats all three alike. */
export type Asked =
  | { readonly verb: 'complete'; readonly request: ModelRequest }
  | { readonly verb: 'embed'; readonly texts: readonly string[] }
  | { readonly verb: 'fill'; readonly request: FillRequest }

/** What an {@link Asked} comes to. */
export type Answer = Completion | Embeddings

/** Makes the call. The model has the method: {@link wrapped} offers no other. */
export function send(model: Model, ask: Asked, how: CallOptions): Promise<Answer> {
  if (ask.verb === 'complete') return model.complete(ask.request, how)
  if (ask.verb === 'fill' && model.fill) return model.fill(ask.request, how)
  if (ask.verb === 'embed' && model.embed) return model.embed(ask.texts, how)
  return Promise.reject(new TypeError(`the model ${model.name} has no method "${ask.verb}"`))
}

/** The outside of a model that is made of others. */
export interface Shell {
  readonly name: string
  readonly provider?: string
  readonly abilities: Abilities
  readonly embed?: unknown
  readonly fill?: unknown
  readonly callTool?: Model['callTool']
}

/** A model that answers by `serve`, and offers the methods that `shell` has. */
export function wrapped(shell: Shell, serve: (ask: Asked, how: CallOptions) => Promise<Answer>): Model {
  const { callTool } = shell
  return {
    name: shell.name,
    ...(shell.provider === undefined ? {} : { provider: shell.provider }),
    abilities: shell.abilities,
    ...(callTool ? { callTool: (...args) => callTool.apply(shell, args) } : {}),
    complete: (request, how = {}) => serve({ verb: 'complete', request }, how) as Promise<Completion>,
    ...(shell.embed
      ? { embed: (texts, how = {}) => serve({ verb: 'embed', texts }, how) as Promise<Embeddings> }
      : {}),
    ...(shell.fill
      ? { fill: (request, how = {}) => serve({ verb: 'fill', request }, how) as Promise<Completion> }
      : {}),
  }
}
