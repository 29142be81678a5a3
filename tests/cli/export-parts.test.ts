import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { createEngine, type RunHandle } from 'stepwright'
import { createModelServer, TestClock } from 'stepwright/testing'
import BundleWorkflow, { config, LetterWorkflow, makeResources } from './fixtures/bundle.ts'
import { fixture } from './command-line.ts'
import { test } from './project.ts'

test('items, a timer and a child run that waits for a person are in the test of their run', async ({
  project,
}) => {
  await using server = await createModelServer()
  const clock = new TestClock()
  const engine = createEngine({
    workflows: [BundleWorkflow, LetterWorkflow],
    store: `sqlite:${join(project.folder, 'stepwright.db')}`,
    resources: makeResources(server.url),
    ...{ config, host: clock, lease: '52w', poll: '52w' },
  })
  const names = ['Ada', 'Bo', 'Cy']
  const run: RunHandle = await engine.start(BundleWorkflow, { names }, { id: 'all' })
  const stands = (handle: RunHandle, state: string): Promise<void> =>
    vi.waitFor(async () => expect(await handle.view()).toMatchObject({ state, status: 'waiting' }), {
      timeout: 10_000,
      interval: 10,
    })
  await stands(run, 'rest')
  await clock.advance('1d')
  await stands(run, 'letter')
  const letter: RunHandle = await engine.get('all/letter/1')
  await stands(letter, 'review')
  await letter.signal('approve', { by: 'bo' } as never)
  expect(await run.result()).toMatchObject({ data: { by: 'bo' } })
  await engine.close()
  await server.close()

  await project.edit('bundle.ts', (text) => text, fixture('bundle.ts'))
  const made = await project.json('export', 'all', 'bundle.ts', '--test')
  expect(made).toMatchObject({ code: 0, result: { files: ['all.test.ts', 'all.tape.json'] } })
  const text = await project.text('all.test.ts')
  expect(text).toContain("import Workflow, { LetterWorkflow, config } from './bundle.ts'")
  expect(text).toContain("const child1 = await checked(started<typeof LetterWorkflow>('all/letter/1'))")
  expect(text).not.toContain('await skip()')
  expect(await project.tool('tsc', '-p', project.folder)).toEqual({ code: 0, out: '' })
  const passed = await project.vitest()
  expect(passed.out).toMatch(/Tests +1 passed/)

  await project.edit('bundle.ts', (code) => code.replace("'grand'", "'plain'"))
  const failed = await project.vitest()
  expect(failed.code).toBe(1)
  expect(failed.out).toMatch(/- A grand title for (Ada|Bo)\.\n\+ A plain title for \1\./)
})
