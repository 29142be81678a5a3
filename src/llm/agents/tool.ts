import type { z } from 'zod'
import { quote } from '../../errors/stepwright-error.ts'
import { FatalError } from '../../model/failure.ts'
import { formOf } from '../json-schema.ts'
import type { ToolSpec } from '../model.ts'

/** What a model may call. */
export interface Tool<I extends z.ZodType = z.ZodType> {
  readonly name: string
  /** For the model: what it does, and when it is of use. */
  readonly description: string
  readonly input: I
  /** Called with input that fits the schema. What it returns is shown to the model: text as it is, all else as JSON. */
  readonly run: (input: z.output<I>) => unknown
  /** A person has to agree before it is called. */
  readonly approval?: boolean
}

/**
 * A tool of an agent, or, without `run`, a decorator that makes one of a method of the workflow class; see `toolsOf`.
 *
 * @example
 * const weather = tool({
 *   name: 'weather',
 *   description: 'The weather of a city, now.',
 *   input: z.object({ city: z.string() }),
 *   run: ({ city }) => forecast(city),
 * })
 */
export function tool<I extends z.ZodType>(spec: Tool<I>): Tool<I>
export function tool<I extends z.ZodType>(
  spec: ToolMark<I>,
): <M extends ToolMethod<I>>(method: M, context: ClassMethodDecoratorContext) => void
export function tool<I extends z.ZodType>(spec: Tool<I> | ToolMark<I>): unknown {
  if ('run' in spec) return checked(spec)
  return (method: ToolMethod<I>, { name }: ClassMethodDecoratorContext): void => {
    const { name: given = String(name), ...rest } = spec
    marks.set(method, { ...rest, name: checkName(given) } as unknown as Marked)
  }
}

/** What makes a tool of a method. */
export type ToolMark<I extends z.ZodType> = Omit<Tool<I>, 'run' | 'name'> & { readonly name?: string }

/** A method that is a tool: its last parameter is what `toolsOf` was given. */
export type ToolMethod<I extends z.ZodType> = (input: z.output<I>, context: never) => unknown

type Marked = Omit<Tool, 'run'>
const marks = new WeakMap<object, Marked>()

/**
 * The tools among the methods of an object and its classes: `toolsOf(this, context)` in a handler.
 *
 * @example
 * const { output } = await llm.agent({ ask: question, tools: toolsOf(this, context) })
 */
export function toolsOf(instance: object, context?: object): readonly Tool[] {
  const found = new Map<string, Tool>()
  for (let at: unknown = instance; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(at as object))) {
      const mark = typeof value === 'function' ? marks.get(value as object) : undefined
      if (!mark || found.has(mark.name)) continue // a class overrides what it extends
      const run = (input: unknown): unknown =>
        (value as (...args: unknown[]) => unknown).call(instance, input, context)
      found.set(mark.name, { ...mark, run })
    }
  }
  return [...found.values()]
}

/** What a model is shown of a tool. */
export function specOf({ name, description, input }: Tool, strict: boolean): ToolSpec {
  return { name, description, input: formOf(input, strict).schema }
}

/** What came of reading the input that a model has written. */
export type ReadInput = { readonly input: unknown } | { readonly wrong: string }

/** The input of a tool call, checked. It comes from a model, so nothing of it is believed. */
export async function readInput({ name, input: schema }: Tool, text: string): Promise<ReadInput> {
  let given: unknown
  try {
    given = text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    return { wrong: `The input of ${name} is not JSON: ${quote(text)}` }
  }
  const parsed = await schema.safeParseAsync(given)
  if (parsed.success) return { input: parsed.data }
  const reasons = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '))
  return { wrong: `The input of ${name} does not fit: ${reasons.slice(0, 10).join('; ')}` }
}

function checked<I extends z.ZodType>(spec: Tool<I>): Tool<I> {
  checkName(spec.name)
  return spec
}

/** Names as all servers take them. */
function checkName(name: string): string {
  if (/^[\w-]{1,64}$/.test(name)) return name
  throw new FatalError(`a tool is called ${quote(name)}; a name is 1 to 64 letters, digits, _ and -`)
}
