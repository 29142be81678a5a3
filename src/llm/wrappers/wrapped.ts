import type { Answer, Asked } from '../asked.ts'
import type { Abilities, CallOptions, Completion, Embeddings, Model } from '../model.ts'

/** The outside of a model that is made of others. */
export interface Shell {
  readonly name: string
  readonly provider?: string
  readonly models?: readonly string[]
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
    ...(shell.models ? { models: shell.models } : {}),
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
