import { hash } from 'node:crypto'

/** A short SHA-256 of plain data; the order of keys does not count. */
export function hashOf(value: unknown): string {
  return hash('sha256', stableJson(value), 'base64url').slice(0, 22)
}

const messages = new WeakMap<object, string>()

/** The hash of a message, which is plain data that does not change. It is made once, for a conversation says it again with each turn. */
export function messageHash(message: object): string {
  let known = messages.get(message)
  if (known === undefined) messages.set(message, (known = hashOf(message)))
  return known
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
