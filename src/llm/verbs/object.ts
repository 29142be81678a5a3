import type { z } from 'zod'
import { AnswerError } from '../answer-error.ts'
import { messagesOf, settingsOf, type Ask, type FormOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import { formOf, type AnswerForm } from '../json-schema.ts'
import { answering, troubleOf, type Came } from './answering.ts'
import type { Abilities, Completion, Message, ModelRequest } from '../model.ts'

const TOOL = 'answer'

/**
 * An answer that fits a schema: by a JSON schema where the model can, by a tool that it is made to call where not, else
 * as plain JSON. What does not fit is shown to the model with the reasons, `repairs` times at most; then a list of models
 * hands the question over to the next one.
 */
export async function askObject<S extends z.ZodType>(
  caller: Caller,
  schema: S,
  ask: Ask,
  { repairs = 2, ...options }: FormOptions,
  verb = 'object',
): Promise<z.output<S>> {
  const way = wayOf(caller.model.abilities)
  const form = formOf(schema, way === 'schema')
  return answering(async (passed): Promise<Came<z.output<S>>> => {
    let messages = messagesOf(ask, options)
    for (let left = repairs; ; left--) {
      const request = { ...settingsOf(options), ...formRequest(way, form, messages) }
      const last = await caller.complete({ verb, request, ask, options, passed })
      const raw = rawOf(last.answer)
      const trouble = troubleOf({ ...last.answer, text: raw })
      if (trouble) return { error: trouble, last }
      const read = await readAnswer(schema, form, raw)
      if ('value' in read) return read
      if (left <= 0) return { error: misfit(read.reasons, raw), last }
      messages = [
        ...messages,
        { role: 'assistant', text: raw },
        { role: 'user', text: complaint(read.reasons) },
      ]
    }
  })
}

function misfit(reasons: readonly string[], raw: string): AnswerError {
  return new AnswerError('wrong-form', `the answer does not fit its schema: ${reasons.join('; ')}`, raw)
}

type Way = 'schema' | 'tool' | 'json'

function wayOf({ schema, tools }: Abilities): Way {
  return schema ? 'schema' : tools ? 'tool' : 'json'
}

function formRequest(way: Way, { schema }: AnswerForm, messages: readonly Message[]): ModelRequest {
  if (way === 'schema') return { messages, format: { type: 'schema', name: TOOL, schema } }
  if (way === 'tool') {
    const tool = { name: TOOL, description: 'Gives the answer.', input: schema }
    return { messages, tools: [tool], toolChoice: { name: TOOL } }
  }
  const text = `Answer with JSON alone, without any other text, that fits this JSON schema:\n${JSON.stringify(schema)}`
  return { messages: [{ role: 'system', text }, ...messages], format: { type: 'json' } }
}

/** What the model has written, in whichever way. */
function rawOf({ toolCalls, text }: Completion): string {
  return toolCalls[0]?.input ?? text
}

type Read<T> = { readonly value: T } | { readonly reasons: readonly string[] }

async function readAnswer<S extends z.ZodType>(
  schema: S,
  { wrapped }: AnswerForm,
  raw: string,
): Promise<Read<z.output<S>>> {
  const json = readJson(raw)
  if (json === undefined) return { reasons: ['it is not JSON'] }
  const given = wrapped ? (json.value as { readonly value?: unknown } | null)?.value : json.value
  const parsed = await schema.safeParseAsync(given)
  if (parsed.success) return { value: parsed.data }
  const reasons = parsed.error.issues.map(
    ({ path, message }) => `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
  )
  return { reasons: reasons.slice(0, 20) }
}

/** JSON as models write it: alone, in a fence, or with words around it. */
function readJson(raw: string): { readonly value: unknown } | undefined {
  const fenced = /```(?:json)?\s*([\s\S]*?)```/.exec(raw)?.[1]
  const first = raw.search(/[[{]/)
  const last = Math.max(raw.lastIndexOf('}'), raw.lastIndexOf(']'))
  const inner = first >= 0 && last > first ? raw.slice(first, last + 1) : undefined
  for (const text of [raw, fenced, inner]) {
    if (text === undefined) continue
    try {
      return { value: JSON.parse(text) }
    } catch {
      // the next
    }
  }
  return undefined
}

function complaint(reasons: readonly string[]): string {
  return `Answer again, as it was asked for, without what was wrong: ${reasons.join('; ')}`
}
