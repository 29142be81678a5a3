import { createLlm, openAiModel, type Llm } from 'stepwright/llm'
import { createModelServer } from 'stepwright/testing'

/** A model with its verbs, ready to be called, and how to let go of it. */
export interface Connection {
  readonly llm: Llm
  /** One line for people: which model this is. */
  readonly says: string
  close(): Promise<void>
}

/**
 * The real model where `OPENAI_API_KEY` is set (with `OPENAI_BASE_URL` and `STEPWRIGHT_MODEL` where wanted). Else the
 * offline model: a server on this machine that answers from the prompt's own words, called through the same package.
 */
export async function connectModel(env: NodeJS.ProcessEnv = process.env): Promise<Connection> {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, STEPWRIGHT_MODEL: name = 'gpt-5-mini' } = env
  if (apiKey) {
    const model = openAiModel({ model: name, apiKey, ...(baseUrl ? { baseUrl } : {}) })
    return {
      llm: createLlm(model),
      says: `model ${name}${baseUrl ? ` at ${new URL(baseUrl).host}` : ''}`,
      close: () => Promise.resolve(),
    }
  }
  const server = await createModelServer()
  const model = openAiModel({ model: 'offline-model', apiKey: 'offline', baseUrl: server.url })
  return {
    llm: createLlm(model),
    says: 'offline model (no OPENAI_API_KEY): answers are cut from the prompts',
    close: () => server.close(),
  }
}
