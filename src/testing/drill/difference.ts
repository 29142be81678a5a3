import { inspect, isDeepStrictEqual } from 'node:util'

/** One place at which two values are not the same. */
export interface Difference {
  /** `output.parcel`, `history[3].data.count`. */
  readonly path: string
  /** As text, in short: what stood there without a crash. Nothing where there was nothing. */
  readonly was: string
  readonly is: string
}

/** Where two values differ, `MOST` places at most; what stands at the `passed` paths is not looked at. */
export function differences(
  was: unknown,
  is: unknown,
  passed: ReadonlySet<string> = new Set(),
): readonly Difference[] {
  const found: Difference[] = []
  const visit = (a: unknown, b: unknown, path: string): void => {
    if (found.length >= MOST || passed.has(path) || isDeepStrictEqual(a, b)) return
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let i = 0; i < Math.max(a.length, b.length); i++) visit(a[i], b[i], `${path}[${i}]`)
      return
    }
    if (isRecord(a) && isRecord(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
        visit(a[key], b[key], path === '' ? key : `${path}.${key}`)
      return
    }
    found.push({ path, was: say(a), is: say(b) })
  }
  visit(was, is, '')
  return found
}

const MOST = 50

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function say(value: unknown): string {
  if (value === undefined) return 'nothing'
  return inspect(value, { depth: 3, breakLength: Infinity, maxStringLength: 200, maxArrayLength: 10 })
}
