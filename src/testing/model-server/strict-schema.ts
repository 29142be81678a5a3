import { HttpError } from './http-reply.ts'
import { asNode, listAt, recordAt } from './offline-model/schema-node.ts'
import type { SchemaNode } from './offline-model/schema-node.ts'

/**
 * Refuses a schema that a provider would not take with `strict: true`: the root and every object in it must say
 * `additionalProperties: false` and require all its properties. Throws a 400 that names the place.
 */
export function checkStrict(schema: unknown, whose: string, param: string): void {
  const refuse = (path: Path, why: string): never => {
    const context = `(${path.map((step) => `'${step}'`).join(', ')})`
    throw new HttpError(400, `Invalid schema for ${whose}: In context=${context}, ${why}`, param)
  }
  const root = asNode(schema)
  if (root === undefined || root.type !== 'object') refuse([], "schema must have type 'object'.")
  else check(root, [], refuse)
}

type Path = readonly string[]

function check(node: SchemaNode, path: Path, refuse: (path: Path, why: string) => never): void {
  if ([node.type].flat().includes('object') || Object.hasOwn(node, 'properties')) {
    if (node.additionalProperties !== false)
      refuse(path, "'additionalProperties' is required to be supplied and to be false.")
    const required = new Set(listAt(node, 'required'))
    const missing = Object.keys(recordAt(node, 'properties')).find((name) => !required.has(name))
    if (missing !== undefined)
      refuse(
        path,
        "'required' is required to be supplied and to be an array including every key in properties. " +
          `Missing '${missing}'.`,
      )
  }
  for (const [step, inner] of parts(node)) {
    const part = asNode(inner)
    if (part !== undefined) check(part, [...path, ...step], refuse)
  }
}

function* parts(node: SchemaNode): Iterable<readonly [step: Path, schema: unknown]> {
  for (const keyword of ['properties', '$defs', 'definitions'])
    for (const [name, schema] of Object.entries(recordAt(node, keyword))) yield [[keyword, name], schema]
  for (const keyword of ['anyOf', 'oneOf', 'allOf', 'prefixItems'])
    for (const [at, schema] of (listAt(node, keyword) ?? []).entries()) yield [[keyword, String(at)], schema]
  if (node.items !== undefined) yield [['items'], node.items]
}
