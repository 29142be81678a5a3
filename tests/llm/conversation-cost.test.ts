import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { resources, states, type Context, type Input, type ShapeOf, type Signal } from 'stepwright'
import { conversation, createLlm, reply, type Llm, type Message } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { CountingStore } from '../support/counting-store.ts'
import { echoModel } from './echo-model.ts'

enum State {
  Listen = 'listen',
  End = 'end',
}
const Chat = states(
  State,
  { [State.Listen]: z.object({}), [State.End]: z.object({}) },
  {
    initial: State.Listen,
    final: State.End,
    signals: { say: z.object({ text: z.string() }), bye: z.object({}) },
    session: z.object({ messages: conversation() }),
    resources: resources<{ llm: Llm }>(),
  },
)
type D = ShapeOf<typeof Chat>

@Chat.workflow({ name: 'chat' })
class ChatWorkflow {
  @Chat.wait(State.Listen, { on: { say: State.Listen, bye: State.End } })
  async hear(e: Signal<D, 'say' | 'bye'>, _: Input<D, State.Listen>, { llm, session }: Context<D>) {
    if (e.type === 'bye') return Chat.go(State.End, {})
    const { said } = await reply(llm, session.messages, e.text, { tokens: 1_000 })
    session.update(({ messages }) => ({ messages: [...messages, ...said] }))
    return Chat.go(State.Listen, {})
  }
}

describe('I11 a conversation costs one message for each message', () => {
  it.each([40, 400, 2_000])('of %i characters', async (size) => {
    const store = new CountingStore()
    const llm = createLlm(echoModel({}, ({ messages }) => `answer ${messages.length} `.padEnd(size, 'word ')))
    const test = createTestEngine({ workflows: [ChatWorkflow], store, resources: { llm } })
    const run = await test.engine.start(ChatWorkflow, {}, { session: 'ada' })
    await test.finish(run)
    const costs: number[] = []
    for (let i = 0; i < 100; i++) {
      const before = store.bytesWritten
      await run.signal('say', { text: `question ${i} `.padEnd(size, 'what ') })
      await test.finish(run)
      costs.push(store.bytesWritten - before)
    }
    const mean = (from: number, to: number) =>
      costs.slice(from, to).reduce((sum, cost) => sum + cost, 0) / (to - from)
    // two messages a turn: the turns around the tenth message, and around the two hundredth
    expect(mean(92, 100)).toBeLessThan(1.5 * mean(1, 9))
    expect(mean(92, 100)).toBeLessThan(9 * 2 * size + 8_000)
    const { messages } = (await test.engine.session('ada').state()) as { messages: readonly Message[] }
    expect(messages).toHaveLength(200)
    await run.signal('bye', {})
    await test.finish(run)
    const told = []
    for await (const event of run.events()) if (event.type === 'model-called') told.push(event)
    expect(told.map((call) => call.messages.length)).toEqual(Array.from({ length: 100 }, () => 1))
    expect(told[1]).toMatchObject({ messages: [messages[2]], answer: messages[3]?.text })
    await test.close()
  })
})
