/**
 * Any schema that follows the Standard Schema specification (https://standardschema.dev): Zod 4, Valibot, ArkType.
 * Only the part that is used is written down here.
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type Validated<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

/** One complaint of a schema. */
export interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

type TypesOf<S extends Schema> = NonNullable<S['~standard']['types']>

/** What is passed to a schema. */
export type InputOf<S extends Schema> = TypesOf<S>['input']

/** What a schema gives back. */
export type OutputOf<S extends Schema> = TypesOf<S>['output']

/** Accepts an object without keys: what is not declared is not there. */
export const emptySchema: Schema = {
  '~standard': {
    version: 1,
    vendor: 'stepwright',
    validate: (value) => {
      if (typeof value !== 'object' || value === null) return { issues: [{ message: 'expected an object' }] }
      const issues = Object.keys(value).map((key) => ({ message: `Unrecognized key: "${key}"` }))
      return issues.length > 0 ? { issues } : { value: {} }
    },
  },
}

/** A value that was accepted, or the reasons why not, each with its path. */
export type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reasons: readonly string[] }

/** Validates a value; a promise only where the schema gives one. Never throws for a wrong value, nor for a schema that does. `rest`: what becomes of keys that the schema does not have. */
export function parseWith(
  schema: Schema,
  value: unknown,
  rest: 'refuse' | 'pass over keys' = 'refuse',
): Parsed | Promise<Parsed> {
  const read = (result: Validated<unknown>): Parsed => {
    if (result.issues) return { ok: false, reasons: result.issues.map(sayIssue) }
    const lost: string[] = []
    if (rest === 'refuse') findLost(value, result.value, '', lost)
    if (lost.length > 0)
      return { ok: false, reasons: lost.map((path) => `${path}: not in the schema, would be dropped`) }
    return { ok: true, value: result.value }
  }
  try {
    const result = schema['~standard'].validate(value)
    return result instanceof Promise ? result.then(read).catch(threw) : read(result)
  } catch (error) {
    return threw(error)
  }
}

function threw(error: unknown): Parsed {
  return {
    ok: false,
    reasons: [`the schema threw: ${error instanceof Error ? error.message : String(error)}`],
  }
}

function sayIssue({ message, path }: Issue): string {
  const keys = (path ?? []).map((key) => String(typeof key === 'object' ? key.key : key))
  return keys.length > 0 ? `${keys.join('.')}: ${message}` : message
}

/** I8: keys of plain objects that the schema did not pass on. A change of kind (object to Map) is a transform, not a loss. */
function findLost(before: unknown, after: unknown, path: string, lost: string[]): void {
  if (before === after || typeof before !== 'object' || typeof after !== 'object' || !before || !after) return
  if (Array.isArray(before) !== Array.isArray(after) || !isPlain(before) || !isPlain(after)) return
  for (const key of Object.keys(before)) {
    const value = (before as Record<string, unknown>)[key]
    const kept = Object.hasOwn(after, key)
    if (kept && (typeof value !== 'object' || value === null)) continue
    const here = path ? `${path}.${key}` : key
    if (kept) findLost(value, (after as Record<string, unknown>)[key], here, lost)
    else if (value !== undefined) lost.push(here)
  }
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
