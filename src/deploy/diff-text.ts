import type { Change } from '../inspect/drawing/drawing.ts'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { JsonSchema } from '../definition/schema-json.ts'
import type { Exit } from '../definition/exit.ts'
import { sayDuration } from '../inspect/drawn-text.ts'
import { isSame, type FieldChange, type TransitionChange, type WorkflowDiff } from './definition-diff.ts'
import { sayOwnedExit } from './exit-text.ts'

/** A line of a difference; how it is to look is for the terminal to say. */
export interface DiffLine {
  readonly text: string
  readonly tone: Change | 'heading' | 'plain' | 'risk'
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const

/** A difference as lines for people: what was added with `+`, removed with `-`, changed with `~`. */
export function diffLines(diff: WorkflowDiff): readonly DiffLine[] {
  const { workflow, before, after, states, transitions, fields, renames, risks } = diff
  const heading: DiffLine = { text: `${workflow} ${sayVersions(before, after)}`, tone: 'heading' }
  if (before !== undefined && after !== undefined && isSame(diff))
    return [{ ...heading, text: `${heading.text}: nothing has changed` }]
  return [
    heading,
    ...fields.filter(({ field }) => field !== 'version').flatMap((field) => fieldLines(field, '  ')),
    ...states.flatMap(({ state, change, fields: own }): DiffLine[] => [
      { text: `  ${SIGNS[change]} state ${state}`, tone: change },
      ...own.flatMap((field) => fieldLines(field, '      ')),
    ]),
    ...transitions.map((transition): DiffLine => {
      const { from, to, change } = transition
      return { text: `  ${SIGNS[change]} ${from} -> ${to}${sayWay(transition)}`, tone: change }
    }),
    ...renames.map(({ from, to, likeness }): DiffLine => ({
      text: `  ? ${from} may be ${to} now (${Math.round(likeness * 100)}% alike)`,
      tone: 'plain',
    })),
    ...risks.map(({ state, why }): DiffLine => ({
      text: `  ! ${state === undefined ? '' : `${state}: `}${why}`,
      tone: 'risk',
    })),
  ]
}

function sayVersions(before: number | undefined, after: number | undefined): string {
  if (before === undefined) return `version ${after} (new)`
  if (after === undefined) return `version ${before} (removed)`
  return before === after ? `version ${after}` : `version ${before} -> ${after}`
}

function sayWay({ change, before, after }: TransitionChange): string {
  if (change === 'changed' && before && after) return `: ${sayOwnedExit(before)} -> ${sayOwnedExit(after)}`
  const said = sayOwnedExit((after ?? before) as Exit)
  return said ? `: ${said}` : ''
}

function fieldLines(change: FieldChange, indent: string): readonly DiffLine[] {
  return innermost(change).flatMap((each) => lineOf(each, indent))
}

/** What differs inside of objects and lists, each by its path, such as `retry.coefficient`. */
function innermost(change: FieldChange): readonly FieldChange[] {
  const { field, before, after } = change
  const [was, is] = [insideOf(before), insideOf(after)]
  if (!was || !is || Array.isArray(before) !== Array.isArray(after)) return [change]
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((key) => {
    const [from, to] = [was[key], is[key]]
    if (isDeepStrictEqual(from, to)) return []
    const path = Array.isArray(before) ? `${field}[${key}]` : `${field}.${key}`
    return innermost({
      field: path,
      ...(from === undefined ? {} : { before: from }),
      ...(to === undefined ? {} : { after: to }),
    })
  })
}

/** The fields of an object, or the elements of a list of objects; lists of names and schemas are said as a whole. */
function insideOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || isSchema(value)) return undefined
  const inside = { ...value } as Readonly<Record<string, unknown>>
  const objects = Object.values(inside).every((each) => typeof each === 'object')
  return Array.isArray(value) && !objects ? undefined : inside
}

function lineOf({ field, before, after }: FieldChange, indent: string): readonly DiffLine[] {
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const schema = isSchema(before) || isSchema(after)
  if (schema && isSchema(before) && isSchema(after))
    return [{ text: `${indent}~ ${field}`, tone: 'changed' }, ...schemaLines(before, after, `${indent}    `)]
  const value = (given: unknown): string => (isSchema(given) ? '' : sayValue(field, given))
  const whole = (after ?? before) as { readonly method?: unknown } | undefined
  // of work that is new or gone as a whole, the method says enough
  const work = change !== 'changed' && typeof whole?.method === 'string' ? whole.method : undefined
  const text =
    work !== undefined
      ? `: ${work}`
      : change === 'changed'
        ? `: ${value(before)} -> ${value(after)}`
        : schema
          ? ''
          : `: ${value(after ?? before)}`
  return [{ text: `${indent}${SIGNS[change]} ${field}${/: (true)?$/.test(text) ? '' : text}`, tone: change }]
}

/** The fields of an object that differ; of all else, the whole schemas. */
function schemaLines(before: JsonSchema, after: JsonSchema, indent: string): readonly DiffLine[] {
  const [was, is] = [flat(before), flat(after)]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((path): DiffLine[] => {
    const [from, to] = [was.get(path), is.get(path)]
    if (from === to) return []
    const change = from === undefined ? 'added' : to === undefined ? 'removed' : 'changed'
    const what = change === 'changed' ? `${from} -> ${to}` : (to ?? from ?? '')
    return [{ text: `${indent}${SIGNS[change]} ${path}: ${what}`, tone: change }]
  })
}

/** Each field by its path, in words. */
function flat(schema: JsonSchema, path = '', into = new Map<string, string>(), optional = false) {
  const { properties, required = [], items, ...rest } = schema
  const { additionalProperties, type, 'x-zod': zod, ...bounds } = rest
  const open =
    additionalProperties === false || additionalProperties === undefined ? {} : { additionalProperties }
  const more =
    Object.keys({ ...bounds, ...open }).length > 0 ? ` ${sayValue('', { ...bounds, ...open })}` : ''
  into.set(path || '(all)', `${String(zod ?? type ?? 'any')}${optional ? '?' : ''}${more}`)
  for (const [key, field] of Object.entries((properties ?? {}) as Readonly<Record<string, JsonSchema>>))
    flat(field, path ? `${path}.${key}` : key, into, !(required as readonly string[]).includes(key))
  if (items && !Array.isArray(items)) flat(items as JsonSchema, `${path}[]`, into)
  return into
}

function isSchema(value: unknown): value is JsonSchema {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['type', 'anyOf', 'oneOf', 'allOf', '$ref', 'x-zod', 'enum', 'const'].some((key) => key in value)
  )
}

function sayValue(field: string, value: unknown): string {
  if (typeof value === 'number' && field.endsWith('Ms')) return sayDuration(value)
  if (typeof value === 'string') return value
  return inspect(timesSaid(value), { depth: 6, breakLength: Infinity, compact: true, sorted: true })
}

/** The same with its durations in words, wherever they stand in it. */
function timesSaid(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(timesSaid)
  const said = Object.entries(value).map(([key, each]: [string, unknown]) => [
    key,
    typeof each === 'number' && key.endsWith('Ms') ? new Said(sayDuration(each)) : timesSaid(each),
  ])
  return Object.fromEntries(said) as unknown
}

/** Is written without quotes. */
class Said {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  [inspect.custom](): string {
    return this.#text
  }
}
