import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { afterAll, describe, expect, it } from 'vitest'
import {
  resources,
  states,
  type Context,
  type HistoryEvent,
  type Input,
  type RunHandle,
  type ShapeOf,
} from 'stepwright'
import { createLlm, replayed, Tape, taped, tool, type Llm, type Message } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { diffLines } from '../../src/llm/tape/line-diff.ts'
import { packVector, unpackVector } from '../../src/llm/tape/vectors.ts'
import { offline } from '../support/offline-llm.ts'

enum State {
  Ask = 'ask',
  Told = 'told',
}
const Asking = states(
  State,
  { [State.Ask]: z.object({ topic: z.string() }), [State.Told]: z.object({ said: z.unknown() }) },
  { initial: State.Ask, final: State.Told, resources: resources<{ llm: Llm; lookups: string[] }>() },
)
type D = ShapeOf<typeof Asking>

/** Asks for everything that a model can be asked for. */
@Asking.workflow({ name: 'asking' })
class AskingWorkflow {
  @Asking.step(State.Ask, { to: State.Told, retry: { maxAttempts: 3 } })
  async ask({ topic }: Input<D, State.Ask>, { llm, lookups }: Context<D>) {
    const lookup = tool({
      name: 'lookup',
      description: 'Looks a word up.',
      input: z.object({ word: z.string() }),
      run: ({ word }) => {
        if (lookups.push(word) === 1) throw new Error('the book is closed')
        return `${word} is an animal`
      },
    })
    const said = {
      text: await llm.text(`Say something about ${topic}.`, { temperature: 0.5 }),
      twice: await llm.text(`Say something about ${topic}.`, { temperature: 0.5 }),
      object: await llm.object(z.object({ legs: z.number() }), `How many legs have ${topic}?`),
      agent: await llm.agent({ ask: `Look up ${topic}.`, tools: [lookup] }),
      refusal: await llm.text('Say something bad.').catch((error: Error) => error.name),
      vectors: await llm.embed([topic, 'dogs']),
      filled: await llm.fill({ prefix: 'one ', suffix: ' three' }),
    }
    return Asking.go(State.Told, { said })
  }
}

const notes = (events: readonly HistoryEvent[]): readonly unknown[] =>
  events.flatMap(({ seq: _s, at: _a, ...event }) => {
    if (event.type !== 'model-called' && event.type !== 'tool-called') return []
    const { ms: _m, failure, ...rest } = event
    return [{ ...rest, failure: failure?.message }]
  })

async function drive(llm: Llm) {
  const lookups: string[] = []
  const test = createTestEngine({ workflows: [AskingWorkflow], resources: { llm, lookups } })
  const run: RunHandle = await test.engine.start(AskingWorkflow, { topic: 'cats' })
  const view = await test.finish(run)
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  await test.close()
  return { view, events, lookups }
}

async function record() {
  await using made = await offline()
  let n = 0
  made.server.script(({ messages, tools }) => {
    const said = messages.at(-1)?.content ?? ''
    if (said.includes('bad')) return { refusal: 'No.' }
    if (said.includes('what was wrong')) return '{"legs": 4}'
    if (said.includes('legs')) return '{"legs": "four"}'
    if (tools && n++ < 2) return { toolCalls: [{ name: 'lookup', arguments: { word: `cat${n}` } }] }
    return undefined
  })
  made.server.fail({ status: 429 })
  const recorded = await drive(made.llm)
  return { ...recorded, model: made.model }
}

/** A workflow of one step, and what it tells. */
function handled(work: (llm: Llm) => Promise<unknown>) {
  @Asking.workflow({ name: 'once' })
  class Once {
    @Asking.step(State.Ask, { to: State.Told })
    async ask(_: Input<D, State.Ask>, { llm }: Context<D>) {
      return Asking.go(State.Told, { said: await work(llm) })
    }
  }
  const drive = async (llm: Llm, workflow: typeof Once) => {
    const test = createTestEngine({ workflows: [workflow], resources: { llm, lookups: [] } })
    const run: RunHandle = await test.engine.start(workflow, { topic: 'cats' })
    const { data } = await test.finish(run)
    const events: HistoryEvent[] = []
    for await (const event of run.events({ follow: false })) events.push(event)
    await test.close()
    return { data, events, calls: events.filter((event) => event.type === 'model-called') }
  }
  return { Once, drive }
}

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))
async function file(): Promise<string> {
  folders.push(await mkdtemp(join(tmpdir(), 'stepwright-tape-')))
  return join(folders.at(-1) ?? '', 'x.tape.json')
}

describe('a tape', () => {
  it('is in the history of a run: replayed, that tells the same, and no tool is called', async () => {
    const recorded = await record()
    expect(recorded.view).toMatchObject({ status: 'completed' })
    expect(recorded.lookups).toEqual(['cat1', 'cat2'])
    const path = await file()
    const tape = await Tape.of(recorded.events, { 'offline-model': recorded.model.abilities })
    await tape.save(path)
    const model = replayed(await Tape.load(path))
    const again = await drive(createLlm(model))
    model.check()
    expect(again.view.data).toEqual(recorded.view.data)
    expect(again.lookups).toEqual([])
    expect(notes(again.events)).toEqual(notes(recorded.events))
    expect(again.events.map(({ type }) => type)).toEqual(recorded.events.map(({ type }) => type))
  })

  it('tells each message of a conversation once', async () => {
    const { events } = await record()
    const text = JSON.stringify(await Tape.of(events))
    expect(text.split('How many legs').length - 1).toBe(1)
    expect(text.split('Look up cats.').length - 1).toBe(1)
    expect(text).not.toContain('stack')
  })

  it('is made in a plain script by a model around another', async () => {
    const tape = new Tape()
    const ask = (llm: Llm) =>
      Promise.all([llm.text('Hello.'), llm.embed(['a b', 'c']), llm.fill({ prefix: 'one' })])
    let said: unknown
    {
      await using made = await offline()
      const llm = createLlm(taped(made.model, tape))
      said = await ask(llm)
      made.server.fail({ status: 503 })
      await expect(llm.text('Trouble.')).rejects.toMatchObject({ status: 503 })
    }
    const path = await file()
    await tape.save(path)
    const llm = createLlm(replayed(await Tape.load(path)))
    expect(await ask(llm)).toEqual(said)
    await expect(llm.text('Trouble.')).rejects.toMatchObject({ status: 503 })
  })

  it('keeps what tools came to in a plain script', async () => {
    const tape = new Tape()
    let calls = 0
    const count = tool({ name: 'count', description: 'Counts.', input: z.object({}), run: () => ++calls })
    const run = (llm: Llm) => llm.agent({ ask: 'Count.', tools: [count] })
    await using made = await offline()
    const turns = [{ toolCalls: [{ name: 'count', arguments: {} }] }, 'It is 1.']
    made.server.script(() => turns.shift())
    const first = await run(createLlm(taped(made.model, tape)))
    expect(await run(createLlm(replayed(tape)))).toEqual(first)
    expect(calls).toBe(1)
  })
})

describe('the order of a tape', () => {
  const hello = {
    type: 'model-called',
    model: 'm',
    verb: 'text',
    hash: 'h',
    messages: ['hello'],
    ms: 1,
  } as const
  const usage = { input: 1, output: 1 }

  it('has a call that failed before the one that was made again, which a commit tells first', async () => {
    const failure = { name: 'Error', message: 'busy', status: 503 }
    const answer = { answer: 'well', finish: 'stop', usage, attempt: 2 } as const
    const other = { ...hello, ...answer, hash: 'o', attempt: 1 }
    const tape = await Tape.of([other, { ...hello, ...answer }, other, { ...hello, attempt: 1, failure }])
    expect(tape.calls.map(({ hash, failure }) => `${hash} ${failure ? 'failed' : 'answered'}`)).toEqual([
      ...['o answered', 'h failed', 'o answered', 'h answered'],
    ])
  })

  it('does not mix the tries of two commits', async () => {
    const said = (answer: string, attempt: number) => ({ ...hello, answer, finish: 'stop', usage, attempt })
    const moved = { type: 'claimed', worker: 'w' } as const
    const tape = await Tape.of([said('a', 2), moved, said('b', 1)])
    expect(tape.calls.map(({ answer }) => answer?.text)).toEqual(['a', 'b'])
  })

  it('tells a call that was made again in a handler as its second try, and replays both', async () => {
    const stubborn = async (llm: Llm) => {
      const first = await llm.text('Hello.').catch((error: { status: number }) => error.status)
      return [first, await llm.text('Hello.')]
    }
    await using made = await offline()
    made.server.fail({ status: 503 })
    const { Once, drive: driveOnce } = handled(stubborn)
    const recorded = await driveOnce(made.llm, Once)
    expect(recorded.calls.map(({ attempt, failure }) => [attempt, failure?.status])).toEqual([
      [2, undefined],
      [1, 503],
    ])
    const again = await driveOnce(createLlm(replayed(await Tape.of(recorded.events))), Once)
    expect(again.data).toEqual(recorded.data)
    expect(again.data).toMatchObject({ said: [503, expect.stringContaining('offline model')] })
  })

  it('tells two conversations apart that one handler has at once', async () => {
    const talk = async (llm: Llm, about: string) => {
      const messages: Message[] = [{ role: 'user', text: `Talk about ${about}.` }]
      for (let i = 0; i < 3; i++) {
        messages.push({ role: 'assistant', text: await llm.text(messages) }, { role: 'user', text: 'More.' })
      }
      return messages
    }
    const both = (llm: Llm) => Promise.all(['cats', 'dogs'].map((about) => talk(llm, about)))
    await using made = await offline()
    const { Once, drive: driveOnce } = handled(both)
    const { events, data } = await driveOnce(made.llm, Once)
    const tape = await Tape.of(events)
    expect(JSON.stringify(tape).match(/"Talk about dogs\."/g)?.length).toBe(1)
    expect(tape.calls.reduce((sum, { messages }) => sum + messages.length, 0)).toBe(10)
    expect((await driveOnce(createLlm(replayed(tape)), Once)).data).toEqual(data)
    const changed = replayed(tape)
    const [, dogs = []] = (data as { said: Message[][] }).said
    const asked = createLlm(changed).text([...dogs.slice(0, 4), { role: 'user', text: 'Less.' }])
    await expect(asked).rejects.toThrow(/- More\.\n\+ Less\./)
    expect(() => changed.check()).not.toThrow(/cats/)
  })
})

describe('what is not on the tape', () => {
  const tapeOf = async (...asks: readonly string[]): Promise<Tape> => {
    await using made = await offline()
    const tape = new Tape()
    const llm = createLlm(taped(made.model, tape))
    for (const ask of asks) await llm.text(ask, { role: 'You are brief.', temperature: 0 })
    return tape
  }

  it('fails with what differs from the nearest', async () => {
    const model = replayed(await tapeOf('Write about cats.\nIn one line.', 'Why is the sky blue?'))
    const asked = createLlm(model).text('Write about dogs.\nIn one line.', {
      role: 'You are brief.',
      temperature: 1,
    })
    await expect(asked).rejects.toMatchObject({ code: 'not-on-tape' })
    const { message } = (await asked.catch((error: Error) => error as Error)) as Error
    expect(message).toContain(
      [
        '  [system]',
        '  You are brief.',
        '  [user]',
        '- Write about cats.',
        '+ Write about dogs.',
        '  In one line.',
        '  [settings]',
        '- temperature: 0',
        '+ temperature: 1',
      ].join('\n'),
    )
    expect(message).not.toContain('sky')
    expect(() => model.check()).toThrow('Write about dogs.')
  })

  it('is also what is asked more often, and a tool that is shown otherwise', async () => {
    const model = replayed(await tapeOf('Hello.'))
    const ask = () => createLlm(model).text('Hello.', { role: 'You are brief.', temperature: 0 })
    await ask()
    await expect(ask()).rejects.toThrow('asked for less often')

    await using made = await offline()
    const tape = new Tape()
    const run = (llm: Llm, description: string) =>
      llm.agent({
        ask: 'Hello.',
        tools: [tool({ name: 'wave', description, input: z.object({}), run: () => 1 })],
      })
    await run(createLlm(taped(made.model, tape)), 'Waves.')
    await expect(run(createLlm(replayed(tape)), 'Waves a hand.')).rejects.toThrow(
      /- {3}"wave": ".*\n\+ {3}"wave": "/,
    )
  })

  it('fails late in a long conversation with the turn that differs alone', async () => {
    await using made = await offline({ script: ({ messages }) => `answer ${messages.length}` })
    const talk = async (llm: Llm, last: string) => {
      const messages: Message[] = []
      for (let i = 0; i < 40; i++) {
        messages.push({ role: 'user', text: i < 39 ? `question ${i}` : last })
        messages.push({ role: 'assistant', text: await llm.text(messages) })
      }
    }
    const tape = new Tape()
    await talk(createLlm(taped(made.model, tape)), 'the end?')
    const { message } = await talk(createLlm(replayed(tape)), 'at last?').then(
      () => new Error('none'),
      (error: Error) => error,
    )
    expect(message).toContain('  ...\n  [assistant]\n  answer 77\n  [user]\n- the end?\n+ at last?\n')
    expect(message.split('\n').length).toBeLessThan(16)
  })

  it('may be answered by another model', async () => {
    await using made = await offline({ script: () => 'new' })
    const llm = createLlm(replayed(await tapeOf('Old.'), { onMiss: made.model }))
    expect(await llm.text('Old.', { role: 'You are brief.', temperature: 0 })).not.toBe('new')
    expect(await llm.text('Other.')).toBe('new')
  })

  it('is what was masked', async () => {
    await using made = await offline()
    const mask = ({ answer: _, ...call }: Parameters<Tape['add']>[0] & { answer?: string }) => call
    const { events } = await drive(createLlm(made.model, { mask: mask as never }))
    const again = await drive(createLlm(replayed(await Tape.of(events))))
    expect(again.view.failure).toMatchObject({
      code: 'not-on-tape',
      message: expect.stringContaining('masked') as string,
    })
  })

  it('is a model whose name is not said where there are several, and a file that is none', async () => {
    const tape = new Tape()
    await using made = await offline()
    for (const name of ['one', 'two'])
      await taped({ ...made.model, name, complete: (r) => made.model.complete(r) }, tape)
        .complete({ messages: [] })
        .catch(() => undefined)
    expect(() => replayed(tape)).toThrow(/"one", "two"/)
    expect(replayed(tape, { model: 'two' }).name).toBe('two')
    const path = await file()
    await tape.save(path)
    await writeFile(path, (await readFile(path, 'utf8')).replace('"version": 1', '"version": 2'))
    await expect(Tape.load(path)).rejects.toMatchObject({
      code: 'invalid-tape',
      message: expect.stringContaining('version') as string,
    })
    await expect(Tape.load(`${path}x`)).rejects.toMatchObject({ code: 'invalid-tape' })
  })
})

it('a difference shows three lines around each change', () => {
  const before = Array.from({ length: 30 }, (_, i) => `line ${i}`)
  const after = before.map((line, i) => (i === 10 ? 'other' : line)).filter((_, i) => i !== 25)
  const { changes, lines } = diffLines(before, after)
  expect(changes).toBe(3)
  expect(lines).toEqual([
    ...[
      '  ...',
      '  line 7',
      '  line 8',
      '  line 9',
      '- line 10',
      '+ other',
      '  line 11',
      '  line 12',
      '  line 13',
    ],
    ...[
      '  ...',
      '  line 22',
      '  line 23',
      '  line 24',
      '- line 25',
      '  line 26',
      '  line 27',
      '  line 28',
      '  ...',
    ],
  ])
  expect(diffLines(before, before)).toEqual({ changes: 0, lines: [] })
  expect(diffLines([], ['a']).lines).toEqual(['+ a'])
})

it.each([[[]], [[0.5, -1, 0]], [[0.1, -0, 1e300]]])('vectors are packed exactly: %j', (vector) => {
  expect(unpackVector(packVector(vector))).toEqual(vector)
})
