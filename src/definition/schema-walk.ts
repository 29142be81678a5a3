import { z } from 'zod'
import type { Schema } from '../model/schema.ts'
import type { Mark } from './definition.ts'

type ZodDef = z.core.$ZodTypes['_zod']['def']

/** What a walk over a schema found. */
export interface SchemaFindings {
  /** Why values of this schema cannot be stored or read back, each with its path. */
  readonly problems: readonly string[]
  readonly marks: readonly Omit<Mark, 'where'>[]
}

/** Looks through a Zod schema; other Standard Schemas cannot be looked into and pass. */
export function walkSchema(schema: Schema): SchemaFindings {
  const problems: string[] = []
  const marks: Omit<Mark, 'where'>[] = []
  const above = new Set<unknown>()
  const visit = (node: unknown, path: readonly string[]): void => {
    if (!isZod(node) || above.has(node)) return // a recursive schema comes back to itself
    above.add(node)
    const meta = z.globalRegistry.get(node) as { pii?: unknown; secret?: unknown } | undefined
    for (const kind of ['pii', 'secret'] as const) if (meta?.[kind] === true) marks.push({ path, kind })
    const def = (node as z.core.$ZodTypes)._zod.def
    const reason = UNSTORABLE[def.type] ?? (def.type === 'pipe' ? pipeProblem(def) : undefined)
    if (reason !== undefined) problems.push(`${path.join('.') || 'the schema itself'} ${reason}`)
    for (const [child, key] of childrenOf(def)) visit(child, key === undefined ? path : [...path, key])
    above.delete(node)
  }
  visit(schema, [])
  return { problems, marks }
}

function isZod(node: unknown): node is z.core.$ZodType {
  return typeof node === 'object' && node !== null && '_zod' in node
}

const UNSTORABLE: Readonly<Record<string, string>> = {
  function: 'is a function, which cannot be stored',
  promise: 'is a promise, which cannot be stored',
  symbol: 'is a symbol, which cannot be stored',
  file: 'is a File, which cannot be stored',
}

/** A value that went through a transform does not fit the schema any more, so it could not be checked when read back. */
function pipeProblem(def: Extract<ZodDef, { type: 'pipe' }>): string | undefined {
  const out = (def.out as z.core.$ZodTypes)._zod.def.type
  if (out !== 'transform' && !('reverseTransform' in def && def.reverseTransform)) return undefined
  return 'is transformed, and what comes out cannot be read back by the same schema; transform it in the handler'
}

type Child = readonly [node: unknown, key: string | undefined]

function childrenOf(def: ZodDef): readonly Child[] {
  switch (def.type) {
    case 'object': {
      const fields: Child[] = Object.entries(def.shape as object).map(([key, value]) => [value, key])
      return [...fields, [def.catchall, '*']]
    }
    case 'array':
      return [[def.element, '*']]
    case 'tuple':
      return [...def.items.map((item, i): Child => [item, String(i)]), [def.rest, '*']]
    case 'record':
      return [
        [def.keyType, undefined],
        [def.valueType, '*'],
      ]
    case 'map':
      return [
        [def.keyType, '*'],
        [def.valueType, '*'],
      ]
    case 'set':
      return [[def.valueType, '*']]
    case 'union':
      return def.options.map((option): Child => [option, undefined])
    case 'intersection':
      return [
        [def.left, undefined],
        [def.right, undefined],
      ]
    case 'pipe':
      return [
        [def.in, undefined],
        [def.out, undefined],
      ]
    case 'lazy':
      return [[def.getter(), undefined]]
    default:
      return 'innerType' in def ? [[def.innerType, undefined]] : []
  }
}
