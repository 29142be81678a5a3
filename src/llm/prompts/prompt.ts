import { z } from 'zod'
import type { Refused } from '../../definition/verdict.ts'
import type { FilledPrompt } from '../ask.ts'
import { Fitted } from './fitted.ts'
import type { Message } from '../model.ts'
import { hashOf } from '../request-hash.ts'
import {
  checkTemplate,
  fill,
  invalidPrompt,
  type Placeholders,
  type Template,
  type Turn,
} from './template.ts'

type Variables = z.ZodObject

/** How values are put into the text, where not as they are, or as JSON. */
export type Rendering<V extends Variables> = {
  readonly [K in keyof z.output<V>]?: (value: z.output<V>[K]) => string
}

/** What a prompt is filled with; a text may have been fitted to the window of a model. */
export type Values<V extends Variables> = {
  readonly [K in keyof z.input<V>]: string extends z.input<V>[K] ? z.input<V>[K] | Fitted : z.input<V>[K]
}

/** What a prompt is made of. */
export interface PromptOptions<
  V extends Variables,
  User extends string = string,
  System extends string = string,
  Turns extends readonly Turn[] = readonly Turn[],
  Image extends string = string,
> extends Template {
  /** Default: the beginning of its hash, so another text is another version. */
  readonly version?: string
  readonly variables: V
  readonly system?: System
  readonly messages?: Turns
  readonly user?: User
  readonly images?: readonly Image[]
  readonly render?: Rendering<V>
}

/** A prompt: called with its variables, it is something to ask. `turns` stand before what the user says last: a conversation so far. */
export interface Prompt<V extends Variables = Variables> {
  (values: Values<V>, turns?: readonly Message[]): FilledPrompt
  readonly name: string
  readonly version: string
  /** Of its template and the schema of its variables. */
  readonly hash: string
  readonly template: Template
  readonly variables: V
  readonly render: Rendering<V>
}

/** The names that both sides must have are the same; else a sentence that says which is not. */
type Verdict<V extends Variables, Text extends string, Image> = string extends Text | keyof z.output<V>
  ? unknown
  : [Exclude<Placeholders<Text>, keyof z.output<V>>] extends [never]
    ? [Exclude<keyof z.output<V>, Placeholders<Text> | Image>] extends [never]
      ? unknown
      : Refused<`the variable "${Exclude<keyof z.output<V>, Placeholders<Text> | Image> & string}" is used nowhere`>
    : Refused<`{{${Exclude<Placeholders<Text>, keyof z.output<V>> & string}}} is not among the variables`>

/**
 * A text with typed variables, a name and a version; what is asked with it is told so in the history.
 *
 * @example
 * const summary = prompt('summary', {
 *   variables: z.object({ document: z.string(), words: z.number().default(100) }),
 *   user: 'Summarize this in {{words}} words.\n"""\n{{document}}\n"""',
 * })
 * await llm.text(summary({ document }))
 */
export function prompt<
  V extends Variables,
  const User extends string = '',
  const System extends string = '',
  const Turns extends readonly Turn[] = readonly [],
  const Image extends keyof z.output<V> & string = never,
>(
  name: string,
  options: Verdict<V, User | System | Turns[number]['text'], Image> &
    PromptOptions<V, User, System, Turns, Image>,
): Prompt<V> {
  const { version, variables, render = {}, ...template } = options as PromptOptions<V>
  return makePrompt({ name, version, variables, render, template })
}

interface PromptParts<V extends Variables> {
  readonly name: string
  readonly version: string | undefined
  readonly variables: V
  readonly render: Rendering<V>
  readonly template: Template
}

/** A prompt of its parts. Throws `invalid-prompt` where template and variables do not belong together. */
export function makePrompt<V extends Variables>(parts: PromptParts<V>): Prompt<V> {
  const { name, variables, template } = parts
  checkTemplate(name, template, Object.keys(variables.shape))
  const schema = z.toJSONSchema(variables, { io: 'input', unrepresentable: 'any' })
  const hash = hashOf({ template, schema })
  const version = parts.version ?? shortHash(hash)
  const filled = (given: Values<V>, turns: readonly Message[] = []): FilledPrompt => {
    const { values, cut } = valuesOf(parts, given)
    const messages = messagesOf(template, said(parts, values), imagesIn(template, values), turns)
    const told = cut.length > 0 ? { cut } : {}
    return { messages, prompt: { name, version, hash, variables: values, ...told } }
  }
  const facts = { ...parts, version, hash }
  return Object.defineProperties(filled, Object.getOwnPropertyDescriptors(facts)) as Prompt<V>
}

/** What tells versions apart that were given no name. */
export function shortHash(hash: string): string {
  return hash.slice(0, 8)
}

type ReadValues = Readonly<Record<string, unknown>>

/** The values as the schema reads them, and what was cut from those that were fitted. */
function valuesOf<V extends Variables>({ name, variables }: PromptParts<V>, given: Values<V>) {
  const fitted = Object.values(given).filter((value): value is Fitted => value instanceof Fitted)
  const plain = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, value instanceof Fitted ? value.text : value]),
  )
  const foreign = Object.keys(plain).filter((key) => !Object.hasOwn(variables.shape, key))
  if (foreign.length > 0)
    throw invalidPrompt(
      name,
      foreign.map((key) => `it has no variable ${JSON.stringify(key)}`),
    )
  const read = variables.safeParse(plain)
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw invalidPrompt(name, problems, read.error)
  }
  return { values: read.data as ReadValues, cut: fitted.flatMap(({ cut }) => cut) }
}

function said<V extends Variables>(
  { render }: PromptParts<V>,
  values: ReadValues,
): Readonly<Record<string, string>> {
  const own = render as Readonly<Record<string, ((value: unknown) => string) | undefined>>
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, (own[key] ?? sayValue)(value)]),
  )
}

function sayValue(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined) return ''
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  return JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Map || item instanceof Set ? [...item] : item,
  )
}

function imagesIn({ images = [] }: Template, values: ReadValues): readonly string[] {
  return images.flatMap((image) => (values[image] as string | readonly string[] | undefined) ?? [])
}

function messagesOf(
  { system, examples = [], messages = [], user }: Template,
  values: Readonly<Record<string, string>>,
  images: readonly string[],
  turns: readonly Message[],
): readonly Message[] {
  const all: readonly Message[] = [
    ...(system === undefined ? [] : [{ role: 'system', text: fill(system, values) } as const]),
    ...examples.flatMap(({ user, assistant }) => [
      { role: 'user', text: user } as const,
      { role: 'assistant', text: assistant } as const,
    ]),
    ...messages.map(({ role, text }) => ({ role, text: fill(text, values) })),
    ...turns,
    ...(user === undefined ? [] : [{ role: 'user', text: fill(user, values) } as const]),
  ]
  if (images.length === 0) return all
  const last = all.findLastIndex(({ role }) => role === 'user')
  return all.map((message, i) => (i === last && message.role === 'user' ? { ...message, images } : message))
}
