import { z } from 'zod'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'

/** A text that is said in a template: its placeholders, `{{name}}`, are filled in. */
export interface Turn {
  readonly role: 'system' | 'user' | 'assistant'
  readonly text: string
}

/** A question with the answer it should have. Said as it is: braces in it mean nothing. */
export interface Example {
  readonly user: string
  readonly assistant: string
}

/** What is said, before the variables are filled in. It is plain data: it can be stored. */
export interface Template {
  readonly system?: string
  readonly examples?: readonly Example[]
  /** Turns between the examples and what the user says last. */
  readonly messages?: readonly Turn[]
  /** What the user says last. */
  readonly user?: string
  /** Variables whose values are images, one or several: addresses, or `data:` URLs. They go with what the user says last. */
  readonly images?: readonly string[]
}

const turn = z.object({ role: z.enum(['system', 'user', 'assistant']), text: z.string() })

/** What a template is stored as. */
export const templateSchema: z.ZodType<Template> = z.strictObject({
  system: z.string().exactOptional(),
  examples: z.array(z.object({ user: z.string(), assistant: z.string() })).exactOptional(),
  messages: z.array(turn).exactOptional(),
  user: z.string().exactOptional(),
  images: z.array(z.string()).exactOptional(),
})

/** The names of the placeholders of a text. */
export type Placeholders<
  Text extends string,
  Found = never,
> = Text extends `${string}{{${infer Name}}}${infer Rest}` ? Placeholders<Rest, Found | Trimmed<Name>> : Found

/** Without the spaces around a name, and the brace of an object that it stands in. */
type Trimmed<Text extends string> = Text extends ` ${infer Rest}` | `{${infer Rest}`
  ? Trimmed<Rest>
  : Text extends `${infer Rest} `
    ? Trimmed<Rest>
    : Text

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g
const NAME = /^[A-Za-z_$][\w$]*$/

/** A text with its placeholders filled in, once: braces in a value mean nothing. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (_placeholder, inner: string) => {
    const name = inner.trim()
    return Object.hasOwn(values, name) ? (values[name] ?? '') : '' // one that is optional may not be there
  })
}

/** Throws `invalid-prompt` with all that is wrong with a template, given the names of its variables. */
export function checkTemplate(name: string, template: Template, variables: readonly string[]): void {
  const { system = '', messages = [], user, images = [] } = template
  const texts = [system, ...messages.map(({ text }) => text), user ?? '']
  const placed = new Set(
    texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(([, inner = '']) => inner.trim())),
  )
  const problems = [
    ...(user === undefined && messages.length === 0 && system === '' ? ['it says nothing'] : []),
    ...[...placed].flatMap((placeholder) => {
      if (!NAME.test(placeholder)) return [`{{${placeholder}}} is not the name of a variable`]
      if (images.includes(placeholder))
        return [`{{${placeholder}}} is an image, which goes with the text and not into it`]
      return variables.includes(placeholder) ? [] : [`{{${placeholder}}} is not among its variables`]
    }),
    ...images
      .filter((image) => !variables.includes(image))
      .map((image) => `the image ${quote(image)} is not among its variables`),
    ...variables
      .filter((variable) => !placed.has(variable) && !images.includes(variable))
      .map((variable) => `the variable ${quote(variable)} is used nowhere`),
    ...(images.length > 0 && user === undefined && !messages.some(({ role }) => role === 'user')
      ? ['its images go with what the user says, and the user says nothing']
      : []),
  ]
  if (problems.length > 0) throw invalidPrompt(name, problems)
}

/** What is wrong with a prompt. */
export function invalidPrompt(name: string, problems: readonly string[], cause?: unknown): StepwrightError {
  return new StepwrightError('invalid-prompt', {
    what: `The prompt ${quote(name)} cannot be used: ${problems.join('; ')}`,
    remedy: 'Mend its template, its variables, or what it is filled with',
    details: { prompt: name, problems },
    ...(cause === undefined ? {} : { cause }),
  })
}
