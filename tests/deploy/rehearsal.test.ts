import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { FatalError } from 'stepwright'
import { createLlm, type Model } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { RunStore } from '../../src/control/run-store.ts'
import { compile } from '../../src/compile/machine.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import { Executor } from '../../src/deploy/execution.ts'
import type { Rehearsal } from '../../src/deploy/rehearsal.ts'
import { rehearseRuns, type RehearsalFilter } from '../../src/deploy/rehearsing.ts'
import { systemHost } from '../../src/model/host.ts'
import { idleKernel } from '../../src/runtime/kernel.ts'
import { sealOf } from '../../src/store/seal.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { makeNote, type NoteOptions } from './notes.ts'

const abilities = { schema: true, tools: true, stream: true, images: false, window: 1_000 }
let asked = 0
/** Answers with what it was asked, in capitals. */
const model: Model = {
  name: 'loud',
  abilities,
  complete: ({ messages }) => {
    asked++
    const last = messages.at(-1) as { text?: unknown }
    const text = String(last.text).toUpperCase()
    return Promise.resolve({
      text,
      toolCalls: [],
      usage: { input: 1, output: 1 },
      model: 'loud',
      finish: 'stop',
    } as never)
  },
}

/** Runs of the first version: approved, dropped once, late, failed, and one that waits. */
async function recorded(options: NoteOptions = {}, after: '0s' | '5h' = '0s'): Promise<MemoryStore> {
  const store = new MemoryStore()
  const mail = (): void => undefined
  const Note = makeNote(options)
  const { engine, clock, finish, skip, close } = createTestEngine({
    ...{ workflows: [Note], store, resources: { llm: createLlm(model), mail } },
  } as never) as ReturnType<typeof createTestEngine>
  const start = async (id: string, text = 'cats') => {
    const run = await engine.start(Note as never, { text } as never, { id })
    await finish(run)
    return run
  }
  const approved = await start('approved')
  await clock.advance(after)
  await approved.signal('approve' as never, { by: 'ada' } as never, { as: { id: 'ada' } })
  const dropped = await start('dropped')
  await dropped.signal('drop' as never, {} as never)
  await finish(dropped)
  await dropped.signal('approve' as never, { by: 'bo' } as never, { as: { id: 'bo' } })
  await start('late')
  while (await skip());
  await start('failed', 'bad')
  await start('waits')
  await close()
  return store
}

async function rehearse(
  store: MemoryStore,
  options: NoteOptions,
  { filter = {}, executor }: { filter?: RehearsalFilter; executor?: Executor } = {},
): Promise<Readonly<Record<string, Rehearsal>>> {
  const kernel = idleKernel(store, systemHost, sealOf())
  const definition = readDefinition(makeNote(options))
  const instance = new definition.workflowClass()
  kernel.library.add({ machine: compile(definition), instance, config: {} })
  const found: Rehearsal[] = []
  for await (const each of rehearseRuns(new RunStore(kernel), kernel, filter, executor)) found.push(each)
  return Object.fromEntries(found.map((each) => [each.run, each]))
}

const said = (all: Readonly<Record<string, Rehearsal>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(all)
      .filter(([, { fate }]) => fate !== 'same')
      .map(([id, { difference, reason }]) => [
        id,
        difference
          ? `${difference.state} ${difference.visit}: ${difference.expected} / ${difference.came}`
          : (reason ?? ''),
      ]),
  )

describe('on the chart alone', () => {
  test('the same code goes the same way', async () => {
    const all = await rehearse(await recorded(), {})
    expect(Object.keys(all).sort()).toEqual(['approved', 'dropped', 'failed', 'late', 'waits'])
    expect(said(all)).toEqual({})
    expect(all['dropped']).toMatchObject({ visits: 5, executed: 0 })
  })

  const both = z.object({ text: z.string(), by: z.string() })
  const approve = { on: { approve: { to: 'done', count: 2 }, drop: 'draft' } }
  test.each<readonly [name: string, to: NoteOptions, said: Readonly<Record<string, string>>]>([
    [
      'a target is gone',
      { to: 'check' },
      {
        approved: 'draft 1: goes to review / goes only to check',
        dropped: 'draft 1: goes to review / goes only to check',
        late: 'draft 1: goes to review / goes only to check',
        waits: 'draft 1: goes to review / goes only to check',
      },
    ],
    [
      'a signal leads elsewhere',
      { review: { on: { approve: 'done', drop: 'done' } } },
      { dropped: 'review 1: goes to draft with drop / goes only to done' },
    ],
    [
      'a signal is not awaited',
      { review: { on: { approve: 'done' } } },
      { dropped: 'review 1: takes drop / does not await it' },
    ],
    [
      'a payload does not fit',
      { approve: z.object({ by: z.string().min(3) }) },
      {
        dropped:
          'review 2: takes approve / its payload does not fit: by: Too small: expected string to have >=3 characters',
      },
    ],
    [
      'more votes are needed',
      { review: approve },
      {
        approved: 'review 1: takes approve / waits for 2 of it, and there were 1',
        dropped: 'review 2: takes approve / waits for 2 of it, and there were 1',
      },
    ],
    [
      'a role is needed',
      { review: { on: { approve: { to: 'done', roles: ['editor'] }, drop: 'draft' } } },
      {
        approved: 'review 1: takes approve / "ada" has none of the roles "editor"',
        dropped: 'review 2: takes approve / "bo" has none of the roles "editor"',
      },
    ],
    [
      'a wait has no end',
      { review: { expires: undefined } },
      { late: 'review 1: goes to done by expires / has no such way out' },
    ],
    ['a wait is longer', { review: { expires: { after: '3d', to: 'done', with: { text: 'late' } } } }, {}],
    [
      'a state may not be visited twice',
      { review: { maxVisits: { times: 1, to: 'done', with: { text: '' } } } },
      { dropped: 'review 2: goes to done with approve / goes to done, after 1 visits' },
    ],
    [
      'a failure is caught',
      { draft: { catch: { to: 'check', with: { text: 'x' } } } },
      { failed: 'draft 1: fails with FatalError / that is caught, and it goes to check' },
    ],
    [
      'it begins elsewhere',
      { initial: 'review' },
      Object.fromEntries(
        ['approved', 'dropped', 'failed', 'late', 'waits'].map((id) => [
          id,
          'draft 1: begins in draft / begins in review',
        ]),
      ),
    ],
    [
      'data does not fit',
      { data: both },
      Object.fromEntries(
        ['approved', 'dropped', 'late', 'waits'].map((id) => [
          id,
          'review 1: stands in review / its data does not fit: by: Invalid input: expected string, received undefined',
        ]),
      ),
    ],
    [
      'a migration says how it fits',
      {
        version: 2,
        data: both,
        migrate: true,
      },
      {},
    ],
  ])('%s', async (_name, to, expected) => {
    const all = await rehearse(await recorded(), to)
    expect(said(all)).toEqual(expected)
  })

  class Unlikely extends Error {}
  const caught = { to: 'check', with: { text: 'x' } }
  const elsewhere = { error: FatalError, to: 'done', with: { text: 'x' } }
  test.each<readonly [name: string, edges: readonly object[], said: string | undefined]>([
    ['an edge before it takes what was caught', [elsewhere, caught], 'that is caught, and it goes to done'],
    ['none is left that takes it', [{ ...caught, error: 'EBUSY' }], 'that is not caught any more'],
    ['one that may take it leads there', [{ ...caught, error: Unlikely }, elsewhere], undefined],
    ['one before it cannot take it', [{ ...elsewhere, error: 'EBUSY' }, caught], undefined],
  ])('of a failure that was caught: %s', async (_name, edges, came) => {
    const store = await recorded({ draft: { catch: caught } })
    const all = await rehearse(store, { draft: { catch: edges } }, { filter: { runs: ['failed'] } })
    expect(said(all)).toEqual(
      came === undefined ? {} : { failed: `draft 1: goes to check by catch with FatalError / ${came}` },
    )
  })

  test('a wait that is shorter than it was ends before a signal that came later', async () => {
    const shorter = { review: { expires: { after: '1h', to: 'done', with: { text: 'late' } } } }
    const store = await recorded({}, '5h')
    expect(said(await rehearse(store, shorter, { filter: { runs: ['approved', 'waits'] } }))).toEqual({
      approved: 'review 1: takes approve / goes to done, after 1h',
    })
  })

  test('a run of a newer version is not rehearsed; a sample is the same each time', async () => {
    const newer = await rehearse(await recorded({ version: 2 }), {}, { filter: { runs: ['late'] } })
    expect(said(newer)).toEqual({ late: 'it is of version 2, and the new code has 1' })
    const store = await recorded()
    const first = await rehearse(store, {}, { filter: { sample: 2 } })
    expect(Object.keys(first)).toHaveLength(2)
    expect(Object.keys(await rehearse(store, {}, { filter: { sample: 2 } }))).toEqual(Object.keys(first))
    expect(await rehearse(store, {}, { filter: { since: Date.UTC(2100, 0) } })).toEqual({})
  })
})

describe('with the handlers', () => {
  const executor = (): Executor => new Executor({ models: { llm: model }, others: ['mail'] })

  test('the same code comes to the same, and no model is asked', async () => {
    const store = await recorded()
    const before = asked
    const all = await rehearse(store, {}, { executor: executor() })
    expect(said(all)).toEqual({})
    expect(all['dropped']).toMatchObject({ visits: 5, executed: 4 })
    expect(all['failed']).toMatchObject({ executed: 1 })
    expect(asked).toBe(before)
  })

  test('a changed prompt, other data, another way, a resource that is not there', async () => {
    const store = await recorded()
    const only = { filter: { runs: ['approved'] }, executor: executor() }
    const prompt = await rehearse(store, { prompt: 'Tell of' }, only)
    expect(prompt['approved']?.difference).toMatchObject({ what: 'call', state: 'draft' })
    expect(prompt['approved']?.difference?.came).toContain('- Write about cats.\n+ Tell of cats.')
    const data = await rehearse(store, { made: (text) => `${text}!` }, only)
    expect(data['approved']?.difference).toMatchObject({ what: 'data', at: 'text', state: 'draft' })
    const both = { draft: { to: ['review', 'check'] } }
    const way = await rehearse(store, { ...both, to: 'check' }, only)
    expect(way['approved']?.difference).toMatchObject({ expected: 'goes to review', came: 'goes to check' })
    const mail = await rehearse(store, { mail: true }, only)
    expect(said(mail)).toEqual({
      approved: 'draft: its handler used mail, for which there is nothing offline',
    })
  })

  test('a handler that has an effect is not run', async () => {
    const store = await recorded()
    const all = await rehearse(
      store,
      { prompt: 'Tell of', draft: { effect: 'irreversible' } },
      { executor: executor() },
    )
    expect(said(all)).toEqual({})
    expect(all['approved']).toMatchObject({ executed: 1, notRun: { draft: 'effect irreversible' } })
    expect(all['late']).toMatchObject({ executed: 0, notRun: { draft: 'effect irreversible' } })
    const repeatable = await rehearse(store, { draft: { effect: 'idempotent' } }, { executor: executor() })
    expect(repeatable['approved']?.notRun).toEqual({ draft: 'effect idempotent' })
    expect((await rehearse(store, {}, { executor: executor() }))['approved']?.notRun).toEqual({})
  })
})
