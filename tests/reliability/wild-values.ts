import fc from 'fast-check'

class Point {
  readonly x = 1
}

const KINDS = [Error, TypeError, RangeError, SyntaxError]
const NUMBERS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Float32Array,
  Float64Array,
]

const text = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\0', '\0p1', '\0dx', '\0s', '\0t', '', '\u2028', 'x'.repeat(1_024)),
  },
)
const key = fc.oneof(
  { weight: 5, arbitrary: fc.string({ maxLength: 6 }).filter((name) => name !== '__proto__') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'length', 'then', '0', ''),
  },
)
const leaf = fc.oneof(
  text,
  fc.double(),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER, 5e-324),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc
    .tuple(fc.constantFrom(...NUMBERS), fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 5 }))
    .map(([Kind, numbers]) => new Kind(numbers)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => bytes.buffer.slice(0)),
)

function error([Kind, message, cause, own]: readonly [ErrorConstructor, string, unknown, object]): Error {
  return Object.assign(new Kind(message, cause === undefined ? undefined : { cause }), own)
}

/** A value that holds itself somewhere. */
function circle(inside: Record<string, unknown>): unknown {
  const value: Record<string, unknown> = { ...inside, list: [] }
  value['self'] = value
  ;(value['list'] as unknown[]).push(value, new Map([['me', value]]))
  return value
}

function nested(leaves: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => {
    const items = fc.array(tie('any'), { maxLength: 5 })
    const object = fc.dictionary(key, tie('any'), { maxKeys: 5, noNullPrototype: true })
    return {
      any: fc.oneof(
        { maxDepth: 4 },
        leaves,
        items,
        object,
        object.map((fields) => Object.assign(Object.create(null) as object, fields)),
        fc.array(leaf, { minLength: 65, maxLength: 150 }),
        items.map((members) => new Set(members)),
        fc.array(fc.tuple(tie('any'), tie('any')), { maxLength: 4 }).map((entries) => new Map(entries)),
        fc
          .tuple(
            fc.constantFrom(...(KINDS as ErrorConstructor[])),
            fc.string({ maxLength: 8 }),
            fc.option(fc.string(), { nil: undefined }),
            fc.constantFrom({}, { status: 429, code: 'E1' }),
          )
          .map(error),
        object.map(circle),
      ),
    }
  }).any
}

const wellFormed = (value: unknown): boolean => typeof value !== 'string' || value.isWellFormed()

/** What the codec claims to keep exactly. */
export const kept: fc.Arbitrary<unknown> = nested(leaf.filter(wellFormed))

/** Also what nothing can keep. */
export const wild: fc.Arbitrary<unknown> = nested(
  fc.oneof(
    { weight: 8, arbitrary: leaf },
    {
      weight: 1,
      arbitrary: fc.constantFrom<unknown>(
        '\ud800',
        Symbol('s'),
        () => 1,
        new Point(),
        new WeakMap(),
        Promise.resolve(1),
        Buffer.from('b'),
        { [Symbol('k')]: 1 },
        JSON.parse('{"__proto__":{"polluted":true}}'),
        Object.defineProperty({}, 'hidden', { value: 1 }),
        Object.assign([1], { extra: 1 }),
        class {},
      ),
    },
  ),
)
