import { isDeepStrictEqual } from 'node:util'
import type { JsonSchema } from '../definition/schema-json.ts'

/**
 * Why a value that the first schema has given may not be one that the second accepts, each with its path. What a JSON
 * schema does not say, such as a refinement, is not seen. Cautious: a change that is not understood counts.
 */
export function narrowings(before: JsonSchema | undefined, after: JsonSchema | undefined): readonly string[] {
  return before && after ? compare(before, after, '') : [] // one of them cannot be looked into
}

function compare(was: JsonSchema, is: JsonSchema, path: string): readonly string[] {
  if (isDeepStrictEqual(bare(was), bare(is)) || isAnything(is)) return []
  const here = path || 'it'
  const options = optionsOf(was)
  if (options.length > 1 || options[0] !== was)
    return [...new Set(options.flatMap((option) => compare(option, is, path)))]
  const accepted = optionsOf(is)
  if (accepted.length > 1)
    return accepted.some((option) => compare(was, option, path).length === 0)
      ? []
      : [`${here} is none of what is accepted now`]
  if (was['const'] !== undefined || was['enum']) return compareValues(was, is, here)
  if (is['const'] !== undefined || is['enum']) return [`${here} may be fewer values now`]
  if (was['type'] !== is['type'] && !(was['type'] === 'integer' && is['type'] === 'number'))
    return [`${here} is ${sayType(is)} now, and was ${sayType(was)}`]
  if (was['type'] === 'object') return compareObjects(was, is, path)
  if (was['type'] === 'array' && !Array.isArray(was['items']) && !Array.isArray(is['items'])) {
    const items = compare((was['items'] ?? {}) as JsonSchema, (is['items'] ?? {}) as JsonSchema, `${path}[]`)
    return [...items, ...compareBounds(was, is, here)]
  }
  return compareBounds(was, is, here)
}

function compareValues(was: JsonSchema, is: JsonSchema, here: string): readonly string[] {
  const values = valuesOf(was)
  const accepted = is['const'] !== undefined || is['enum'] ? valuesOf(is) : undefined
  if (!accepted) {
    const fits = values.every((value) => typeof value === is['type'])
    return fits ? compareBounds(was, is, here) : [`${here} is ${sayType(is)} now`]
  }
  const gone = values.filter((value) => !accepted.includes(value))
  return gone.length > 0
    ? [`${here} is never ${gone.map((value) => JSON.stringify(value)).join(', ')} now`]
    : []
}

/** Keys that a schema does not have are refused, so a field that is gone counts too. */
function compareObjects(was: JsonSchema, is: JsonSchema, path: string): readonly string[] {
  const [before, after] = [fieldsOf(was), fieldsOf(is)]
  const at = (key: string): string => (path ? `${path}.${key}` : key)
  const open = is['additionalProperties'] // a schema for all other keys, or true
  const rest = typeof open === 'object' && open !== null ? (open as JsonSchema) : undefined
  const found = Object.entries(before).flatMap(([key, schema]) => {
    const now = Object.hasOwn(after, key) ? after[key] : rest
    if (now) return compare(schema, now, at(key))
    return open === true ? [] : [`${at(key)} is not there any more`]
  })
  const there = givenBy(was)
  const missing = requiredBy(is).filter((key) => !there.includes(key))
  const spare = [was['additionalProperties'], rest].map((each) => (each ?? false) as JsonSchema | boolean)
  const others = spare[0] === false || isDeepStrictEqual(spare[0], spare[1]) ? [] : compareRest(was, is, path)
  return [
    ...found,
    ...missing.map((key) => `${at(key)} is required now`),
    ...others,
    ...compareBounds(was, is, path || 'it'),
  ]
}

function compareRest(was: JsonSchema, is: JsonSchema, path: string): readonly string[] {
  const [before, after] = [was['additionalProperties'], is['additionalProperties']]
  if (after === true) return []
  if (typeof before === 'object' && before !== null && typeof after === 'object' && after !== null)
    return compare(before as JsonSchema, after as JsonSchema, `${path || 'it'}.*`)
  return [`${path || 'it'} has no other keys now`]
}

const LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const
const MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const
/** Read elsewhere, or no bound. */
const KNOWN: ReadonlySet<string> = new Set([
  ...LEAST,
  ...MOST,
  ...['type', 'properties', 'required', 'additionalProperties', 'items'],
  ...['enum', 'const', 'anyOf', 'oneOf', 'default', 'title', 'description', 'examples', 'deprecated'],
  ...['id', 'pii', 'secret'],
])

function compareBounds(was: JsonSchema, is: JsonSchema, here: string): readonly string[] {
  const num = (schema: JsonSchema, key: string, or: number): number => (schema[key] ?? or) as number
  const tighter = [
    ...LEAST.filter((key) => num(is, key, -Infinity) > num(was, key, -Infinity)),
    ...MOST.filter((key) => num(is, key, Infinity) < num(was, key, Infinity)),
  ].filter((key) => !isSafeBound(is, key))
  const others = Object.keys(is).filter((key) => !KNOWN.has(key) && !isDeepStrictEqual(is[key], was[key]))
  return [...tighter, ...others].map((key) => `${here} has another ${key} now`)
}

/** Zod writes the bounds of whole numbers down, and they bound nothing. */
function isSafeBound(schema: JsonSchema, key: string): boolean {
  return (
    Math.abs(Number(schema[key])) === Number.MAX_SAFE_INTEGER &&
    /imum$/.test(key) &&
    schema['type'] === 'integer'
  )
}

function optionsOf(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf, oneOf, type } = schema
  if (Array.isArray(type)) return type.map((each: unknown) => ({ ...schema, type: each }))
  return ((anyOf ?? oneOf) as readonly JsonSchema[] | undefined) ?? [schema]
}

function valuesOf(schema: JsonSchema): readonly unknown[] {
  return 'const' in schema ? [schema['const']] : (schema['enum'] as readonly unknown[])
}

/** Without what does not decide whether a value fits. */
function bare({
  default: _default,
  title: _title,
  description: _said,
  examples: _shown,
  ...rest
}: JsonSchema) {
  return rest
}

function isAnything(schema: JsonSchema): boolean {
  return Object.keys(bare(schema)).length === 0
}

function fieldsOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
}

function requiredBy(schema: JsonSchema): readonly string[] {
  return (schema['required'] ?? []) as readonly string[]
}

/** Fields that what was read always has: those that are required, and those that have a default. */
function givenBy(schema: JsonSchema): readonly string[] {
  const filled = Object.entries(fieldsOf(schema)).filter(([, field]) => 'default' in field)
  return [...requiredBy(schema), ...filled.map(([key]) => key)]
}

function sayType(schema: JsonSchema): string {
  const type = schema['x-zod'] ?? schema['type']
  return typeof type === 'string' ? type : 'something else'
}
