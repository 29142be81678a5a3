import { describe, expect, test } from 'vitest'
import { parseJson, writeJson } from '../../src/cli/json-text.ts'

describe('parseJson', () => {
  test.each([
    ['{', 1, 2],
    ['{"a":1', 1, 7],
    ['{"a":x}', 1, 6],
    ['[1,2,]', 1, 6],
    ["{'a':1}", 1, 2],
    ['{\n  "a": tru\n}', 2, 11],
    ['undefined', 1, 1],
    [`{"a":"${'x'.repeat(200)}", b}`, 1, 210],
    ['{"a":1} {', 1, 9],
    ['', undefined, undefined],
  ])('says where %j goes wrong', (text, line, column) => {
    let thrown: unknown
    try {
      parseJson(text, 'it')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      code: 'invalid-json',
      details: line === undefined ? { position: 0 } : { line, column },
    })
  })

  test('refuses numbers that would be rounded, and keeps all others', () => {
    expect(() => parseJson('{"id":12345678901234567890}', 'it')).toThrow('would be rounded')
    expect(parseJson('\u{feff}[1.5, -0, 1e3, 9007199254740991]', 'it')).toEqual([
      1.5, -0, 1000, 9007199254740991,
    ])
  })
})

describe('writeJson', () => {
  test('writes what JSON cannot say as text and lists', () => {
    const circle: Record<string, unknown> = { n: 1n }
    circle['self'] = circle
    const shared = { x: 1 }
    const map = new Map<string, unknown>([['a', shared]])
    map.set('map', map)
    expect(
      JSON.parse(
        writeJson({ circle, twice: [shared, shared], map, set: new Set([1]), nan: NaN, at: new Date(0) }),
      ),
    ).toEqual({
      circle: { n: '1', self: '[circular]' },
      twice: [{ x: 1 }, { x: 1 }],
      map: [
        ['a', { x: 1 }],
        ['map', '[circular]'],
      ],
      set: [1],
      nan: 'NaN',
      at: '1970-01-01T00:00:00.000Z',
    })
    expect(writeJson(undefined)).toBe('null')
  })
})
