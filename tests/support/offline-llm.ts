import { createLlm, openAiModel, type Abilities, type Llm, type LlmOptions, type Model } from 'stepwright/llm'
import { createModelServer, type ModelServer, type ModelServerOptions } from 'stepwright/testing'

/** A loopback model server, called through the openai package. */
export interface Offline extends AsyncDisposable {
  readonly server: ModelServer
  readonly model: Model
  readonly llm: Llm
}

/** Starts one; `abilities` is what the client is told that the model can do. */
export async function offline({
  abilities,
  idleMs,
  llm,
  ...server
}: ModelServerOptions & {
  readonly abilities?: Partial<Abilities>
  readonly idleMs?: number
  readonly llm?: LlmOptions
} = {}): Promise<Offline> {
  const running = await createModelServer(server)
  const model = openAiModel({
    model: 'offline-model',
    apiKey: 'offline',
    baseUrl: running.url,
    ...(abilities ? { abilities } : {}),
    ...(idleMs === undefined ? {} : { idleMs }),
  })
  return {
    server: running,
    model,
    llm: createLlm(model, llm),
    [Symbol.asyncDispose]: () => running.close(),
  }
}
