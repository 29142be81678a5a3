import type { ModelCall } from '../model/model-call.ts'
import type { Message } from './model.ts'
import { stableJson } from './request-hash.ts'

/** A beginning of conversations. */
interface Beginning {
  /** The call that told it first. */
  readonly by: string
  /** By the next message, as JSON. */
  longer?: Map<string, Beginning>
}

/** Conversations that were told, each message once: a turn tells what is new, and which call told the rest. */
export class Told {
  readonly #root: Beginning = { by: '' }

  /** What is to be told of a conversation in the call of that hash; `stored`: so many messages at its beginning stand in the session. */
  of(
    messages: readonly Message[],
    hash: string,
    stored = 0,
  ): Pick<ModelCall, 'messages'> & Partial<Pick<ModelCall, 'skipped' | 'after'>> {
    let at = this.#root
    let skipped = stored
    let after: string | undefined
    for (const [i, message] of messages.entries()) {
      const [text, longer] = [stableJson(message), (at.longer ??= new Map<string, Beginning>())]
      const known = longer.get(text)
      if (!known) longer.set(text, (at = { by: hash }))
      else {
        at = known
        if (i + 1 >= skipped) [skipped, after] = [i + 1, known.by]
      }
    }
    return {
      messages: messages.slice(skipped),
      ...(skipped > 0 ? { skipped } : {}),
      ...(after === undefined ? {} : { after }),
    }
  }
}
