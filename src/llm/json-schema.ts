import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { JsonSchema } from './model.ts'

/** The form of an answer, as the model is given it. Its root is an object: what is none is put under `value`. */
export interface AnswerForm {
  readonly schema: JsonSchema
  readonly wrapped: boolean
}

const forms = new WeakMap<z.ZodType, Map<boolean, AnswerForm>>()

/**
 * The JSON schema for what a Zod schema reads. `strict`: as models with JSON schemas of their own ask for it. Throws
 * `unsupported-schema`, with all that a model could not be told, before anything is sent.
 */
export function formOf(schema: z.ZodType, strict: boolean): AnswerForm {
  const known = forms.get(schema) ?? new Map<boolean, AnswerForm>()
  forms.set(schema, known)
  let form = known.get(strict)
  if (!form) known.set(strict, (form = makeForm(schema, strict)))
  return form
}

function makeForm(schema: z.ZodType, strict: boolean): AnswerForm {
  const problems: string[] = []
  const read = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, path }) => {
      const { type } = zodSchema._zod.def
      if (UNTOLD.has(type)) problems.push(`${sayPath(path)} is a ${type}: ${UNTOLD.get(type)}`)
    },
  }) as Record<string, unknown>
  const { $schema: _dialect, ...root } = read
  const wrapped = root['type'] !== 'object'
  const whole = wrapped
    ? { type: 'object', properties: { value: root }, required: ['value'], additionalProperties: false }
    : root
  if (wrapped && root['$defs']) {
    Object.assign(whole, { $defs: root['$defs'] })
    delete root['$defs']
  }
  const form = strict ? (tightened(whole, [], problems) as JsonSchema) : whole
  if (problems.length === 0) return { schema: form, wrapped }
  throw new StepwrightError('unsupported-schema', {
    what: `A model cannot be given this schema: ${problems.join('; ')}`,
    remedy:
      'Change what is named, for the model alone if need be: what it answers can be converted afterwards',
    details: { problems },
  })
}

/** Kinds of schemas that no JSON comes to, and what there is instead. */
const UNTOLD: ReadonlyMap<string, string> = new Map([
  ['date', 'use z.iso.date() or z.iso.datetime()'],
  ['bigint', 'use z.number() or z.string()'],
  ['map', 'use an array of { key, value }'],
  ['set', 'use an array'],
  ['symbol', 'use z.string()'],
  ['function', 'leave it out'],
  ['undefined', 'use z.null()'],
  ['void', 'use z.null()'],
  ['nan', 'use z.number()'],
  ['file', 'leave it out'],
  ['promise', 'leave it out'],
  ['custom', 'say what its values look like, with another schema and a refinement'],
  ['transform', 'a schema has to stand before it'],
])

/** Every object closed, every field required. What cannot be so is a problem. */
function tightened(node: unknown, path: readonly PropertyKey[], problems: string[]): unknown {
  if (Array.isArray(node)) return node.map((item, i) => tightened(item, [...path, i], problems))
  if (typeof node !== 'object' || node === null) return node
  const { properties, additionalProperties, propertyNames, required, ...rest } = node as Record<
    string,
    unknown
  >
  const tight: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(rest)) {
    if (key === 'default' || key === 'enum' || key === 'const') tight[key] = value
    else tight[key] = tightened(value, inside(path, key), problems)
  }
  delete tight['default'] // the model is to say it
  if (tight['oneOf']) {
    tight['anyOf'] = tight['oneOf'] // models know but this one
    delete tight['oneOf']
  }
  if (rest['type'] !== 'object') return tight
  if ((additionalProperties && typeof additionalProperties === 'object') || propertyNames)
    problems.push(`${sayPath(path)} is a record: use an array of { key, value }`)
  const fields = (properties ?? {}) as Record<string, Record<string, unknown>>
  const named = (required ?? []) as readonly string[]
  for (const [key, field] of Object.entries(fields))
    if (!named.includes(key) && !('default' in field))
      problems.push(`${sayPath([...path, key])} is optional: make it nullable`)
  return {
    ...tight,
    properties: Object.fromEntries(
      Object.entries(fields).map(([key, field]) => [key, tightened(field, [...path, key], problems)]),
    ),
    required: Object.keys(fields),
    additionalProperties: false,
  }
}

/** Keys of the schema language are no part of the path of a value. */
function inside(path: readonly PropertyKey[], key: string): readonly PropertyKey[] {
  return key === 'items' ? [...path, '*'] : path
}

function sayPath(path: readonly PropertyKey[]): string {
  const keys = path.filter((key) => key !== 'properties').map((key) => (key === 'items' ? '*' : String(key)))
  return keys.length === 0 ? 'the schema itself' : quote(keys.join('.'))
}
