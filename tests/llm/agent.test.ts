import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { FatalError } from 'stepwright'
import { tool, toolsOf, type Message } from 'stepwright/llm'
import type { ScriptedToolCall } from 'stepwright/testing'
import { offline, type Offline } from '../support/offline-llm.ts'

const add = tool({
  name: 'add',
  description: 'Adds two numbers.',
  input: z.object({ a: z.number(), b: z.number() }),
  run: ({ a, b }) => a + b,
})

/** The model calls these tools, turn by turn, and then says what the last of them came to. */
function plays(made: Offline, ...turns: readonly (readonly ScriptedToolCall[])[]): void {
  const left = [...turns]
  made.server.script(({ messages, toolChoice }) => {
    if (toolChoice === 'none') return 'I think.'
    const calls = left.shift()
    return calls ? { toolCalls: calls } : `It is ${messages.at(-1)?.content}.`
  })
}
/** A tool that waits for people, and what it has paid. */
function payment() {
  const paid: number[] = []
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    input: z.object({ amount: z.number() }),
    approval: true,
    run: ({ amount }) => paid.push(amount),
  })
  return { pay, paid }
}
const results = (messages: readonly Message[]): readonly string[] =>
  messages.flatMap((message) => (message.role === 'tool' ? [message.text] : []))

describe('an agent', () => {
  it('calls tools until it has an answer', async () => {
    await using made = await offline()
    plays(made, [{ name: 'add', arguments: { a: 1, b: 2 } }], [{ name: 'add', arguments: { a: 3, b: 4 } }])
    const result = await made.llm.agent({ ask: 'Add up.', tools: [add] })
    expect(result).toMatchObject({ done: true, output: 'It is 7.', steps: 3 })
    expect(results(result.messages)).toEqual(['3', '7'])
  })

  it('ends with a result that fits a schema, and asks for it', async () => {
    await using made = await offline()
    const answers = [
      'I have it.',
      { toolCalls: [{ name: 'finish', arguments: { result: { sum: 'three' } } }] },
      { toolCalls: [{ name: 'finish', arguments: { result: { sum: 3 } } }] },
    ]
    made.server.script(() => answers.shift())
    const result = await made.llm.agent({
      ask: 'Add up.',
      tools: [add],
      finish: z.object({ sum: z.number() }),
    })
    expect(result).toMatchObject({ done: true, output: { sum: 3 } })
    expect(results(result.messages)[0]).toMatch(/finish does not fit: result: sum: Invalid/)
  })

  it('may think before it acts', async () => {
    await using made = await offline()
    plays(made, [{ name: 'add', arguments: { a: 1, b: 2 } }])
    const result = await made.llm.agent({ ask: 'Add up.', tools: [add], think: true })
    expect(made.server.calls.map(({ toolChoice }) => toolChoice ?? 'auto')).toEqual([
      'none',
      'auto',
      'none',
      'auto',
    ])
    expect(result.messages.map(({ role }) => role).join(' ')).toBe(
      'user assistant user assistant tool assistant user assistant',
    )
  })

  it('calls several tools at once, each answered by its own', async () => {
    await using made = await offline()
    let most = 0
    let now = 0
    const slow = tool({
      name: 'slow',
      description: 'Waits.',
      input: z.object({ n: z.number() }),
      run: async ({ n }) => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve, 10 - n))
        now--
        return n
      },
    })
    plays(
      made,
      [1, 2, 3].map((n) => ({ name: 'slow', arguments: { n } })),
    )
    const { messages } = await made.llm.agent({ ask: 'Wait.', tools: [slow] })
    expect(results(messages)).toEqual(['1', '2', '3'])
    expect(most).toBe(3)
  })

  it('is told what was wrong, and can mend it', async () => {
    await using made = await offline()
    const breaks = tool({
      name: 'breaks',
      description: 'Fails.',
      input: z.object({}),
      run: () => Promise.reject(new Error('no paper')),
    })
    plays(made, [
      { name: 'multiply', arguments: {} },
      { name: 'add', arguments: '{"a": 1' },
      { name: 'add', arguments: { a: 1 } },
      { name: 'breaks', arguments: {} },
      { name: 'add', arguments: { a: 1, b: 2, constructor: 1, __proto__: { c: 1 } } },
    ])
    const { messages } = await made.llm.agent({ ask: 'Add up.', tools: [add, breaks] })
    expect(results(messages)).toEqual([
      'There is no tool "multiply". There are "add", "breaks".',
      expect.stringMatching(/is not JSON/),
      expect.stringMatching(/add does not fit: b: Invalid/),
      'It failed: Error: no paper',
      '3',
    ])
  })

  it('stops where a tool says that all is lost, and at its limits', async () => {
    await using made = await offline()
    const fatal = tool({
      name: 'fatal',
      description: 'Ends all.',
      input: z.object({}),
      run: () => Promise.reject(new FatalError('the account is closed')),
    })
    plays(made, [{ name: 'fatal', arguments: {} }])
    await expect(made.llm.agent({ ask: 'Go.', tools: [fatal] })).rejects.toThrow('the account is closed')
    made.server.script(() => ({ toolCalls: [{ name: 'add', arguments: { a: 1, b: 1 } }] }))
    const count = made.server.calls.length
    await expect(made.llm.agent({ ask: 'Go.', tools: [add], maxSteps: 3 })).rejects.toMatchObject({
      code: 'agent-limit',
      details: { steps: 3 },
    })
    expect(made.server.calls.length - count).toBe(3)
    await expect(made.llm.agent({ ask: 'Go.', tools: [add], maxTotalTokens: 100 })).rejects.toMatchObject({
      code: 'agent-limit',
    })
  })

  it('waits for people before marked tools, and goes on with what they said', async () => {
    await using made = await offline()
    const { pay, paid } = payment()
    const asks = [10, 20].map((amount, i) => ({ name: 'pay', arguments: { amount }, id: `p${i}` }))
    plays(made, asks)
    const first = await made.llm.agent({ ask: 'Pay.', tools: [pay] })
    if (first.done) throw new Error('it did not wait')
    expect(first.waits.map(({ id }) => id)).toEqual(['p0', 'p1'])
    expect(paid).toEqual([])
    const approvals = { p0: { approved: true }, p1: { approved: false, reason: 'too much' } } as const
    const second = await made.llm.agent({ ask: first.messages, tools: [pay], approvals })
    expect(second.done).toBe(true)
    expect(paid).toEqual([10])
    expect(results(second.messages)[1]).toBe('A person did not agree to this call: too much.')
  })

  it('takes what a person said for the calls that waited, not for a later one that bears the same id', async () => {
    await using made = await offline()
    const { pay, paid } = payment()
    const amounts = [10, 1_000]
    made.server.script(() => {
      const amount = amounts.shift()
      return amount === undefined
        ? 'Paid.'
        : { toolCalls: [{ name: 'pay', arguments: { amount }, id: 'call_0' }] }
    })
    const approvals = { call_0: { approved: true } } as const
    const early = await made.llm.agent({ ask: 'Pay.', tools: [pay], approvals })
    if (early.done) throw new Error('it did not wait')
    const later = await made.llm.agent({ ask: early.messages, tools: [pay], approvals })
    expect(paid).toEqual([10])
    expect(later).toMatchObject({ done: false, waits: [{ input: '{"amount":1000}' }] })
  })

  it('has the methods of a class as tools', async () => {
    class Shop {
      readonly stock = 3
      @tool({ description: 'How much there is.', input: z.object({ of: z.string() }) })
      count({ of }: { of: string }, { unit }: { unit: string }) {
        return `${this.stock} ${unit} of ${of}`
      }
    }
    const [counting, ...others] = toolsOf(new Shop(), { unit: 'kg' })
    expect(others).toEqual([])
    expect(counting?.name).toBe('count')
    expect(counting?.run({ of: 'flour' })).toBe('3 kg of flour')
  })
})
