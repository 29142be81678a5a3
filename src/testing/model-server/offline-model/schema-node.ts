import { isDeepStrictEqual } from 'node:util'

/** A JSON schema that is an object, read keyword by keyword because it came over the wire. */
export type SchemaNode = Readonly<Record<string, unknown>>

/** A schema without `$ref` and `allOf`, and the references that were followed to get there. */
export interface FlatNode {
  readonly node: SchemaNode
  readonly refs: readonly string[]
}

/** The schema as an object; undefined for one that no value fits, such as `false`. */
export function asNode(schema: unknown): SchemaNode | undefined {
  if (schema === true) return {}
  if (!isRecord(schema)) return undefined
  const { not } = schema
  return not === true || (isRecord(not) && Object.keys(not).length === 0) ? undefined : schema
}

/** The value of a keyword if it is an object; an empty one otherwise. */
export function recordAt(node: SchemaNode, keyword: string): SchemaNode {
  const value = node[keyword]
  return isRecord(value) ? value : {}
}

/** The value of a keyword if it is a list. */
export function listAt(node: SchemaNode, keyword: string): readonly unknown[] | undefined {
  const value = node[keyword]
  return Array.isArray(value) ? value : undefined
}

/** The value of a keyword if it is a number. */
export function numberAt(node: SchemaNode, keyword: string): number | undefined {
  const value = node[keyword]
  return typeof value === 'number' ? value : undefined
}

/** The value of a keyword if it is a string. */
export function textAt(node: SchemaNode, keyword: string): string | undefined {
  const value = node[keyword]
  return typeof value === 'string' ? value : undefined
}

/** Follows `$ref` and merges `allOf`; undefined if a reference leads nowhere, goes round, or nothing fits all. */
export function flatten(root: unknown, schema: SchemaNode): FlatNode | undefined {
  const refs: string[] = []
  let node: SchemaNode | undefined = schema
  for (let steps = 0; node !== undefined && steps < 100; steps++) {
    if (typeof node.$ref === 'string') {
      refs.push(node.$ref)
      node = mergeNodes(without(node, '$ref'), resolve(root, node.$ref))
    } else if (Array.isArray(node.allOf)) {
      const [base, parts]: readonly [SchemaNode, readonly unknown[]] = [without(node, 'allOf'), node.allOf]
      node = parts.reduce<SchemaNode | undefined>((whole, part) => mergeNodes(whole, part), base)
    } else return { node, refs }
  }
  return undefined
}

/** A schema that only what fits both fits; undefined if that is nothing. */
export function mergeNodes(a: SchemaNode | undefined, other: unknown): SchemaNode | undefined {
  const b = asNode(other)
  if (a === undefined || b === undefined) return undefined
  const merged = new Map(Object.entries(a))
  for (const [keyword, value] of Object.entries(b)) {
    const held = merged.get(keyword)
    if (held === undefined) merged.set(keyword, value)
    else if (!isDeepStrictEqual(held, value) && !mergeKeyword(merged, keyword, held, value)) return undefined
  }
  return Object.fromEntries(merged)
}

/** A copy without one keyword; `Object.fromEntries` keeps even a key called `__proto__` an own property. */
export function without(node: SchemaNode, keyword: string): SchemaNode {
  return Object.fromEntries(Object.entries(node).filter(([key]) => key !== keyword))
}

/** Joins two values of one keyword; false if no value could satisfy both. */
function mergeKeyword(merged: Map<string, unknown>, keyword: string, a: unknown, b: unknown): boolean {
  const set = (value: unknown): true => {
    merged.set(keyword, value)
    return true
  }
  switch (keyword) {
    case 'const':
      return false
    case 'type':
      return mergeTypes(merged, [a].flat(), [b].flat())
    case 'enum': {
      const both = [a].flat().filter((value) => [b].flat().some((other) => isDeepStrictEqual(value, other)))
      return both.length > 0 && set(both)
    }
    case 'required':
      return set([...new Set([a, b].flat())])
    case 'description':
      return set(`${String(a)} ${String(b)}`)
    case 'properties':
      return set(mergeProperties(a, b))
    case 'items':
    case 'additionalProperties':
      return set({ allOf: [a, b] })
    case 'pattern':
      return set(`^(?=[^]*?(?:${String(a)}))[^]*?(?:${String(b)})`)
    case 'multipleOf':
      return set(Number(a) % Number(b) === 0 ? a : Number(b) % Number(a) === 0 ? b : Number(a) * Number(b))
    case 'minimum':
    case 'exclusiveMinimum':
    case 'minLength':
    case 'minItems':
      return set(Math.max(Number(a), Number(b)))
    case 'maximum':
    case 'exclusiveMaximum':
    case 'maxLength':
    case 'maxItems':
      return set(Math.min(Number(a), Number(b)))
    case '$ref':
    case 'anyOf':
    case 'oneOf':
    case 'allOf': {
      // Kept for the next round: both apply.
      const all = merged.get('allOf')
      merged.set('allOf', [
        ...(Array.isArray(all) ? all : []),
        ...(keyword === 'allOf' ? [b].flat() : [{ [keyword]: b }]),
      ])
      return true
    }
    default:
      return set(b)
  }
}

function mergeTypes(merged: Map<string, unknown>, a: readonly unknown[], b: readonly unknown[]): boolean {
  const allows = (types: readonly unknown[], type: unknown): boolean =>
    types.includes(type) || (type === 'integer' && types.includes('number'))
  const both = [...new Set([...a, ...b])].filter((type) => allows(a, type) && allows(b, type))
  merged.set('type', both)
  return both.length > 0
}

function mergeProperties(a: unknown, b: unknown): SchemaNode {
  const merged = new Map(isRecord(a) ? Object.entries(a) : [])
  for (const [name, schema] of isRecord(b) ? Object.entries(b) : []) {
    merged.set(name, merged.has(name) ? { allOf: [merged.get(name), schema] } : schema)
  }
  return Object.fromEntries(merged)
}

/** Looks up `#` and `#/$defs/name`; own properties only. */
function resolve(root: unknown, ref: string): unknown {
  if (ref === '#') return root
  if (!ref.startsWith('#/')) return undefined
  return ref
    .slice(2)
    .split('/')
    .map((token) => decode(token).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, token) => (isObject(at) && Object.hasOwn(at, token) ? at[token] : undefined), root)
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isRecord(value: unknown): value is SchemaNode {
  return isObject(value) && !Array.isArray(value)
}
