import type { ModelCall } from '../model/model-call.ts'
import type { CallOptions, Message, ModelRequest } from './model.ts'

/** What is said to a model: a text, a conversation, or a prompt that was filled in. */
export type Ask = string | readonly Message[] | FilledPrompt

/** A prompt with a name, its variables filled in. */
export interface FilledPrompt {
  readonly messages: readonly Message[]
  /** For the history: which prompt it was, and with what. */
  readonly prompt: NonNullable<ModelCall['prompt']>
}

/** Options of one call. */
export interface AskOptions
  extends
    Pick<CallOptions, 'signal' | 'idempotencyKey' | 'onText'>,
    Pick<ModelRequest, 'maxTokens' | 'temperature' | 'seed' | 'stop' | 'more'> {
  /** What the model should be: the system message. */
  readonly role?: string
  /** Images that belong to the question: addresses, or `data:` URLs. */
  readonly images?: readonly string[]
  /** Followers of the run get the text as it is said; see `run.stream`. */
  readonly stream?: boolean
  /** In a run, what the answer is saved under in this visit. Default: a hash of the request, so the same question has the same answer. */
  readonly key?: string
  /** How many messages at the end are new. Those before them stand in a session, so the history only says how many there were. */
  readonly fresh?: number
}

/** Options of a call whose answer has a form. */
export interface FormOptions extends AskOptions {
  /** How often the model is shown what is wrong with its answer. Default 2. */
  readonly repairs?: number
}

/** The conversation that an ask comes to. */
export function messagesOf(ask: Ask, { role, images }: AskOptions = {}): readonly Message[] {
  const asked: readonly Message[] =
    typeof ask === 'string' ? [{ role: 'user', text: ask }] : isFilled(ask) ? ask.messages : ask
  const last = asked.findLastIndex((message) => message.role === 'user')
  const shown = images?.length
    ? asked.map((message, i) =>
        i === last && message.role === 'user'
          ? { ...message, images: [...(message.images ?? []), ...images] }
          : message,
      )
    : asked
  return role === undefined ? shown : [{ role: 'system', text: role }, ...shown]
}

/** What of the options changes the answer. */
export function settingsOf({
  maxTokens,
  temperature,
  seed,
  stop,
  more,
}: AskOptions): Omit<ModelRequest, 'messages'> {
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop ? { stop } : {}),
    ...(more ? { more } : {}),
  }
}

/** Which prompt an ask was made from. */
export function promptOf(ask: Ask): ModelCall['prompt'] {
  return typeof ask === 'object' && isFilled(ask) ? ask.prompt : undefined
}

function isFilled(ask: Exclude<Ask, string>): ask is FilledPrompt {
  return !Array.isArray(ask)
}

/** A document as it is put into a prompt, so that it is told from the instruction; it cannot end its own quotes. */
export function quoted(document: string): string {
  let quotes = '"""'
  while (document.includes(quotes)) quotes += '"'
  return `${quotes}\n${document}\n${quotes}`
}
