import fc from 'fast-check'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import {
  condensed,
  continued,
  conversation,
  createLlm,
  messageSchema,
  recent,
  reply,
  tokensOf,
  type Llm,
  type Message,
} from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { freshName, storeKinds } from '../support/stores.ts'
import { echoModel } from './echo-model.ts'

const system: Message = { role: 'system', text: 'Be kind.' }
const user = (text: string): Message => ({ role: 'user', text })
const says = (text: string): Message => ({ role: 'assistant', text })
const calls = (...ids: readonly string[]): Message => ({
  role: 'assistant',
  text: '',
  toolCalls: ids.map((id) => ({ id, name: 'look', input: '{}' })),
})
const found = (call: string): Message => ({ role: 'tool', call, text: 'found' })

describe('the schema of a conversation', () => {
  it('begins empty, and takes messages of every role', () => {
    expect(z.object({ messages: conversation() }).parse({})).toEqual({ messages: [] })
    const all: Message[] = [
      system,
      { role: 'user', text: 'a', images: ['data:x'] },
      calls('1'),
      found('1'),
      says('b'),
    ]
    expect(conversation().parse(all)).toEqual(all)
    for (const wrong of [{ role: 'user' }, { role: 'robot', text: '' }, { role: 'tool', text: '' }])
      expect(messageSchema.safeParse(wrong).success).toBe(false)
  })
})

describe('the recent part of a conversation', () => {
  const talk = [
    system,
    user('1'.repeat(400)),
    says('2'.repeat(400)),
    user('3'.repeat(400)),
    says('4'.repeat(400)),
  ]

  it('is all of it, where that is little', () => {
    expect(recent(talk, { tokens: 1_000 })).toBe(talk)
  })

  it('keeps the system message and what was said last, in so many tokens', () => {
    expect(recent(talk, { tokens: 6 + 2 * 104 })).toEqual([system, talk[3], talk[4]])
    expect(recent(talk, { tokens: 6 + 2 * 104 - 1 })).toEqual([system, talk[4]])
    expect(recent(talk, { tokens: 0 })).toEqual([system, talk[4]])
    expect(recent(talk, { tokens: 1_000, count: (text) => text.length })).toEqual([system, talk[3], talk[4]])
  })

  it('does not cut between a tool call and what came of it', () => {
    const used = [user('a'), calls('x', 'y'), found('x'), found('y'), says('b')]
    const sizes = new Set<number>()
    for (let tokens = 0; tokens < 60; tokens++) sizes.add(recent(used, { tokens }).length)
    expect([...sizes].sort()).toEqual([1, 4, 5]) // the answer, with the calls, with the question
  })

  it('property: it is the end of the conversation, fits, is as long as it can be, and no tool answer is without its call', () => {
    const aTurn = fc.oneof(
      fc.string({ maxLength: 40 }).map((text) => [user(text)]),
      fc.string({ maxLength: 40 }).map((text) => [says(text)]),
      // ids that were used before, as some models give them
      fc
        .uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })
        .map((ids) => [calls(...ids), ...ids.map(found)]),
    )
    fc.assert(
      fc.property(fc.array(aTurn, { minLength: 1, maxLength: 20 }), fc.nat(300), (turns, tokens) => {
        const messages = [system, ...turns.flat()]
        const kept = recent(messages, { tokens }).slice(1)
        const from = messages.length - kept.length
        expect(kept).toEqual(messages.slice(from))
        const starts = turns.map((_, i) => 1 + turns.slice(0, i).flat().length)
        expect(starts).toContain(from)
        const last = starts.at(-1) ?? 1
        const size = (start: number) => tokensOf([system, ...messages.slice(start)])
        if (from < last) expect(size(from)).toBeLessThanOrEqual(tokens)
        const before = starts[starts.indexOf(from) - 1]
        if (before !== undefined) expect(size(before)).toBeGreaterThan(tokens)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a conversation that is condensed', () => {
  const long = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => (i % 2 === 0 ? user : says)(`${from + i} `.padEnd(400, 'x')))

  it('stays as it is while it is short', async () => {
    const model = echoModel()
    const talk = [system, ...long(0, 4)]
    expect(await condensed(createLlm(model), talk, { over: 500 })).toBe(talk)
    expect(model.asked).toEqual([])
  })

  it('has what was said first in one note, and the earlier note in the next', async () => {
    const model = echoModel({}, ({ messages }) => `about ${messages.at(-1)?.text.length} characters`)
    const llm = createLlm(model)
    const first = await condensed(llm, [system, ...long(0, 20)], { over: 1_000, keep: 420 })
    expect(first).toEqual([
      system,
      {
        role: 'system',
        text: expect.stringMatching(/^What was said before.*\nabout \d+ characters$/s) as string,
      },
      ...long(16, 20),
    ])
    expect(model.asked[0]?.messages.at(-1)?.text).toMatch(
      /user: 0 x+\nassistant: 1 x+\n.*assistant: 15 x+\n"""$/s,
    )
    const second = await condensed(llm, [...first, ...long(20, 30)], { over: 1_000, keep: 420 })
    expect(second.map(({ role }) => role)).toEqual([
      'system',
      'system',
      'user',
      'assistant',
      'user',
      'assistant',
    ])
    expect(model.asked[1]?.messages.at(-1)?.text).toContain('system: What was said before')
    expect(second.slice(2)).toEqual(long(26, 30))
  })

  it('takes the place of what it was made of, and of nothing that was added meanwhile', () => {
    const [a, b, c, note] = [user('a'), says('b'), user('c'), system]
    expect(continued([a, b, c], [a, b], [note])).toEqual([note, c])
    expect(continued([note, c], [a, b], [note])).toEqual([note, c]) // another run was first
    expect(continued([a], [a, b], [note])).toEqual([a])
  })
})

describe('a reply', () => {
  it('is asked for with what was said lately, and gives the messages that are new', async () => {
    const model = echoModel({}, ({ messages }) => `heard ${messages.length}`)
    const before = [system, user('old '.repeat(200)), says('yes'), user('b')]
    const { text, said } = await reply(createLlm(model), before, 'c', { tokens: 60 })
    expect(text).toBe('heard 4')
    expect(said).toEqual([user('c'), says('heard 4')])
    expect(model.asked[0]?.messages).toEqual([system, says('yes'), user('b'), user('c')])
    await reply(createLlm(model), [], 'd', { role: 'You are short.' })
    expect(model.asked[1]?.messages).toEqual([{ role: 'system', text: 'You are short.' }, user('d')])
  })
})

enum State {
  Say = 'say',
  End = 'end',
}
const Chat = states(
  State,
  { [State.Say]: z.object({ text: z.string() }), [State.End]: z.object({}) },
  {
    initial: State.Say,
    final: State.End,
    session: z.object({ messages: conversation() }),
    resources: resources<{ llm: Llm }>(),
  },
)
type D = ShapeOf<typeof Chat>

@Chat.workflow({ name: 'say' })
class SayWorkflow {
  @Chat.step(State.Say, { to: State.End })
  async say({ text }: Input<D, State.Say>, { llm, session }: Context<D>) {
    const { said } = await reply(llm, session.messages, text)
    session.update(({ messages }) => ({ messages: [...messages, ...said] }))
    return Chat.go(State.End, {})
  }
}

describe.each(storeKinds())('a conversation of many runs: $kind', (kind) => {
  it('I6 has what each of 40 said once, each with its answer, and is there in the next process', async () => {
    const name = freshName()
    const open = () =>
      createTestEngine({
        workflows: [SayWorkflow],
        store: kind.make(name),
        resources: { llm: createLlm(echoModel({}, ({ messages }) => `re ${messages.at(-1)?.text}`)) },
      })
    const first = open()
    const text = (i: number) => `${i} `.padEnd(300 + 40 * i, 'y')
    const runs = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        first.engine.start(SayWorkflow, { text: text(i) }, { session: 'ada' }),
      ),
    )
    for (const run of runs) expect((await first.finish(run)).status).toBe('completed')
    await first.close()
    const second = open()
    const { messages } = (await second.engine.session('ada').state()) as { messages: readonly Message[] }
    const asked = messages.filter(({ role }) => role === 'user').map((message) => message.text)
    expect(asked.sort()).toEqual(Array.from({ length: 40 }, (_, i) => text(i)).sort())
    for (const [i, message] of messages.entries())
      if (message.role === 'user') expect(messages[i + 1]).toEqual(says(`re ${message.text}`))
    expect(messages).toHaveLength(80)
    await second.close()
  })
})
