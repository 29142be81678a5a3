import { sleep, type Clock } from '../../src/llm/limits/clock.ts'
import type { CallOptions, Completion, Model, ModelRequest } from '../../src/llm/model.ts'

/** A call that a scripted model has got. */
export interface Got {
  readonly request: ModelRequest
  readonly how: CallOptions
  readonly at: number
  /** It was aborted before it was answered. */
  aborted?: boolean
}

/** What a scripted model answers: text, a part of an answer, or an error to throw. */
export type Reply = string | Partial<Completion> | Error

export interface Scripted extends Model {
  readonly calls: readonly Got[]
}

export const ABILITIES = { schema: true, tools: true, stream: true, images: false, window: 100_000 } as const

/** A model that answers by a function, after `ms` milliseconds of `clock`. */
export function scripted(
  name: string,
  reply: (got: Got, number: number) => Reply,
  { clock, ms = 0 }: { readonly clock?: Clock; readonly ms?: number | ((number: number) => number) } = {},
): Scripted {
  const calls: Got[] = []
  return {
    name,
    abilities: ABILITIES,
    calls,
    async complete(request, how = {}) {
      const got: Got = { request, how, at: clock?.now() ?? 0 }
      const number = calls.push(got)
      const wait = typeof ms === 'number' ? ms : ms(number)
      if (clock && wait > 0) {
        try {
          await sleep(clock, wait, how.signal)
        } catch (error) {
          got.aborted = true
          throw error
        }
      }
      how.signal?.throwIfAborted()
      const said = reply(got, number)
      if (said instanceof Error) throw said
      return answer(name, typeof said === 'string' ? { text: said } : said)
    },
  }
}

export function answer(model: string, part: Partial<Completion> = {}): Completion {
  return { text: 'yes', toolCalls: [], finish: 'stop', usage: { input: 1, output: 1 }, model, ...part }
}

export function ask(text: string, maxTokens?: number): ModelRequest {
  return { messages: [{ role: 'user', text }], ...(maxTokens === undefined ? {} : { maxTokens }) }
}

/** An error as a model's server gives it. */
export function httpError(status: number, headers: Record<string, string> = {}): Error {
  return Object.assign(new Error(`status ${status}`), { status, headers: new Headers(headers) })
}

/** How each of some promises stands. */
export async function standing(promises: readonly Promise<unknown>[]): Promise<string> {
  const states = promises.map(() => '.')
  promises.forEach((one, i) => {
    one.then(
      () => (states[i] = 'y'),
      () => (states[i] = 'n'),
    )
  })
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  return states.join('')
}
