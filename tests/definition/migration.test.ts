import { expect, test } from 'vitest'
import { z } from 'zod'
import { leftOut } from '../../src/definition/migration-reader.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import type { Input, ShapeOf } from '../../src/definition/shape.ts'
import { states } from '../../src/definition/states.ts'
import { S, wrongWith } from './declared-class.ts'

test('a migration is from an older version, declared once, and leads to states', () => {
  const migrate = [
    { from: 3, states: {} },
    { from: 0, states: {} },
    { from: '2', states: {} },
    { from: 1, states: { old: 'nowhere', older: S.Send } },
    { from: 1, states: {} },
  ]
  expect(wrongWith({}, [], { workflow: { version: 3 }, migrate })).toEqual([
    '@migrate from 3: "from" is not a version before 3',
    '@migrate from 0: "from" is not a version before 3',
    '@migrate from "2": "from" is not a version before 3',
    '@migrate from 1: "old" goes to "nowhere", which is not a state',
    '@migrate from 1 is declared twice',
  ])
})

const any = z.object({})
const Old = states({ A: 'a', B: 'b', C: 'c' }, { a: any, b: any, c: any }, { initial: 'a', final: 'c' })
@Old.workflow({ name: 'moving' })
class OldWorkflow {
  @Old.step('a', { to: 'b' }) a(_: Input<ShapeOf<typeof Old>, 'a'>) {
    return Old.go('b', {})
  }
  @Old.step('b', { to: 'c' }) b(_: Input<ShapeOf<typeof Old>, 'b'>) {
    return Old.go('c', {})
  }
}

enum N {
  First,
  Last,
}
const New = states(
  N,
  { [N.First]: z.object({ n: z.number() }), [N.Last]: any },
  { initial: N.First, final: N.Last },
)
@New.workflow({ name: 'moving', version: 2 })
@New.migrate({ from: 1, states: { a: (_data, vars) => New.go(N.First, { n: Number(vars['n']) }, {}) } })
class NewWorkflow {
  @New.step(N.First, { to: N.Last }) first(_: Input<ShapeOf<typeof New>, N.First>) {
    return New.go(N.Last, {})
  }
}

test('a way is a state, or a function that says where to go; what is left out is known', () => {
  const migration = readDefinition(NewWorkflow).migrations.get(1)
  const way = migration?.states.get('a')
  expect(typeof way === 'function' && way({}, { n: 7 })).toEqual({ to: 'First', data: { n: 7 }, vars: {} })
  expect(migration && leftOut(migration, readDefinition(OldWorkflow))).toEqual(['b'])
})

test('migrations are not inherited: they are of the class that has them', () => {
  @New.workflow({ name: 'derived', version: 3 })
  class Derived extends NewWorkflow {}
  expect(readDefinition(Derived).migrations.size).toBe(0)
})
