import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { JsonSchema } from '../../src/definition/schema-json.ts'
import { schemasOf } from '../../src/definition/schema-json.ts'
import { narrowings } from '../../src/deploy/narrowing.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import { states, type Input, type ShapeOf } from '../../src/index.ts'
import { parseWith } from '../../src/model/schema.ts'

/** The JSON schema of a state's data, as the chart of a workflow has it. */
function jsonOf(data: z.ZodType): JsonSchema {
  const One = states(
    { A: 'a', B: 'b' },
    { a: data as z.ZodObject, b: z.object({}) },
    { initial: 'a', final: 'b' },
  )
  @One.workflow({ name: 'one' })
  class Workflow {
    @One.step('a', { to: 'b' })
    a(_: Input<ShapeOf<typeof One>, 'a'>) {
      return One.go('b', {})
    }
  }
  return schemasOf(readDefinition(Workflow))['state a'] ?? {}
}

const a = z.object({ a: z.string() })
test.each<readonly [name: string, was: z.ZodType, is: z.ZodType, why: readonly string[]]>([
  ['the same', a, z.object({ a: z.string() }), []],
  ['a field that may be left out', a, a.extend({ b: z.number().optional() }), []],
  ['a field with a default', a, a.extend({ b: z.number().default(1) }), []],
  ['a field that is required', a, a.extend({ b: z.number() }), ['b is required now']],
  ['what was filled in is there', a.extend({ b: z.number().default(1) }), a.extend({ b: z.number() }), []],
  ['a field that is gone, and would be dropped', a.extend({ b: z.number() }), a, ['b is not there any more']],
  ['another type', a, z.object({ a: z.number() }), ['a is number now, and was string']],
  ['a date for a text', a, z.object({ a: z.date() }), ['a is date now, and was string']],
  ['a wider union', a, z.object({ a: z.union([z.string(), z.number()]) }), []],
  [
    'a narrower union',
    z.object({ a: z.union([z.string(), z.number()]) }),
    a,
    ['a is string now, and was number'],
  ],
  ['not nullable any more', z.object({ a: z.string().nullable() }), a, ['a is string now, and was null']],
  ['more values', z.object({ a: z.enum(['x']) }), z.object({ a: z.enum(['x', 'y']) }), []],
  [
    'fewer values',
    z.object({ a: z.enum(['x', 'y']) }),
    z.object({ a: z.enum(['x']) }),
    ['a is never "y" now'],
  ],
  ['any text', z.object({ a: z.enum(['x', 'y']) }), a, []],
  ['a lower bound', z.object({ a: z.number().min(3) }), z.object({ a: z.number().min(1) }), []],
  [
    'a higher bound',
    z.object({ a: z.number().min(1) }),
    z.object({ a: z.number().min(3) }),
    ['a has another minimum now'],
  ],
  ['a pattern', a, z.object({ a: z.string().regex(/x/) }), ['a has another pattern now']],
  [
    'inside a list',
    z.object({ a: z.array(a) }),
    z.object({ a: z.array(a.extend({ b: z.string() })) }),
    ['a[].b is required now'],
  ],
  ['anything', a, z.object({ a: z.unknown() }), []],
  [
    'a record of less',
    z.record(z.string(), z.string()),
    z.record(z.string(), z.number()),
    ['it.* is number now, and was string'],
  ],
])('%s', (_name, was, is, why) => expect(narrowings(jsonOf(was), jsonOf(is))).toEqual(why))

/** Schemas, each with values that it reads. */
const fields = fc.letrec<{ field: z.ZodType }>((tie) => ({
  field: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<z.ZodType>(
      ...[z.string(), z.number(), z.int(), z.boolean(), z.null(), z.unknown(), z.date(), z.bigint()],
      ...[z.string().min(2), z.string().max(3), z.number().min(1), z.number().max(2), z.string().nullable()],
      ...[z.enum(['x', 'yy']), z.enum(['x', 'yy', 'zzz']), z.literal('x'), z.union([z.string(), z.number()])],
      ...[
        z.literal(2),
        z.record(z.string(), z.number()),
        z.tuple([z.string()]),
        z.map(z.string(), z.number()),
      ],
    ),
    tie('field').map((field) => z.array(field)),
    tie('field').map((field) => field.optional()),
    fc
      .dictionary(fc.constantFrom('a', 'b'), tie('field'), { noNullPrototype: true })
      .map((shape) => z.object(shape)),
    fc.constantFrom<z.ZodType>(z.string().default('dd'), z.number().default(1), z.array(z.string()).max(1)),
  ),
}))
const objects = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), fields.field, { noNullPrototype: true })
  .map((shape) => z.object(shape))
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    'x',
    'yy',
    'zzz',
    '',
    1,
    2,
    0,
    1.5,
    -3,
    true,
    null,
    7n,
    new Date(0),
    new Map([['k', 1]]),
  ),
  fc.constantFrom<unknown>(['x'], [], [1, 2], { a: 'x' }, { a: 1, b: 'yy' }, {}, [{ a: 'x' }], undefined),
)
const values = fc.dictionary(fc.constantFrom('a', 'b', 'c'), leaf, { noNullPrototype: true })

test('what is said to fit is accepted: what one schema gave, by another that narrows nothing', () => {
  let fitted = 0
  fc.assert(
    fc.property(objects, objects, fc.array(values, { minLength: 20, maxLength: 40 }), (was, is, all) => {
      if (narrowings(jsonOf(was), jsonOf(is)).length > 0) return
      for (const value of all) {
        const stored = parseWith(was, value)
        if (stored instanceof Promise || !stored.ok) continue
        fitted++
        expect(parseWith(is, stored.value)).toMatchObject({ ok: true })
      }
    }),
    { numRuns: 3_000 },
  )
  expect(fitted).toBeGreaterThan(30) // about a hundred and fifty
})
