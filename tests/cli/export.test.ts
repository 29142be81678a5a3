import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { createEngine, type RunHandle } from 'stepwright'
import { createModelServer, TestClock, type ModelServer } from 'stepwright/testing'
import type * as Letter from './fixtures/letter.ts'
import { LetterWorkflow, makeResources } from './fixtures/letter.ts'
import { test, type Project } from './project.ts'

/** Drives a letter in the store of the folder. */
async function letter(
  project: Project,
  server: ModelServer,
  id: string,
  work: (run: RunHandle, clock: TestClock) => Promise<void>,
): Promise<void> {
  const clock = new TestClock(undefined, id.charCodeAt(0)) // two clocks of one store make different ids
  const store = `sqlite:${join(project.folder, 'stepwright.db')}` as const
  const engine = createEngine({
    workflows: [LetterWorkflow],
    store,
    resources: makeResources(server.url),
    host: clock,
    lease: '52w',
    poll: '52w',
  })
  const run: RunHandle = await engine.start(
    LetterWorkflow,
    { to: 'Ada', since: new Date(0) },
    { id, session: 'mail' },
  )
  await work(run, clock)
  await engine.close()
}

/** Until it waits for the so manyth time, or stands failed in another state. */
async function stands(run: RunHandle, clock: TestClock, visits: number, state = 'review'): Promise<void> {
  await vi.waitFor(
    async () => {
      const view = await run.view()
      if (view.timer?.kind === 'retry') await clock.advance('1h')
      if (state === 'review') expect(view).toMatchObject({ state, visits: { review: visits } })
      else expect(view).toMatchObject({ state, status: 'failed' })
    },
    { timeout: 10_000, interval: 10 },
  )
}

async function modelServer(): Promise<ModelServer> {
  return createModelServer({
    script: ({ messages, tools }) => {
      const name = messages.at(-1)?.role === 'user' && tools?.[0]?.name
      return name ? { toolCalls: [{ name, arguments: { name: 'Ada' } }] } : undefined
    },
  })
}

test('a run with model calls, tools, failures, signals and a wait of days is a test that passes, and that shows a changed prompt', async ({
  project,
}) => {
  await using server = await modelServer()
  server.fail({ status: 503 })
  await letter(project, server, 'a/1', async (run, clock) => {
    await stands(run, clock, 1)
    await run.signal('revise', { notes: 'Mention the weather.' } as never, {
      as: { id: 'bo', roles: ['editor'] },
    })
    await stands(run, clock, 2)
    await clock.advance('2d')
    await run.result()
  })
  await server.close()

  expect((await project.run(['show', 'a/1'])).out).toMatch(/spent.* \d+ model calls, \d+ tokens\n/)
  const made = await project.json('export', 'a/1', 'letter.ts', '--test')
  expect(made).toMatchObject({ code: 0, result: { files: ['a-1.test.ts', 'a-1.tape.json'] } })
  const text = await project.text('a-1.test.ts')
  expect(text).toContain("post: unstubbed('post'), // TODO")
  expect(text).toContain("path: ['write', 'review', 'write', 'review', 'sent']")
  expect(text).toContain('new Date(0)')
  expect(text.match(/tool: 'address'/g)).toHaveLength(2)
  expect(await project.tool('tsc', '-p', project.folder)).toEqual({ code: 0, out: '' })
  const passed = await project.vitest()
  expect(passed.out).toMatch(/Tests +1 passed/)
  expect(passed.code).toBe(0)

  await project.edit('letter.ts', (code) => code.replace('Be brief.', 'Be very brief.'))
  const failed = await project.vitest()
  expect(failed.code).toBe(1)
  expect(failed.out).toContain('[not-on-tape]')
  expect(failed.out).toMatch(
    / {2}Write a short letter to Ada\.\n {2}Be kind\.\n- Be brief\.\n\+ Be very brief\./,
  )

  expect(await project.json('export', 'a/1', 'letter.ts', '--test')).toMatchObject({
    code: 2,
    error: { code: 'invalid-options', remedy: expect.stringContaining('--replace') as string },
  })
  expect(await project.json('export', 'a/1', 'letter.ts', '--test', '--replace')).toMatchObject({ code: 0 })
})

test('what people did with a run is done again', async ({ project }) => {
  await using server = await modelServer()
  server.fail({ status: 400 })
  await letter(project, server, 'e', async (run, clock) => {
    await stands(run, clock, 0, 'write')
    await run.retry()
    await stands(run, clock, 1)
    await clock.advance('1d')
    await vi.waitFor(async () => expect((await run.view()).timer?.kind).toBe('expires')) // a reminder went out
    await run.signal('revise', { notes: 'More.' } as never)
    await stands(run, clock, 2)
    await run.cancel({ reason: 'no stamps' })
    await vi.waitFor(async () => expect(await run.view()).toMatchObject({ status: 'cancelled' }))
  })
  server.fail({ status: 401 })
  await letter(project, server, 'f', async (run, clock) => {
    await stands(run, clock, 0, 'write')
    await run.skip('review' as never, { to: 'Bo', text: 'By hand.' } as never)
    await stands(run, clock, 1)
    await run.signal('approve', { by: 'bo' } as never)
    await run.result()
  })
  for (const id of ['e', 'f'])
    expect(await project.json('export', id, 'letter.ts', '--test')).toMatchObject({ code: 0 })
  const text = await project.text('e.test.ts')
  for (const line of [
    'await run.retry()',
    'await skip() // a reminder',
    "await run.cancel({ reason: 'no stamps' })",
  ])
    expect(text).toContain(line)
  expect((await project.vitest()).out).toMatch(/Tests +2 passed/)
})

test('a changed path, and a resource that is used, fail the test with what they are', async ({ project }) => {
  await using server = await modelServer()
  await letter(project, server, 'b', (run, clock) => stands(run, clock, 1))
  const out = join(project.folder, 'waits.test.ts')
  expect(await project.json('export', 'b', 'letter.ts', '--test', '--out', out)).toMatchObject({ code: 0 })
  expect(await project.text('waits.test.ts')).toContain("status: 'waiting'")
  await project.edit('letter.ts', (code) =>
    code.replace(
      '{ llm, lookups, config }: Context<D>) {',
      '{ llm, lookups, config, post }: Context<D>) {\n    await post.send(to)',
    ),
  )
  const { code, out: said } = await project.vitest()
  expect(code).toBe(1)
  expect(said).toContain('"failure": "FatalError"')
})

test('all of a run is written as JSON', async ({ project }) => {
  await using server = await modelServer()
  await letter(project, server, 'c', (run, clock) => stands(run, clock, 1))
  const { result } = await project.json('export', 'c')
  expect(result).toMatchObject({
    run: { id: 'c', status: 'waiting' },
    history: expect.arrayContaining([
      expect.objectContaining({ type: 'model-called', verb: 'text' }),
    ]) as unknown,
    parts: [],
    children: [],
  })
  expect(await project.run(['export', 'c', '--out', 'c.json'])).toMatchObject({ code: 0, out: 'c.json\n' })
  expect(JSON.parse(await project.text('c.json'))).toEqual(result)
})

test('fields that are not for everybody are left out, unless they are asked for', async ({ project }) => {
  await project.edit('letter.ts', (text) =>
    text.replace('to: z.string(), since', 'to: z.string().meta({ pii: true }), since'),
  )
  await using server = await modelServer()
  const { LetterWorkflow: Marked, makeResources: make } = (await import(
    join(project.folder, 'letter.ts')
  )) as typeof Letter
  const store = `sqlite:${join(project.folder, 'stepwright.db')}` as const
  const engine = createEngine({ workflows: [Marked], store, resources: make(server.url) })
  const run: RunHandle = await engine.start(Marked, { to: 'Ada' }, { id: 'p' })
  await vi.waitFor(
    async () => expect(await run.view()).toMatchObject({ status: 'waiting', state: 'review' }),
    { timeout: 10_000 },
  )
  await engine.close()
  const masked = await project.run(['export', 'p', 'letter.ts', '--test'])
  expect(masked).toMatchObject({ code: 0, err: expect.stringContaining('secret or pii') as string })
  expect(await project.text('p.test.ts')).toContain("to: '***'")
  const whole = await project.run(['export', 'p', 'letter.ts', '--test', '--replace', '--unmask'])
  expect(whole).toMatchObject({ code: 0, err: '' })
  expect(await project.text('p.test.ts')).toContain("to: 'Ada'")
})

test('what cannot be exported is said', async ({ project }) => {
  await using server = await modelServer()
  await letter(project, server, 'd', (run, clock) => stands(run, clock, 1))
  expect(await project.json('export', 'd', '--test')).toMatchObject({
    code: 2,
    error: { code: 'invalid-options', remedy: expect.stringContaining('export d --test') as string },
  })
  expect(await project.json('export', 'x', 'letter.ts', '--test')).toMatchObject({
    code: 2,
    error: { code: 'unknown-run' },
  })
  await project.edit('letter.ts', (text) =>
    text
      .replace("makeResources('http://127.0.0.1:9')", "{ throw new Error('no key') }")
      .replace('resources = () => {', 'resources = (): never => {'),
  )
  const guessed = await project.run(['export', 'd', 'letter.ts', '--test'])
  expect(guessed).toMatchObject({ code: 0, err: expect.stringMatching(/guessed: .*no key/) as string })
  expect(await project.text('d.test.ts')).toContain('resources: {\n      llm: createLlm(model),\n    },')
})
