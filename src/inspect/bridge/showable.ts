import { inside, MASK, type Paths } from '../../model/masking.ts'

const DEEPEST = 20
const LONGEST_TEXT = 4_000
const MOST_ELEMENTS = 200
const MOST_VALUES = 5_000

/**
 * A copy of a value that may be shown: hidden fields are masked, what JSON cannot say is written as text, and what is
 * large is cut, so that showing a run costs little however much it holds. Never throws.
 */
export function showable(value: unknown, hidden: Paths): unknown {
  let left = MOST_VALUES
  try {
    return show(value, hidden, 0)
  } catch {
    return '(cannot be shown)'
  }

  function show(value: unknown, paths: Paths, depth: number): unknown {
    if (paths.some((path) => path.length === 0)) return MASK
    if (--left < 0 || depth > DEEPEST) return '...'
    if (typeof value === 'string') return cut(value)
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
    if (typeof value === 'function' || typeof value === 'symbol') return `(${typeof value})`
    if (typeof value !== 'object' || value === null) return value
    return showObject(value, paths, depth + 1)
  }

  function showObject(value: object, paths: Paths, depth: number): unknown {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`
    if (value instanceof RegExp || value instanceof URL) return cut(String(value))
    if (Array.isArray(value)) return showAll(value as readonly unknown[], paths, depth)
    if (value instanceof Set) return showAll([...value], paths, depth)
    if (value instanceof Map) {
      const pairs = some([...value]).map(([key, element]) => {
        const inner = inside(paths, String(key))
        return [show(key, inner, depth), show(element, inner, depth)]
      })
      return value.size > MOST_ELEMENTS ? [...pairs, more(value.size)] : pairs
    }
    const entries = Object.entries(value)
    const shown = some(entries).map(([key, field]) => [key, show(field, inside(paths, key), depth)])
    return Object.fromEntries(
      entries.length > MOST_ELEMENTS ? [...shown, ['...', more(entries.length)]] : shown,
    )
  }

  function showAll(elements: readonly unknown[], paths: Paths, depth: number): unknown[] {
    const shown = some(elements).map((element, i) => show(element, inside(paths, String(i)), depth))
    return elements.length > MOST_ELEMENTS ? [...shown, more(elements.length)] : shown
  }
}

function some<T>(elements: readonly T[]): readonly T[] {
  return elements.slice(0, MOST_ELEMENTS)
}

function more(size: number): string {
  return `... and ${size - MOST_ELEMENTS} more`
}

function cut(text: string): string {
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text
  return short.toWellFormed()
}
