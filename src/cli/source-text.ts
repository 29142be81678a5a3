import { uneval } from 'devalue'

/** The longest value that stands on one line. */
const LINE = 90

/** A value as an expression of JavaScript, laid out for people; what JSON cannot hold is written too. */
export function sourceOf(value: unknown, indent = ''): string {
  if (typeof value === 'string') return quotedText(value)
  const inner = `${indent}  `
  if (Array.isArray(value) && isDense(value))
    return laidOut(
      '[',
      value.map((item) => sourceOf(item, inner)),
      ']',
      indent,
    )
  if (isPlain(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${keyOf(key)}: ${sourceOf(item, inner)}`)
    return laidOut('{ ', entries, ' }', indent)
  }
  return uneval(value)
}

function laidOut(open: string, items: readonly string[], close: string, indent: string): string {
  if (items.length === 0) return `${open.trim()}${close.trim()}`
  const line = `${open}${items.join(', ')}${close}`
  if (line.length <= LINE && !line.includes('\n')) return line
  return `${open.trim()}\n${items.map((item) => `${indent}  ${item},\n`).join('')}${indent}${close.trim()}`
}

/** A name as the key of an object. */
export function keyOf(key: string): string {
  if (key === '__proto__') return `['__proto__']`
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quotedText(key)
}

function isDense(value: readonly unknown[]): boolean {
  return Object.keys(value).length === value.length
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function quotedText(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1)
  return `'${inner.replace(/\\[\\"]|'/g, (found) => (found === '\\"' ? '"' : found === "'" ? String.raw`\'` : found))}'`
}
