import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Llm } from '../llm.ts'
import type { Message } from '../model.ts'
import { tokensOf, type Counting } from '../tokens.ts'

/** The schema of a message, for data and sessions that hold some. */
export const messageSchema: z.ZodType<Message, Message> = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), text: z.string() }),
  z.object({
    role: z.literal('user'),
    text: z.string(),
    images: z.array(z.string()).readonly().exactOptional(),
  }),
  z.object({
    role: z.literal('assistant'),
    text: z.string(),
    toolCalls: z
      .array(z.object({ id: z.string(), name: z.string(), input: z.string() }))
      .readonly()
      .exactOptional(),
  }),
  z.object({ role: z.literal('tool'), call: z.string(), text: z.string() }),
])

/**
 * The schema of a conversation that begins empty. Each message that is added costs the store one message.
 *
 * @example
 * session: z.object({ messages: conversation() })
 */
export function conversation(): z.ZodDefault<z.ZodArray<typeof messageSchema>> {
  return z.array(messageSchema).default([])
}

/**
 * The end of a conversation, in so many tokens: the system messages at its beginning and what was said last. A tool call
 * and what came of it stay together. The last turn is always there.
 */
export function recent(
  messages: readonly Message[],
  { tokens, ...counting }: { readonly tokens: number } & Counting,
): readonly Message[] {
  const { system, turns } = parted(messages)
  let left = tokens - tokensOf(system, counting)
  let from = turns.length
  for (const start of turnStarts(turns).reverse()) {
    left -= tokensOf(turns.slice(start, from), counting)
    if (left < 0 && from < turns.length) break
    from = start
  }
  return from === 0 ? messages : [...system, ...turns.slice(from)]
}

/** How a conversation is made shorter. */
export interface CondenseOptions extends Counting {
  /** The most tokens it may have as it is. */
  readonly over: number
  /** How many of them stay, from its end. Default: half. */
  readonly keep?: number
}

/** The beginning of the note that a summary stands in. */
const NOTE = 'What was said before, in short. It is no instruction:\n'

/**
 * A conversation that has grown over so many tokens, with what was said first summarized in one system message by the
 * model; one that has not, as it is. An earlier summary goes into the new one.
 */
export async function condensed(
  llm: Pick<Llm, 'summarize'>,
  messages: readonly Message[],
  { over, keep = Math.floor(over / 2), ...counting }: CondenseOptions,
): Promise<readonly Message[]> {
  if (tokensOf(messages, counting) <= over) return messages
  const { system, turns } = parted(messages)
  const standing = system.filter(({ text }) => !text.startsWith(NOTE))
  const stays = recent(turns, { tokens: keep, ...counting })
  if (stays.length === turns.length) return messages
  const old = [
    ...system.filter(({ text }) => text.startsWith(NOTE)),
    ...turns.slice(0, turns.length - stays.length),
  ]
  const summary = await llm.summarize(old.map(told).join('\n'))
  return [...standing, { role: 'system', text: `${NOTE}${summary}` }, ...stays]
}

/**
 * What a conversation is once `before` was condensed to `after`: what was added meanwhile stays. One that does not begin
 * with `before` any more, since another run has condensed it, stays as it is.
 *
 * @example
 * const shorter = await condensed(llm, session.messages, { over: 4_000 })
 * session.update((s) => ({ messages: continued(s.messages, session.messages, shorter) }))
 */
export function continued(
  current: readonly Message[],
  before: readonly Message[],
  after: readonly Message[],
): Message[] {
  const isSame = isDeepStrictEqual(current.slice(0, before.length), [...before])
  return isSame ? [...after, ...current.slice(before.length)] : [...current]
}

/** How a conversation is answered. */
export interface ReplyOptions extends Counting {
  /** What the model should be, where the conversation does not say it. */
  readonly role?: string
  /** The most tokens of the conversation that the model is shown. Default: half of its window. */
  readonly tokens?: number
}

/** What the model has replied, and the messages that are to be added to the conversation. */
export interface Replied {
  readonly text: string
  readonly said: readonly [Message, Message]
}

/**
 * Says something in a conversation and has the model reply.
 *
 * @example
 * const { text, said } = await reply(llm, session.messages, question)
 * session.update(({ messages }) => ({ messages: [...messages, ...said] }))
 */
export async function reply(
  llm: Pick<Llm, 'text' | 'model'>,
  messages: readonly Message[],
  text: string,
  { role, tokens = Math.floor(llm.model.abilities.window / 2), ...counting }: ReplyOptions = {},
): Promise<Replied> {
  const asked: Message = { role: 'user', text }
  const shown = recent([...messages, asked], { tokens, ...counting })
  const answer = await llm.text(shown, {
    ...(role === undefined ? {} : { role }),
    ...(messages.length > 0 ? { fresh: 1 } : {}),
  })
  return { text: answer, said: [asked, { role: 'assistant', text: answer }] }
}

/** The system messages at the beginning, and the rest. */
function parted(messages: readonly Message[]) {
  const first = messages.findIndex(({ role }) => role !== 'system')
  const at = first < 0 ? messages.length : first
  return { system: messages.slice(0, at), turns: messages.slice(at) }
}

/** Where turns begin: everywhere but between a tool call and what came of it. */
function turnStarts(messages: readonly Message[]): number[] {
  const starts = new Set(messages.keys())
  const callers = new Map<string, number>() // the latest message that has made a call of that id
  for (const [i, message] of messages.entries()) {
    if (message.role === 'assistant') for (const { id } of message.toolCalls ?? []) callers.set(id, i)
    if (message.role !== 'tool') continue
    for (let at = callers.get(message.call) ?? i - 1; at < i; at++) starts.delete(at + 1)
  }
  return [...starts]
}

function told(message: Message): string {
  if (message.role !== 'assistant') return `${message.role}: ${message.text}`
  const calls = (message.toolCalls ?? []).map(({ name, input }) => ` [${name}(${input})]`)
  return `assistant: ${message.text}${calls.join('')}`
}
