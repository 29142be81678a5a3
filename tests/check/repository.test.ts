import { globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bounds, check, readSource } from '../../src/check/index.ts'
import { patience, promises } from '../../examples/05-approval/promises.ts'
import { ApprovalWorkflow } from '../../examples/05-approval/approval.ts'
import { readDefinition } from '../../src/index.ts'
import type { AnyClass } from '../../src/definition/shape.ts'

const ROOT = join(import.meta.dirname, '../..')
const files = globSync(['examples/*/*.ts', 'machines/*/*.ts'], { cwd: ROOT })
  .filter((file) => !file.endsWith('main.ts'))
  .map((file) => join(ROOT, file))

const source = await readSource(files, { types: true })

function definitionsIn(module: Readonly<Record<string, unknown>>) {
  return Object.values(module).flatMap((value) => {
    try {
      return [readDefinition(value as AnyClass)]
    } catch {
      return [] // no workflow class
    }
  })
}

test('no example and no machine has more than notes, and each is found in its source', async () => {
  const modules = await Promise.all(files.map((file) => import(file) as Promise<Record<string, unknown>>))
  const definitions = modules.flatMap(definitionsIn)
  expect(definitions.map(({ name }) => name).sort()).toEqual([
    ...[
      'approval',
      'documents',
      'judge',
      'order',
      'posts',
      'promoter',
      'refine',
      'retrieval',
      'router',
      'trip',
    ],
  ])
  for (const definition of definitions) {
    const findings = check(definition, { source })
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([])
    const found = source.workflows.filter(({ workflow }) => workflow === definition.name)
    expect(found).toHaveLength(1)
    for (const state of definition.states.values())
      if (state.method) expect([...(found[0]?.methods.keys() ?? [])]).toContain(state.method)
    expect([...(found[0]?.members.keys() ?? [])]).toEqual([...definition.states.keys()])
  }
})

test('loops that only their handlers bound are known, and nothing else is noted', async () => {
  const modules = await Promise.all(files.map((file) => import(file) as Promise<Record<string, unknown>>))
  const noted = modules.flatMap(definitionsIn).flatMap((definition) => check(definition, { source }))
  expect(noted.map(({ workflow, rule }) => `${workflow}: ${rule}`).sort()).toEqual([
    'judge: unbounded-loop',
    'promoter: unbounded-loop',
    'refine: unbounded-loop',
  ])
})

test('the approval keeps what its example promises, and would not keep more', () => {
  expect(check(ApprovalWorkflow, { properties: [promises], limits: [patience] })).toEqual([])
  expect(check(ApprovalWorkflow, { limits: [patience.with({ ms: 12 * 86_400_000 })] })).toMatchObject([
    { rule: 'over-limit', path: ['review', 'escalated'] },
  ])
  const { states } = bounds(ApprovalWorkflow)
  expect([...states.values()].map(({ most }) => most)).toEqual([1, 1, 1, 1])
})
