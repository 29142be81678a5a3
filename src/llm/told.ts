import type { ModelCall } from '../model/model-call.ts'
import type { Message } from './model.ts'
import { hashOf, messageHash } from './request-hash.ts'

/** Conversations that were told, each message once: a turn tells what is new, and which call told the rest. */
export class Told {
  /** The call that told it first, by the hash of each beginning of a conversation. */
  readonly #calls = new Map<string, string>()

  /** What is to be told of a conversation in the call of that hash; `stored`: so many messages at its beginning stand in the session. */
  of(
    messages: readonly Message[],
    hash: string,
    stored = 0,
  ): Pick<ModelCall, 'messages'> & Partial<Pick<ModelCall, 'skipped' | 'after'>> {
    let beginning = ''
    let skipped = stored
    let after: string | undefined
    for (const [i, message] of messages.entries()) {
      beginning = hashOf([beginning, messageHash(message)])
      const by = this.#calls.get(beginning)
      if (by === undefined) this.#calls.set(beginning, hash)
      else if (i + 1 >= skipped) [skipped, after] = [i + 1, by]
    }
    return {
      messages: messages.slice(skipped),
      ...(skipped > 0 ? { skipped } : {}),
      ...(after === undefined ? {} : { after }),
    }
  }
}
