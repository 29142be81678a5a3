import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../src/store/codec.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { PieceShelf } from '../../src/store/piece-shelf.ts'

/** Through JSON text, as a store does. */
const back = (value: unknown): unknown => decode(JSON.parse(JSON.stringify(encode(value, 'data'))))

class Point {
  x = 1
}

describe('values come back equal', () => {
  const cycle: { self?: unknown; list: unknown[] } = { list: [] }
  cycle.self = cycle
  cycle.list.push(cycle)
  it.each([
    ['Date', new Date(1e12)],
    ['invalid Date', new Date(NaN)],
    [
      'Map',
      new Map<unknown, unknown>([
        ['a', new Date(0)],
        [{ k: 1 }, new Set([1])],
      ]),
    ],
    ['Set', new Set([1, 'a', null])],
    ['BigInt', 12345678901234567890n],
    ['undefined', undefined],
    ['undefined in an object', { a: undefined, b: 1 }],
    ['undefined in an array', [undefined, 1]],
    ['holes', Object.assign(new Array<number>(3), { 1: 7 })],
    ['NaN', NaN],
    ['-0', -0],
    ['infinities', [Infinity, -Infinity]],
    ['typed arrays', [new Uint8Array([1, 2]), new Float64Array([0.5, NaN])]],
    ['ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
    ['RegExp', /a+/giu],
    ['URL', new URL('https://example.com/a?b#c')],
    ['text that begins with NUL', ['\0', '\0p1', '\0dx', '\0s']],
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['names of Object.prototype', { constructor: 1, toString: 'x', hasOwnProperty: null, valueOf: [1] }],
    ['a cycle', cycle],
  ])('I8 %s', (_name, value) => {
    expect(back(value)).toEqual(value)
    if (typeof value === 'object' && !Array.isArray(value))
      expect(back({ deep: [value] })).toEqual({ deep: [value] })
  })

  it('I8 Error, with kind, cause and own fields', () => {
    const error = Object.assign(new TypeError('wrong', { cause: new Error('below') }), {
      code: 'E1',
      status: 429,
    })
    const copy = back({ error }) as { error: TypeError & { code: string; status: number; cause: Error } }
    expect(copy.error).toBeInstanceOf(TypeError)
    expect(copy.error).toMatchObject({
      name: 'TypeError',
      message: 'wrong',
      code: 'E1',
      status: 429,
      stack: error.stack,
    })
    expect(copy.error.cause).toBeInstanceOf(Error)
    expect(copy.error.cause.message).toBe('below')
  })

  it('I8 property: any value is equal after a round trip, or refused with its path', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.bigInt(),
      fc.date(),
      fc.uint8Array(),
    )
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('any')),
        fc.dictionary(fc.string(), tie('any')),
        fc.array(tie('any')).map((items) => new Set(items)),
        fc.array(fc.tuple(fc.string(), tie('any'))).map((entries) => new Map(entries)),
      ),
    })).any
    fc.assert(
      fc.property(value, (v) => {
        let copy: unknown
        try {
          copy = back({ v })
        } catch (error) {
          expect(error).toMatchObject({
            code: 'not-storable',
            details: { path: expect.stringMatching(/^data/) as string },
          })
          return
        }
        expect(copy).toEqual({ v })
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('what cannot be stored is refused with its path', () => {
  it.each([
    ['a function', { a: [{ f: () => 1 }] }, 'data.a[0].f'],
    ['a symbol', { s: Symbol('x') }, 'data.s'],
    ['a symbol key', { [Symbol('x')]: 1 }, 'data'],
    ['an instance of a class', { p: new Point() }, 'data.p'],
    ['a class inside a Map', { m: new Map([['k', new Point()]]) }, 'data.m.get("k")'],
    ['a function inside a Set', { s: new Set([() => 1]) }, 'data.s.item(0)'],
    ['a Buffer', { b: Buffer.from('x') }, 'data.b'],
    ['a promise', { p: Promise.resolve(1) }, 'data.p'],
    ['a WeakMap', { w: new WeakMap() }, 'data.w'],
    ['half of a character', { t: ['\ud800'] }, 'data.t[0]'],
    ['__proto__ as a key', JSON.parse('{"a":{"__proto__":{"x":1}}}') as unknown, 'data.a.__proto__'],
    ['a hidden property', Object.defineProperty({}, 'hidden', { value: 1 }), 'data'],
    ['an array with a name', { a: Object.assign([1], { extra: 2 }) }, 'data.a'],
  ])('I8 %s', (_name, value, path) => {
    expect(() => encode(value, 'data')).toThrow(
      expect.objectContaining({ code: 'not-storable', details: { path } }),
    )
  })

  it('I8 depth beyond reason', () => {
    let deep: unknown = 1
    for (let i = 0; i < 20_000; i++) deep = { deep }
    expect(() => encode(deep, 'data')).toThrow(expect.objectContaining({ code: 'not-storable' }))
  })
})

describe('pieces', () => {
  const shelfOn = () => {
    let n = 0
    return new PieceShelf(() => `p${String(++n).padStart(4, '0')}`)
  }

  it('I11 an array that grows by one costs one element and now and then a group', async () => {
    const store = new MemoryStore()
    const shelf = shelfOn()
    const messages: { role: string; content: string }[] = []
    let written = 0
    for (let i = 0; i < 500; i++) {
      messages.push({ role: 'user', content: `${i}:${'x'.repeat(2_000)}` })
      const encoded = JSON.stringify(shelf.encode({ messages }, 'data'))
      const put = shelf.takeFresh()
      await store.write({ put })
      written += put.reduce((sum, { value }) => sum + value.length, 0)
      expect(encoded.length).toBeLessThan(6_000)
      if (i % 125 === 124) expect(await shelfOn().decode(JSON.parse(encoded), store)).toEqual({ messages })
    }
    expect(written).toBeLessThan(500 * 2_010 * 1.1)
  })

  it('I8 property: arrays and texts of any size come back equal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.nat(),
            fc.string({ maxLength: 30 }).map((s) => s.repeat(60)),
            fc.array(fc.nat(), { maxLength: 200 }),
          ),
          { maxLength: 300 },
        ),
        async (value) => {
          const store = new MemoryStore()
          const shelf = shelfOn()
          const encoded = JSON.stringify(shelf.encode(value, 'data'))
          await store.write({ put: shelf.takeFresh() })
          expect(await shelfOn().decode(JSON.parse(encoded), store)).toEqual(value)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('I10 a piece that is missing is an error that names it', async () => {
    const shelf = shelfOn()
    const encoded = shelf.encode({ text: 'x'.repeat(2_000) }, 'data')
    await expect(shelfOn().decode(encoded, new MemoryStore())).rejects.toMatchObject({
      code: 'corrupt-document',
      message: expect.stringContaining('p0001') as string,
    })
  })
})
