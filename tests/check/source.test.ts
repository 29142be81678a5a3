import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { check, readSource } from '../../src/check/index.ts'
import { mistake } from './fixtures/unreachable.ts'
import { refusalOf } from '../../src/check/index.ts'

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name)

test('classes are found under whichever names their decorators have, with bases and enums of other files', async () => {
  const { workflows } = await readSource([fixture('odd-source.ts')])
  expect(
    workflows.map(({ className, workflow, doc, place }) => [className, workflow, doc, place.line]),
  ).toEqual([
    ['Renamed', 'renamed', 'The first of the file.', 17],
    ['Derived', 'derived', 'Inherits through another file.', 36],
  ])
  const [renamed, derived] = workflows
  expect([...(renamed?.methods ?? [])]).toMatchObject([
    ['paint', { doc: 'Paints it\ngreen.', keyed: false, place: { line: 25, column: 3, endColumn: 8 } }],
    ['odd name', { keyed: true, place: { line: 29, column: 9 } }],
  ])
  expect([...(renamed?.members ?? [])]).toMatchObject([
    ['red', { doc: 'The beginning.', place: { file: fixture('odd-base.ts'), line: 6 } }],
    ['Green', {}],
    ['BLUE', {}],
  ])
  expect([...(renamed?.signals.keys() ?? [])]).toEqual(['go'])
  expect([...(derived?.methods ?? [])]).toMatchObject([
    ['one', { doc: 'Of the base.', place: { file: fixture('odd-base.ts') } }],
    ['two', {}],
  ])
  expect([...(derived?.members.keys() ?? [])]).toEqual(['One', 'Two'])
})

test('a file that is not there, holds no workflow or no TypeScript has none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stepwright-source-'))
  const odd = {
    'empty.ts': '',
    'torn.ts': 'class { @x(',
    'circle.ts': `export * from './circle.ts'; import { Z } from './circle.ts'
      @Z.workflow({ name: 'z' }) class A extends B {}
      @workflow() class B extends A {}
      @plain class C {}`,
  }
  for (const [name, text] of Object.entries(odd)) await writeFile(join(folder, name), text)
  const { workflows } = await readSource([...Object.keys(odd), 'none.ts'].map((name) => join(folder, name)))
  expect(workflows).toMatchObject([{ className: 'A', workflow: 'z', methods: new Map() }])
  await rm(folder, { recursive: true })
})

test('without a source findings have no place; a class of another file has none either', async () => {
  const refusal = (() => {
    try {
      mistake()
    } catch (error) {
      return refusalOf(error)
    }
    return undefined
  })()
  if (!refusal) throw new Error('it was not refused')
  const [bare] = check(refusal)
  expect(bare).toMatchObject({ rule: 'unreachable', state: 'lost' })
  expect(bare).not.toHaveProperty('place')
  const source = await readSource([fixture('odd-source.ts')])
  expect(check(refusal, { source })[0]).not.toHaveProperty('place')
})
