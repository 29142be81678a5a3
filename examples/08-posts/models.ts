import { createLlm, fallback, openAiModel, type Llm } from 'stepwright/llm'
import { createModelServer, type ModelServer } from 'stepwright/testing'

/** A model of that name, at an address; without one, where the environment says. */
const at = (model: string, url?: string) =>
  openAiModel({ model, ...(url === undefined ? {} : { baseUrl: url, apiKey: 'offline' }) })

/**
 * Two models: the second one answers where the first fails, and at once where the first has failed in more than half of
 * its calls of the last minute.
 */
export function twoModels(first: string, second: string, url?: string): Llm {
  const switched = ({ from, to, error }: { from: string; to: string; error: unknown }): void =>
    console.error(`${from} failed (${String(error)}), ${to} takes over`)
  const breaker = { share: 0.5, within: '1m', calls: 4, rest: '20s' } as const
  return createLlm(fallback([at(first, url), at(second, url)], { breaker, onSwitch: switched }))
}

/** An offline server with a bad day: wrong JSON, missing fields, a limit, and servers that are down. */
export async function startBadDay(): Promise<ModelServer> {
  const server = await createModelServer({ models: ['first', 'second'] })
  server.fail({ json: 'broken' })
  server.fail({ json: 'wrong' })
  server.fail({ status: 429, retryAfter: 1 })
  server.fail({ status: 503, times: 2 })
  return server
}
