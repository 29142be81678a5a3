import type { ModelCall } from '../model/model-call.ts'
import type { Message, ModelRequest } from './model.ts'
import { hashOf } from './request-hash.ts'

/** Conversations that were told, each message once: a turn tells what is new, and which call told the rest. */
export class Told {
  /** The call that told it first, by the hash of each beginning of a conversation. */
  readonly #calls = new Map<string, string>()

  /** What is to be told of a conversation in the call of that hash. */
  of(
    messages: readonly Message[],
    hash: string,
  ): Pick<ModelCall, 'messages'> & Partial<Pick<ModelCall, 'skipped' | 'after'>> {
    let beginning = ''
    let skipped = 0
    let after = ''
    for (const [i, message] of messages.entries()) {
      beginning = hashOf([beginning, message])
      const by = this.#calls.get(beginning)
      if (by === undefined) this.#calls.set(beginning, hash)
      else [skipped, after] = [i + 1, by]
    }
    return { messages: messages.slice(skipped), ...(skipped > 0 ? { skipped, after } : {}) }
  }
}

/** What is told of a request besides its messages; of each tool its name, and a hash of what the model is shown of it. */
export function paramsOf({
  messages: _,
  tools,
  ...params
}: ModelRequest): Readonly<Record<string, unknown>> | undefined {
  const told = {
    ...params,
    ...(tools ? { tools: Object.fromEntries(tools.map((tool) => [tool.name, hashOf(tool)])) } : {}),
  }
  return Object.keys(told).length > 0 ? told : undefined
}
