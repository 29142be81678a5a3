import { expect, test } from 'vitest'
import { readDefinition } from '../../src/index.ts'
import { showable } from '../../src/inspect/bridge/showable.ts'
import { hiddenPaths, MASK } from '../../src/model/masking.ts'
import { Article } from './article.ts'

test.each([
  ['a field', { a: 1, b: 2 }, [['a']], { a: MASK, b: 2 }],
  [
    'a field of every element',
    { l: [{ n: 1 }, { n: 2, m: 3 }] },
    [['l', '*', 'n']],
    { l: [{ n: MASK }, { n: MASK, m: 3 }] },
  ],
  ['an element of a tuple', { t: [1, 2] }, [['t', '1']], { t: [1, MASK] }],
  ['every value of a map, and its keys', { m: new Map([['ada', 1]]) }, [['m', '*']], { m: [[MASK, MASK]] }],
  ['an object with all in it', { a: { b: { c: 1 } } }, [['a', 'b']], { a: { b: MASK } }],
  ['the value itself', { a: 1 }, [[]], MASK],
  ['a set', { s: new Set(['x']) }, [['s', '*']], { s: [MASK] }],
  ['nothing where the path leads nowhere', { a: 1 }, [['b'], ['a', 'c']], { a: 1 }],
])('masks %s', (_, value, hidden, shown) => expect(showable(value, hidden)).toEqual(shown))

test('writes as text what JSON cannot say', () => {
  const value = {
    at: new Date(0),
    n: 2n,
    inf: Infinity,
    f: () => 1,
    bytes: new Uint8Array(3),
    url: new URL('http://x/'),
    lone: '\ud800',
    none: undefined,
  }
  const shown = {
    at: '1970-01-01T00:00:00.000Z',
    n: '2n',
    inf: 'Infinity',
    f: '(function)',
    bytes: '(3 bytes)',
    url: 'http://x/',
    lone: '\ufffd',
  }
  expect(showable(value, [])).toEqual(shown)
})

test('cuts what is large or goes round in circles, and never throws', () => {
  const round: { self?: unknown } = {}
  round.self = round
  const large = {
    text: 'x'.repeat(1e6),
    list: Array(1e5).fill(1),
    fields: Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => [`k${i}`, i])),
    round,
  }
  const text = JSON.stringify(showable(large, []))
  expect(text.length).toBeLessThan(20_000)
  expect(text).toContain('... and 99800 more')
  const trap = {
    get now(): never {
      throw new Error('no')
    },
  }
  expect(showable(trap, [])).toBe('(cannot be shown)')
  const own: unknown = showable(JSON.parse('{"__proto__":{"x":1}}'), [])
  expect(Object.keys(own as object)).toEqual(['__proto__'])
})

test('hidden paths are those of the place', () => {
  const definition = readDefinition(Article)
  expect(hiddenPaths(definition, 'in.review')).toEqual([['authors', '*', 'name']])
  expect(hiddenPaths(definition, 'vars')).toEqual([['token']])
  expect(hiddenPaths(definition, 'signal approve')).toEqual([['code']])
  expect(hiddenPaths(definition, 'published')).toEqual([])
})
