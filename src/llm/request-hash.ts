import { hash } from 'node:crypto'

/** A short SHA-256 of plain data; the order of keys does not count. */
export function hashOf(value: unknown): string {
  return hash('sha256', stableJson(value), 'base64url').slice(0, 22)
}

const hashes = new WeakMap<object, { readonly copy: object; readonly hash: string }>()

/** The hash of a message. It is made once, for a conversation says it again with each turn; and again where somebody has changed it. */
export function messageHash(message: object): string {
  const known = hashes.get(message)
  if (known && sameFields(known.copy, message)) return known.hash
  const made = { copy: { ...message }, hash: hashOf(message) }
  hashes.set(message, made)
  return made.hash
}

function sameFields(a: object, b: object): boolean {
  const [own, other] = [Object.entries(a), b as Readonly<Record<string, unknown>>]
  return own.length === Object.keys(b).length && own.every(([key, value]) => other[key] === value)
}

/** What a request to a model is known by. */
export function requestHash(model: string, request: object): string {
  const { messages: said, ...rest } = request as { readonly messages?: readonly object[] }
  return hashOf({ ...rest, model, ...(said ? { messages: said.map(messageHash) } : {}) })
}

/** JSON with the keys of every object in order. */
function stableJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const { toJSON } = value as { readonly toJSON?: unknown }
  if (typeof toJSON === 'function') return stableJson(toJSON.call(value))
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`
  const fields = Object.entries(value).filter(([, item]) => item !== undefined)
  fields.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`).join(',')}}`
}
