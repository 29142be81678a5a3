import { hash } from 'node:crypto'

/** A short SHA-256 of plain data; the order of keys does not count. */
export function hashOf(value: unknown): string {
  return hash('sha256', stableJson(value), 'base64url').slice(0, 22)
}

/** JSON with the keys of every object in order. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
