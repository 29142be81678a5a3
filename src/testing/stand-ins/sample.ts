import { z } from 'zod'
import { isZod, type ZodDef, type ZodNode } from './zod-node.ts'
import type { Schema } from '../../model/schema.ts'
import { answerSchema } from '../model-server/offline-model/schema-answer.ts'

/** A value that a schema accepts, or why none was found. */
export type Sample =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string }

/** Deeper than that only what must be there is made: schemas can refer to themselves. */
const DEEP = 5
/** The same in every run of a test. */
const DAY = Date.UTC(2026, 0, 1)

/**
 * A value made from a schema: the same each time, checked against the schema. A refinement that it does not meet, or a
 * schema that is not Zod's, gives the reason instead.
 */
export function sampleOf(schema: Schema): Sample {
  let value: unknown
  try {
    value = isZod(schema) ? make(schema, 0) : {}
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) }
  }
  const result = check(schema, value)
  return result === undefined ? { ok: true, value } : { ok: false, why: result }
}

function check(schema: Schema, value: unknown): string | undefined {
  try {
    const result = schema['~standard'].validate(value)
    if (result instanceof Promise) return void result.catch(() => undefined) // the engine will tell
    return result.issues
      ?.map(({ message, path = [] }) => {
        const keys = path.map((key) => String(typeof key === 'object' ? key.key : key))
        return keys.length > 0 ? `${keys.join('.')}: ${message}` : message
      })
      .join('; ')
  } catch (error) {
    return `the schema threw ${String(error)}`
  }
}

class Unmade extends Error {}

function make(node: ZodNode, depth: number): unknown {
  const def = node._zod.def
  let first: { readonly value: unknown } | undefined
  for (const value of candidatesOf(node, def, depth)) {
    first ??= { value }
    if (accepts(node, value)) return value
  }
  return first?.value // the caller checks the whole, and says what is wrong with it
}

function accepts(node: ZodNode, value: unknown): boolean {
  try {
    return z.safeParse(node, value).success
  } catch {
    return false // asynchronous
  }
}

/** Values to be tried in their order. */
function candidatesOf(node: ZodNode, def: ZodDef, depth: number): Iterable<unknown> {
  const inner = (child: unknown): unknown => make(child as ZodNode, depth + 1)
  switch (def.type) {
    case 'object':
      return [Object.fromEntries(fieldsOf(def.shape as Readonly<Record<string, ZodNode>>, depth))]
    case 'array': {
      const counts = depth > DEEP ? [0] : [2, 1, 0, 3, 5, 10]
      return lazily(counts, (count) => Array.from({ length: count }, () => inner(def.element)))
    }
    case 'tuple':
      return [def.items.map(inner)]
    case 'record': {
      if (depth > DEEP) return [{}]
      return lazily([true, false], (full) =>
        full ? Object.fromEntries(keysOf(def.keyType).map((key) => [key, inner(def.valueType)])) : {},
      )
    }
    case 'map':
      return [depth > DEEP ? new Map() : new Map([[inner(def.keyType), inner(def.valueType)]])]
    case 'set':
      return [depth > DEEP ? new Set() : new Set([inner(def.valueType)])]
    case 'union':
      return lazily(def.options, inner)
    case 'intersection':
      return [Object.assign({}, inner(def.left), inner(def.right))]
    case 'optional':
      return depth > DEEP ? [undefined] : [inner(def.innerType)]
    case 'nullable':
      return depth > DEEP ? [null] : [inner(def.innerType)]
    case 'pipe':
      return [inner(def.in)]
    case 'lazy':
      return [inner(def.getter())]
    case 'enum':
      return Object.values(def.entries)
    case 'literal':
      return def.values
    case 'boolean':
      return [true, false]
    case 'bigint':
      return [1n, 0n, 10n, -1n, 100n]
    case 'date':
      return [new Date(DAY), new Date(0), new Date(Date.UTC(2100, 0, 1))]
    case 'number':
      return [1, ...written(node), 0, 10, 0.5, 100, -1, 1_000]
    case 'string':
      return ['text', ...written(node)]
    case 'template_literal':
      return written(node)
    case 'null':
      return [null]
    case 'undefined':
    case 'void':
      return [undefined]
    case 'any':
    case 'unknown':
    case 'custom':
      return ['text', 1, {}, []]
    case 'nan':
      return [NaN]
    default:
      if ('innerType' in def) return [inner(def.innerType)]
      throw new Unmade(`no value can be made for z.${def.type}()`)
  }
}

function* fieldsOf(shape: Readonly<Record<string, ZodNode>>, depth: number) {
  for (const [key, field] of Object.entries(shape)) {
    const value = make(field, depth + 1)
    if (value !== undefined) yield [key, value] as const
  }
}

function keysOf(keyType: unknown): readonly string[] {
  const def = (keyType as ZodNode)._zod.def
  if (def.type === 'enum') return Object.values(def.entries).map(String)
  return [String(make(keyType as ZodNode, 0))]
}

/** Formats, patterns and bounds: the model server has the writer for these. */
function written(node: ZodNode): readonly unknown[] {
  const prompt = { document: 'text', question: '', instruction: '' }
  try {
    return [answerSchema(z.toJSONSchema(node, { io: 'input', unrepresentable: 'any' }), prompt)]
  } catch {
    return []
  }
}

/** One after the other as it is asked for; what throws is passed over where another one does not. */
function* lazily<T>(from: readonly T[], makeOne: (of: T) => unknown): Iterable<unknown> {
  let made = 0
  let failed: unknown
  for (const each of from) {
    let value: unknown
    try {
      value = makeOne(each)
    } catch (error) {
      failed ??= error
      continue
    }
    made += 1
    yield value
  }
  if (made === 0 && failed !== undefined) throw failed
}
