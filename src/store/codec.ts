/**
 * Values to JSON and back, exactly or not at all (I8).
 *
 * What JSON holds goes through as it is. A string that begins with NUL is ours: NUL followed by `s` is a string that
 * did so itself, `d` a value that JSON cannot hold, written by devalue, `p` a reference to a piece, `g` (in an array) a
 * piece that holds a group of its elements.
 */
import { parse, stringify } from 'devalue'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { grouped } from './groups.ts'

/** Takes a large part away and returns a reference to its piece: its id and its hash. `text` tells parts apart; `json` makes what is kept. */
export type Shelve = (text: string, json: () => string) => string

/** The text of the piece that a reference names. */
export type Fetch = (ref: string) => string

/** Strings of this length and more become pieces, in UTF-16 units. */
const LONG = 1_024
/** Deeper values are refused: reading them back could overflow the stack. */
const DEEPEST = 200

const MARK = '\0'

/** Encodes a value. `where` begins the path in errors. With `shelve`, large parts are handed to it. */
export function encode(value: unknown, where: string, shelve?: Shelve): unknown {
  try {
    return new Encoder(where, shelve).value(value)
  } catch (error) {
    if (error === TOO_DEEP) return exotic(value, where) // a cycle, which devalue can write, or a depth that it is refused for
    throw error
  }
}

/** Decodes what {@link encode} made. */
export function decode(encoded: unknown, fetch: Fetch = noPieces): unknown {
  if (typeof encoded === 'string') return encoded.startsWith(MARK) ? decodeMarked(encoded, fetch) : encoded
  if (Array.isArray(encoded)) return decodeArray(encoded, fetch)
  if (typeof encoded !== 'object' || encoded === null) return encoded
  const object: Record<string, unknown> = {}
  for (const key of Object.keys(encoded))
    object[key] = decode((encoded as Record<string, unknown>)[key], fetch)
  return object
}

/** The references to pieces that an encoded value holds directly. */
export function piecesIn(encoded: unknown, found: string[] = []): string[] {
  if (typeof encoded === 'string') {
    if (encoded.startsWith(`${MARK}p`) || encoded.startsWith(`${MARK}g`)) found.push(encoded.slice(2))
  } else if (typeof encoded === 'object' && encoded !== null) {
    for (const key in encoded) piecesIn((encoded as Record<string, unknown>)[key], found)
  }
  return found
}

class Encoder {
  readonly #where: string
  readonly #shelve: Shelve | undefined
  /** The way down to the present value; it is told only in a refusal. */
  readonly #way: (string | number)[] = []

  constructor(where: string, shelve: Shelve | undefined) {
    this.#where = where
    this.#shelve = shelve
  }

  value(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#string(value)
      case 'boolean':
        return value
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : exotic(value, this.#path)
      case 'undefined':
      case 'bigint':
        return exotic(value, this.#path)
      case 'function':
      case 'symbol':
        throw refusal(this.#path, `is ${typeof value === 'function' ? 'a function' : 'a symbol'}`)
      case 'object':
        return value === null ? null : this.#object(value)
    }
  }

  get #path(): string {
    return this.#way.reduce<string>((path, step) => {
      if (typeof step === 'number') return `${path}[${step}]`
      return path ? `${path}.${step}` : step
    }, this.#where)
  }

  #string(value: string): string {
    // one that is a piece already was looked at then
    if (this.#shelve && value.length >= LONG)
      return `${MARK}p${this.#shelve(value, () => JSON.stringify(this.#safe(value)))}`
    return this.#safe(value)
  }

  #safe(value: string): string {
    if (!value.isWellFormed()) throw refusal(this.#path, 'holds half of a character (a lone surrogate)')
    return value.startsWith(MARK) ? `${MARK}s${value}` : value
  }

  #object(value: object): unknown {
    if (this.#way.length > DEEPEST) throw TOO_DEEP
    if (Array.isArray(value)) return this.#array(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return exotic(value, this.#path)
    const names = Object.keys(value)
    const all = Reflect.ownKeys(value)
    if (names.length !== all.length) {
      const symbol = all.find((key) => typeof key === 'symbol')
      const why = symbol ? `has the key ${String(symbol)}, a symbol` : 'has keys that are not enumerable'
      throw refusal(this.#path, why)
    }
    let encoded = value as Record<string, unknown> // most values are plain and need no copy
    for (const key of names) {
      this.#way.push(key)
      if (key === '__proto__') throw refusal(this.#path, 'is a key that could change what an object is')
      const item = (value as Record<string, unknown>)[key]
      const text = this.value(item)
      this.#way.pop()
      if (text === item) continue
      if (encoded === value) encoded = { ...encoded }
      encoded[key] = text
    }
    return prototype === null ? exotic(value, this.#path) : encoded
  }

  #array(value: readonly unknown[]): unknown {
    const own = Object.keys(value).length
    if (own !== value.length) return exotic(value, this.#path) // holes or extra properties
    let same = true
    const encoded = value.map((item, i) => {
      this.#way.push(i)
      const text = this.value(item)
      this.#way.pop()
      same &&= text === item
      return text
    })
    const shelve = this.#shelve
    if (!shelve) return same ? value : encoded
    return grouped(encoded, (elements) => {
      const json = JSON.stringify(elements)
      return `${MARK}g${shelve(json, () => json)}`
    })
  }
}

const TOO_DEEP = Symbol('too deep')

function exotic(value: unknown, path: string): string {
  refuseForeign(value, path, [])
  let text: string
  try {
    text = stringify(value, REDUCERS)
  } catch (error) {
    throw refusal(path, `cannot be written (${error instanceof Error ? error.message : String(error)})`)
  }
  return `${MARK}d${text}`
}

/** What devalue would drop or change without a word. */
function refuseForeign(value: unknown, path: string, above: readonly unknown[]): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw refusal(path, `is a ${typeof value}`)
  if (typeof value === 'string' && !value.isWellFormed())
    throw refusal(path, 'holds half of a character (a lone surrogate)')
  if (typeof value !== 'object' || value === null || above.includes(value)) return
  if (above.length > DEEPEST) throw refusal(path, `is nested more than ${DEEPEST} levels deep`)
  const inside = [...above, value]
  if (value instanceof Map) {
    for (const [key, item] of value) {
      refuseForeign(key, `${path}.key(${quote(key)})`, inside)
      refuseForeign(item, `${path}.get(${quote(key)})`, inside)
    }
  } else if (value instanceof Set) {
    let i = 0
    for (const item of value) refuseForeign(item, `${path}.item(${i++})`, inside)
  } else if (Array.isArray(value) || isPlain(value)) {
    if (Array.isArray(value) && value.length > 10 * (Object.keys(value).length + 1_000))
      throw refusal(path, 'is an array that is nearly all holes')
    if (Array.isArray(value) && Object.keys(value).some((key) => !/^\d+$/.test(key)))
      throw refusal(path, 'is an array with keys that are not numbers')
    for (const key of Object.keys(value)) {
      if (key === '__proto__') throw refusal(`${path}.${key}`, 'is a key that could change what an object is')
      refuseForeign((value as Record<string, unknown>)[key], `${path}.${key}`, inside)
    }
  } else if (!(value instanceof Error) && !BUILT_IN.has(Object.prototype.toString.call(value).slice(8, -1))) {
    throw refusal(
      path,
      `is a ${(value.constructor as { name?: string } | undefined)?.name ?? 'thing'}, whose class would be lost`,
    )
  } else if (isBuiltInSubclass(value)) {
    throw refusal(path, `is a ${value.constructor.name}, whose class would be lost`)
  }
}

const BUILT_IN = new Set(
  'Date RegExp URL URLSearchParams BigInt Number String Boolean Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array ArrayBuffer DataView'.split(
    ' ',
  ),
)

function isBuiltInSubclass(value: object): boolean {
  if (value instanceof Error) return false
  return !BUILT_IN.has(value.constructor.name)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const REDUCERS: Record<string, (value: unknown) => unknown> = {
  Error: (value) =>
    value instanceof Error && {
      name: value.name,
      message: value.message,
      stack: value.stack,
      cause: value.cause,
      own: { ...value },
    },
}

interface ErrorParts {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly cause?: unknown
  readonly own: object
}

const REVIVERS = {
  Error: ({ name, message, stack, cause, own }: ErrorParts) => {
    const kinds: Record<string, ErrorConstructor> = {
      TypeError,
      RangeError,
      SyntaxError,
      ReferenceError,
      EvalError,
      URIError,
    }
    const Kind = Object.hasOwn(kinds, name) ? (kinds[name] as ErrorConstructor) : Error
    const error = new Kind(message, cause === undefined ? undefined : { cause })
    Object.assign(error, own)
    for (const [key, value] of Object.entries({ name, stack })) {
      if (value !== (error as unknown as Record<string, unknown>)[key])
        Object.defineProperty(error, key, { value, configurable: true, writable: true })
    }
    return error
  },
}

function decodeMarked(text: string, fetch: Fetch): unknown {
  const rest = text.slice(2)
  switch (text[1]) {
    case 's':
      return rest
    case 'p':
      return decode(JSON.parse(fetch(rest)), noPieces)
    case 'd':
      return parse(rest, REVIVERS)
    default:
      throw new StepwrightError('corrupt-document', {
        what: `A stored value has the unknown mark ${quote(text.slice(0, 2))}`,
        remedy: 'Look whether something else wrote to the store',
      })
  }
}

function decodeArray(encoded: readonly unknown[], fetch: Fetch): unknown[] {
  const items: unknown[] = []
  for (const item of encoded) {
    if (typeof item === 'string' && item.startsWith(`${MARK}g`))
      items.push(...decodeArray(JSON.parse(fetch(item.slice(2))) as unknown[], fetch))
    else items.push(decode(item, fetch))
  }
  return items
}

function noPieces(id: string): never {
  throw new StepwrightError('corrupt-document', {
    what: `A stored value refers to the piece ${quote(id)}, which is not there`,
    remedy: 'Restore the store from a backup',
  })
}

function refusal(path: string, why: string): StepwrightError {
  return new StepwrightError('not-storable', {
    what: `${path || 'The value'} ${why}, so it cannot be stored exactly`,
    remedy: 'Store plain data: numbers, text, dates, arrays, objects, Map, Set, typed arrays, Error',
    details: { path },
  })
}
