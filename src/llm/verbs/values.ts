/** Verbs that make values. */
import { z } from 'zod'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { promptOf, messagesOf, quoted, type Ask, type FormOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import { askObject } from './object.ts'

/** A value of a schema for something that was written down in another way: `"two and a half dollars"` as a number. */
export function cast<S extends z.ZodType>(
  caller: Caller,
  schema: S,
  value: unknown,
  options: FormOptions,
): Promise<z.output<S>> {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return askObject(
    caller,
    schema,
    `Write this value in the form that is asked for.\n${quoted(text)}`,
    options,
    'cast',
  )
}

/** So many values of a schema, no two the same. Asks again for those that are missing, as often as there are values. */
export async function generate<S extends z.ZodType>(
  caller: Caller,
  schema: S,
  n: number,
  ask: Ask,
  options: FormOptions,
): Promise<z.output<S>[]> {
  const made = new Map<string, z.output<S>>()
  for (let round = 0; made.size < n && round <= n; round++) {
    const missing = n - made.size
    const items = z.object({ items: z.array(schema).min(1).max(missing) })
    const count = `Make ${missing}, no two the same.`
    const not = made.size > 0 ? ` Not these: ${[...made.keys()].join(', ')}` : ''
    const said = { role: 'user', text: `${count}${not}` } as const
    const messages = [...messagesOf(ask), said]
    const prompt = promptOf(ask)
    const whole = prompt ? { messages, prompt } : messages
    const found = await askObject(caller, items, whole, options, 'generate')
    const before = made.size
    for (const item of found.items as z.output<S>[]) made.set(JSON.stringify(item), item)
    if (made.size === before) break // it has nothing more to offer
  }
  return [...made.values()].slice(0, n)
}

/** What a function that a model carries out takes, gives, and is for. */
export interface FnOptions<I extends z.ZodType, O extends z.ZodType> extends FormOptions {
  readonly name?: string
  /** What it does, in a sentence or two. */
  readonly does: string
  readonly input: I
  readonly output: O
  /** What it is to give for some inputs. */
  readonly examples?: readonly { readonly input: z.input<I>; readonly output: z.input<O> }[]
}

/** Carries such a function out. Its input is checked before anything is sent. */
export async function callFn<I extends z.ZodType, O extends z.ZodType>(
  caller: Caller,
  { name = 'fn', does, input, output, examples = [], ...options }: FnOptions<I, O>,
  value: z.input<I>,
): Promise<z.output<O>> {
  const read = await input.safeParseAsync(value)
  if (!read.success) {
    const reasons = read.error.issues.map(({ path, message }) => [...path, message].join(': '))
    throw new StepwrightError('invalid-data', {
      what: `The input of ${name} does not fit its schema: ${reasons.join('; ')}`,
      remedy: 'Mend the value, or the schema',
    })
  }
  const shown = examples.flatMap((example) => [
    { role: 'user', text: quoted(JSON.stringify(example.input)) } as const,
    { role: 'assistant', text: JSON.stringify(example.output) } as const,
  ])
  const ask = [
    {
      role: 'system',
      text: `You are a function. ${does} You are given its input and answer with its output.`,
    } as const,
    ...shown,
    { role: 'user', text: quoted(JSON.stringify(read.data)) } as const,
  ]
  return askObject(caller, output, ask, options, name)
}
