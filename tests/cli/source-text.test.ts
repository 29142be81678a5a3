import { runInThisContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sourceOf } from '../../src/cli/source-text.ts'

const read = (value: unknown): unknown => runInThisContext(`(${sourceOf(value)})`)

test('any value is read back as it was', () => {
  fc.assert(
    fc.property(fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true }), (value) => {
      expect(read(value)).toEqual(value)
    }),
  )
  const evil = JSON.parse(
    '{"__proto__": {"a": "it\'s \\\\\\" \\u2028 </script>"}, "a-b": [null, -0, "\\\\\'"]}',
  ) as object
  expect(JSON.stringify(read(evil))).toBe(JSON.stringify(evil))
  expect(Object.hasOwn(read(evil) as object, '__proto__')).toBe(true)
})

test('it is laid out for people', () => {
  expect(sourceOf({ to: "Ada's", n: [1, 2], at: new Date(0) })).toBe(
    String.raw`{ to: 'Ada\'s', n: [1, 2], at: new Date(0) }`,
  )
  const long = 'x'.repeat(60)
  expect(sourceOf({ a: [long, long], b: {} })).toBe(
    `{\n  a: [\n    '${long}',\n    '${long}',\n  ],\n  b: {},\n}`,
  )
})
