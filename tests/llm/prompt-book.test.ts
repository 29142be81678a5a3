import fc from 'fast-check'
import Keyv from 'keyv'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { keyvAdapter, resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import { createLlm, prompt, promptBook, type Llm, type PromptBook, type PromptShelf } from 'stepwright/llm'
import { createTestEngine, TestClock } from 'stepwright/testing'
import { pick } from '../../src/llm/prompts/share.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { echoModel } from './echo-model.ts'

const greet = prompt('greet', {
  version: 'code',
  variables: z.object({ name: z.string() }),
  user: 'Hello {{name}}',
})
const says = (filled: typeof greet, name = 'Ada') =>
  filled({ name })
    .messages.map(({ text }) => text)
    .join('|')

/** A book over a Map, whose store can be made to fail. */
function makeBook(rows = new Map<string, unknown>(), clock = new TestClock()) {
  const warnings: string[] = []
  const trouble: { reads?: Error } = {}
  const reads = { count: 0 }
  const shelf: PromptShelf = {
    get: (key) => {
      reads.count++
      return trouble.reads ? Promise.reject(trouble.reads) : Promise.resolve(structuredClone(rows.get(key)))
    },
    set: (key, value) => Promise.resolve(rows.set(key, structuredClone(value))),
  }
  const book = promptBook(shelf, { now: () => clock.now(), onWarning: (message) => warnings.push(message) })
  return { book, rows, clock, warnings, trouble, reads }
}

describe.each(storeKinds())('a prompt book in a Keyv: $kind', (kind) => {
  it('keeps versions, and gives the one that a label is on, in every process', async () => {
    const [name, clock] = [freshName(), new TestClock()]
    const open = async () => {
      const store = kind.make(name)
      await store.open()
      const keyv = new Keyv({ store: keyvAdapter(store), useKeyPrefix: false })
      return { book: promptBook(keyv, { now: () => clock.now() }), close: () => store.close() }
    }
    const [here, there] = [await open(), await open()]
    expect(await there.book.get(greet)).toBe(greet) // nothing is labelled yet
    const short = await here.book.save(greet, { user: 'Hi {{name}}' })
    expect(await here.book.save(greet)).toBe('code')
    expect(await here.book.save('greet', { user: 'Dear {{name}}' }, { version: '3' })).toBe('3')
    await here.book.label('greet', 'production', short)
    expect(says(await here.book.get(greet))).toBe('Hi Ada')
    expect(says(await there.book.get(greet))).toBe('Hello Ada') // it has looked, and looks again
    await clock.advance(9_999)
    expect(says(await there.book.get(greet))).toBe('Hello Ada')
    await clock.advance(1)
    expect(says(await there.book.get(greet))).toBe('Hi Ada')
    await here.book.label(greet, 'canary', '3')
    expect(says(await there.book.get(greet, { label: 'canary' }))).toBe('Dear Ada')
    expect((await there.book.get(greet, { label: 'canary' })).version).toBe('3')
    const versions = await there.book.versions('greet')
    expect(versions.map(({ version, labels }) => [version, labels])).toEqual([
      [short, ['production']],
      ['code', []],
      ['3', ['canary']],
    ])
    expect(await there.book.template('greet', 'code')).toEqual({ user: 'Hello {{name}}' })
    await Promise.all([here.close(), there.close()])
  })
})

describe('what a version says', () => {
  it('never changes, and is checked where its variables are known', async () => {
    const { book } = makeBook()
    await book.save(greet, { user: 'Hi {{name}}' }, { version: '1' })
    await book.save(greet, { user: 'Hi {{name}}' }, { version: '1' })
    expect(await book.versions('greet')).toHaveLength(1)
    const refusals = [
      book.save(greet, { user: 'Ho {{name}}' }, { version: '1' }),
      book.save(greet, { user: 'Ho {{nmae}}' }),
      book.save('greet', undefined as never),
      book.label('greet', 'production', '7'),
      book.get(greet, { share: { production: -1 }, by: 'r' }),
      book.get(greet, { share: {}, by: 'r' }),
      book.get(greet, { share: { production: NaN }, by: 'r' }),
    ]
    for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ code: 'invalid-prompt' })
  })

  it('keeps names apart, whatever they are', async () => {
    const { book } = makeBook()
    await book.save('a', { user: 'one' }, { version: 'x/label/y' })
    await book.save('a/version', { user: 'two' }, { version: 'y' })
    expect(await book.template('a', 'x/label/y')).toEqual({ user: 'one' })
    expect(await book.template('a/version', 'y')).toEqual({ user: 'two' })
    expect(await book.template('a', 'y')).toBeUndefined()
  })
})

describe('the prompt in the code is used', () => {
  it('where the stored one has other variables, with a warning', async () => {
    const { book, warnings, clock } = makeBook()
    await book.save('greet', { user: 'Hello {{name}}, {{title}}' }, { version: 'next' })
    await book.label('greet', 'production', 'next')
    expect(await book.get(greet)).toBe(greet)
    expect(await book.get(greet)).toBe(greet)
    expect(warnings).toEqual([expect.stringContaining('{{title}} is not among its variables')])
    const next = prompt('greet', {
      variables: z.object({ name: z.string(), title: z.string() }),
      user: '{{title}} {{name}}',
    })
    expect((await book.get(next))({ name: 'Ada', title: 'Countess' }).messages[0]?.text).toBe(
      'Hello Ada, Countess',
    )
    await clock.advance(10_000)
    expect(await book.get(greet)).toBe(greet)
    expect(warnings).toHaveLength(2)
  })

  it('where what is stored is no template', async () => {
    const { book, rows, warnings } = makeBook()
    await book.save(greet, { user: 'Hi {{name}}' }, { version: '1' })
    await book.label(greet, 'production', '1')
    for (const junk of [
      7,
      { template: { user: 7 } },
      { template: { user: '{{name}}', tool: 1 }, savedAt: 1 },
    ]) {
      rows.set('prompt/greet/version/1', junk)
      const fresh = makeBook(rows)
      expect(await fresh.book.get(greet)).toBe(greet)
      expect(fresh.warnings).toEqual([expect.stringContaining('is stored in another form')])
    }
    expect(warnings).toEqual([])
  })

  it('where the store is away at the start; later, what was read last', async () => {
    const first = makeBook()
    await first.book.save(greet, { user: 'Hi {{name}}' }, { version: '1' })
    await first.book.label(greet, 'production', '1')
    const { book, warnings, clock, trouble } = makeBook(first.rows)
    trouble.reads = new Error('ECONNREFUSED')
    expect(await book.get(greet)).toBe(greet)
    expect(warnings).toEqual([expect.stringContaining('ECONNREFUSED')])
    delete trouble.reads
    await clock.advance(10_000)
    expect(says(await book.get(greet))).toBe('Hi Ada')
    trouble.reads = new Error('ECONNREFUSED')
    await clock.advance(10_000)
    expect(says(await book.get(greet))).toBe('Hi Ada')
  })

  it('is not what a store says that answers nothing when it cannot read', async () => {
    const { book, rows, clock } = makeBook()
    await book.save(greet, { user: 'Hi {{name}}' }, { version: '1' })
    await book.label(greet, 'production', '1')
    expect(says(await book.get(greet))).toBe('Hi Ada')
    rows.clear()
    await clock.advance(60_000)
    expect(says(await book.get(greet))).toBe('Hi Ada')
  })

  it('and a store that cannot write is an error', async () => {
    const book = promptBook({ get: () => Promise.resolve(undefined), set: () => Promise.resolve(false) })
    await expect(book.save(greet)).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})

it('a label costs one read in ten seconds, not one a call', async () => {
  const { book, clock, reads } = makeBook()
  await book.save(greet, { user: 'Hi {{name}}' }, { version: '1' })
  await book.label(greet, 'production', '1')
  reads.count = 0
  for (let i = 0; i < 1_000; i++) {
    await clock.advance(100)
    await book.get(greet)
  }
  expect(reads.count).toBeLessThanOrEqual(12)
})

describe('shares', () => {
  it('property: each label gets its share of many ids, within one in a hundred, and an id keeps to its label', () => {
    const aShare = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 100 }),
      {
        minKeys: 1,
        maxKeys: 5,
      },
    )
    fc.assert(
      fc.property(aShare, fc.string(), (share, seed) => {
        const total = Object.values(share).reduce((sum, part) => sum + part, 0)
        const counts = new Map<string, number>()
        const N = 30_000
        for (let i = 0; i < N; i++) {
          const label = pick('p', share, `${seed}${i}`)
          counts.set(label, (counts.get(label) ?? 0) + 1)
        }
        for (const [label, part] of Object.entries(share))
          expect(Math.abs((counts.get(label) ?? 0) / N - part / total)).toBeLessThan(0.01)
        expect(pick('p', share, seed)).toBe(pick('p', share, seed))
      }),
      { numRuns: 20, seed: 5 },
    )
  })

  it('who tries it goes on trying it when more do, and tries of two prompts have nothing to do with each other', () => {
    const at = (name: string, canary: number, i: number) =>
      pick(name, { production: 1 - canary, canary }, `run-${i}`) === 'canary'
    const ids = Array.from({ length: 10_000 }, (_, i) => i)
    expect(ids.filter((i) => at('a', 0.1, i) && !at('a', 0.2, i))).toEqual([])
    const both = ids.filter((i) => at('a', 0.5, i) && at('b', 0.5, i)).length
    expect(Math.abs(both / ids.length - 0.25)).toBeLessThan(0.02)
    expect(ids.filter((i) => at('a', 0, i))).toEqual([])
  })
})

enum State {
  Greet = 'greet',
  End = 'end',
}
const Greeting = states(
  State,
  { [State.Greet]: z.object({}), [State.End]: z.object({ text: z.string() }) },
  { initial: State.Greet, final: State.End, resources: resources<{ llm: Llm; book: PromptBook }>() },
)
type D = ShapeOf<typeof Greeting>

@Greeting.workflow({ name: 'greeting' })
class GreetingWorkflow {
  @Greeting.step(State.Greet, { to: State.End })
  async greet(_: Input<D, State.Greet>, { llm, book, run }: Context<D>) {
    const wanted = await book.get(greet, { share: { production: 0.5, canary: 0.5 }, by: run.id })
    return Greeting.go(State.End, { text: await llm.text(wanted({ name: 'Ada' })) })
  }
}

it('a run keeps to its variant, and its history tells which it was', async () => {
  const { book } = makeBook()
  await book.save(greet, { user: 'Hi {{name}}' }, { version: 'one' })
  await book.save(greet, { user: 'Dear {{name}}' }, { version: 'two' })
  await book.label(greet, 'production', 'one')
  await book.label(greet, 'canary', 'two')
  const test = createTestEngine({
    workflows: [GreetingWorkflow],
    resources: { llm: createLlm(echoModel()), book },
  })
  const told: string[] = []
  for (let i = 0; i < 30; i++) {
    const run = await test.engine.start(GreetingWorkflow, {}, { id: `r${i}` })
    await test.finish(run)
    for await (const event of run.events())
      if (event.type === 'model-called') told.push(`${run.id} ${event.prompt?.version} ${event.answer}`)
  }
  const expected = told.map((_, i) =>
    pick('greet', { production: 0.5, canary: 0.5 }, `r${i}`) === 'production'
      ? `r${i} one Hi Ada`
      : `r${i} two Dear Ada`,
  )
  expect(told).toEqual(expected)
  expect(new Set(told.map((line) => line.split(' ')[1]))).toEqual(new Set(['one', 'two']))
  await test.close()
})
