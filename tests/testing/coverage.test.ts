import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { readDefinition } from 'stepwright'
import { toSvg } from 'stepwright/inspect'
import { coverage, Coverage, coverTransitions, createTestEngine } from 'stepwright/testing'
import { test } from '../cli/project.ts'
import { SignedWorkflow } from './fixtures/signed.ts'

const ROOT = join(import.meta.dirname, '../..')
const sign = (by: string) => [{}, { as: { id: by, roles: ['manager'] } }] as const

test('what test engines have seen is counted, and told as a table, a tally and JSON', async () => {
  const before = coverage().charts
  expect(before).toEqual([])
  const kit = createTestEngine({ workflows: [SignedWorkflow] })
  const run = await kit.engine.start(SignedWorkflow, { what: 'a lease' })
  await run.signal('sign', ...sign('mia'))
  await run.signal('sign', ...sign('noa'))
  expect(await kit.finish(run)).toMatchObject({ status: 'completed' })
  await kit.close()

  const seen = coverage()
  const chart = {
    workflow: 'signed',
    states: { open: 1, signed: 1, lapsed: 0 },
    transitions: { 'open -> signed by signal:sign': 1, 'open -> lapsed by expires': 0 },
  }
  expect(seen.charts).toEqual([chart])
  expect(JSON.parse(JSON.stringify(seen))).toEqual([chart])
  const tally = seen.tally('signed')
  expect(tally).toMatchObject({
    runs: 1,
    moves: [
      { from: 'open', to: 'signed', by: 'signal:sign', count: 1 },
      { from: 'open', to: 'lapsed', by: 'expires', count: 0 },
    ],
  })
  const drawn = await toSvg(readDefinition(SignedWorkflow), { tally })
  const faded = [...drawn.matchAll(/class="[^"]*sw-untouched" data-(?:state|edge)="([^"]*)"/g)].map(
    ([, name]) => name,
  )
  expect(faded.sort()).toEqual(['lapsed', 'open&#62;lapsed'])
  expect(seen.table().split('\n')).toEqual([
    'WORKFLOW  STATES         TRANSITIONS',
    'signed    2 of 3 (66 %)  1 of 2 (50 %)',
    'never entered: signed: lapsed',
    'never taken: signed: open -> lapsed by expires',
  ])
  seen.check({ states: 0.6, transitions: 0.5 })
  expect(() => seen.check({ transitions: 0.6, states: 0 })).toThrow('not-covered')
  expect(() => seen.check()).toThrow('never taken: signed: open -> lapsed by expires')

  for (const path of coverTransitions(SignedWorkflow).paths) await path.run()
  coverage().check()
  const visits = (of: Coverage) => [...of.tally('signed').states].map(([name, { visits }]) => [name, visits])
  expect(visits(coverage())).toEqual([
    ['open', 3],
    ['signed', 2],
    ['lapsed', 1],
  ])
  expect(coverage().tally('signed').runs).toBe(3)
  expect(visits(new Coverage([...before, chart, chart]))[0]).toEqual(['open', 2])
})

test('a reporter adds up what all workers of a test run have seen, and fails below its threshold', async ({
  project,
}) => {
  const entry = (name: string): string => join(ROOT, 'src', name)
  const part = (name: string, body: string): Promise<void> =>
    writeFile(
      join(project.folder, `${name}.test.ts`),
      `import { test } from 'vitest'
       import { createTestEngine } from '${entry('testing/index.ts')}'
       import { SignedWorkflow } from '${ROOT}/tests/testing/fixtures/signed.ts'
       test('${name}', async () => {
         const kit = createTestEngine({ workflows: [SignedWorkflow] })
         const run = await kit.engine.start(SignedWorkflow, { what: 'a lease' })
         ${body}
         await kit.close()
       })`,
    )
  await part('lapses', `await kit.settle(); await kit.clock.advance('5d')`)
  await part('waits', `await kit.settle()`)
  await project.edit('vitest.config.mts', (text) =>
    text
      .replace(
        'export default',
        `import { coverageReporter } from '${entry('testing/index.ts')}'\nexport default`,
      )
      .replace(
        'test: {',
        `test: { reporters: ['default', coverageReporter({ threshold: { transitions: 0.9 }, file: 'seen.json' })],`,
      ),
  )
  const { code, out } = await project.vitest()
  expect(out).toContain(
    'Workflow coverage\nWORKFLOW  STATES         TRANSITIONS\nsigned    2 of 3 (66 %)  1 of 2 (50 %)',
  )
  expect(out).toContain('never taken: signed: open -> signed by signal:sign')
  expect(out).toContain('[not-covered]')
  expect(code).toBe(1)
  expect(JSON.parse(await project.text('seen.json'))).toMatchObject([{ states: { open: 2, lapsed: 1 } }])
})
