import { hash } from 'node:crypto'

/** A short SHA-256 of plain data; the order of keys does not count. */
export function hashOf(value: unknown): string {
  return hash('sha256', stableJson(value), 'base64url').slice(0, 22)
}

/** What a request to a model is known by. */
export function requestHash(model: string, request: object): string {
  return hashOf({ ...request, model })
}

/** JSON with the keys of every object in order. */
export function stableJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const { toJSON } = value as { readonly toJSON?: unknown }
  if (typeof toJSON === 'function') return stableJson(toJSON.call(value))
  let parts = ''
  if (Array.isArray(value)) {
    for (const item of value) parts += `${parts && ','}${stableJson(item)}`
    return `[${parts}]`
  }
  for (const key of Object.keys(value).sort()) {
    const item = (value as Readonly<Record<string, unknown>>)[key]
    if (item !== undefined) parts += `${parts && ','}${JSON.stringify(key)}:${stableJson(item)}`
  }
  return `{${parts}}`
}
