import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSource, type Source } from '../../src/check/index.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
let source: Source
let folder: string

const JAVASCRIPT = `import { states } from '../../../src/index.ts'
const any = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
const T = states({ Ask: 0, Tell: 1, Done: 2 }, { 0: any, 1: any, 2: any }, { initial: 0, final: [2] })
const { workflow, step, go } = T
@workflow({ name: 'plain' })
export class Plain {
  /** 1 | 2 */
  @step(0, { to: [1] })
  ask({ sure }) {
    return sure ? go(1, {}) : go(2, {})
  }
}
`
const UNTYPED = `import { states } from 'a-package-that-is-not-there'
enum State { Ask = 'ask', Done = 'done' }
const { workflow, step, go } = states(State, {}, {})
@workflow({ name: 'untyped' })
class Untyped {
  /** done */
  @step(State.Ask, { to: State.Done })
  ask() { return go(State.Done, {}) }
  /** ? */
  @step(State.Ask, { to: State.Done })
  other() { return leave(State.Done, {}) }
}
`

beforeAll(async () => {
  await mkdir(join(import.meta.dirname, '../.tmp'), { recursive: true })
  folder = await mkdtemp(join(import.meta.dirname, '../.tmp/moves-'))
  await writeFile(join(folder, 'plain.js'), JAVASCRIPT)
  await writeFile(join(folder, 'untyped.ts'), UNTYPED)
  const files = [join(FIXTURES, 'odd-moves.ts'), join(folder, 'plain.js'), join(folder, 'untyped.ts')]
  source = await readSource(files, { types: true })
})
afterAll(() => rm(folder, { recursive: true }))

describe.each(['moves', 'plain', 'untyped'])('the handlers of %s', (name) => {
  test('go where their comments say', () => {
    const found = source.workflows.find(({ workflow }) => workflow === name)
    const told = (found?.handlers ?? []).map(({ method, moves, complete }) => {
      const to = [...new Set(moves.flatMap((move) => move.to))].sort()
      return [method, [...to, ...(complete ? [] : ['?'])].join(' | ')]
    })
    expect(told.length).toBeGreaterThan(0)
    expect(told).toEqual(told.map(([method = '']) => [method, found?.methods.get(method)?.doc]))
  })
})

test('each move and each target that is declared has its line', () => {
  const handlers = source.workflows.find(({ workflow }) => workflow === 'plain')?.handlers
  expect(handlers).toMatchObject([
    { kind: 'step', method: 'ask', state: 0, moves: [{ to: [1], place: { line: 10 } }, { to: [2] }] },
  ])
  expect(handlers?.[0]?.targets.get(1)).toMatchObject({ line: 8, column: 19, endColumn: 20 })
})
