/** Fields of a value that are not for everybody, by their paths. */

/** A field that a schema marks with `.meta({ pii: true })` or `.meta({ secret: true })`. */
export interface Mark {
  /** What the schema is of: a state, `vars`, `session`, `signal <name>`, and so on. */
  readonly where: string
  /** Keys from the top; `*` stands for every element. */
  readonly path: readonly string[]
  readonly kind: 'pii' | 'secret'
}

/** What stands in the place of a field that its schema marks `pii` or `secret`. */
export const MASK = '***'

/** Paths inside a value; `*` stands for every element. */
export type Paths = readonly (readonly string[])[]

/** The marked fields of `where`: a state's name, `vars` or `signal <name>`. */
export function hiddenPaths({ marks }: { readonly marks: readonly Mark[] }, where: string): Paths {
  return marks.filter((mark) => mark.where === where).map(({ path }) => path)
}

/** The paths inside one field. */
export function inside(paths: Paths, key: string): Paths {
  return paths.filter(([first]) => first === key || first === '*').map(([, ...rest]) => rest)
}

/** A value with what stands at these paths masked; itself where there are none. */
export function masked(value: unknown, paths: Paths): unknown {
  if (paths.length === 0) return value
  if (paths.some((path) => path.length === 0)) return value === undefined ? undefined : MASK
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item, i) => masked(item, inside(paths, String(i))))
  if (value instanceof Map)
    return new Map([...value].map(([key, item]) => [key, masked(item, inside(paths, String(key)))]))
  if (value instanceof Set) return new Set([...value].map((item) => masked(item, inside(paths, '*'))))
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, masked(item, inside(paths, key))]),
  )
}

/** All texts at these paths of a value, however deep under them. */
export function textsAt(value: unknown, paths: Paths, found: Set<string> = new Set()): Set<string> {
  if (paths.length === 0) return found
  const all = paths.some((path) => path.length === 0)
  if (typeof value === 'string' && all) found.add(value)
  if (typeof value !== 'object' || value === null) return found
  const fields: Iterable<readonly [unknown, unknown]> =
    value instanceof Map ? value : value instanceof Set ? value.entries() : Object.entries(value)
  for (const [key, item] of fields) textsAt(item, all ? [[]] : inside(paths, String(key)), found)
  return found
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
