import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { aiSdkModel, createLlm, tool, type Abilities, type AiSdkLanguageModel } from 'stepwright/llm'
import { createModelServer, type ModelServer } from 'stepwright/testing'

function connect(server: ModelServer, abilities: Partial<Abilities> = {}) {
  const provider = createOpenAICompatible({
    name: 'offline',
    baseURL: server.url,
    supportsStructuredOutputs: true,
  })
  return createLlm(aiSdkModel(provider('offline-model'), { abilities }))
}

describe('a model of the AI SDK', () => {
  it('is here of version 4 of the specification', () => {
    const provider = createOpenAICompatible({ name: 'offline', baseURL: 'http://127.0.0.1:9' })
    expect(provider('m').specificationVersion).toBe('v4')
  })

  it('answers in text, whole and streamed', async () => {
    await using server = await createModelServer()
    const llm = connect(server)
    const whole = await llm.text('What is a state machine? A machine with states.', { maxTokens: 100 })
    const pieces: string[] = []
    const streamed = await llm.text('What is a state machine? A machine with states.', {
      maxTokens: 100,
      onText: (piece) => pieces.push(piece),
    })
    expect(streamed).toBe(whole)
    expect(pieces.join('')).toBe(whole)
    expect(pieces.length).toBeGreaterThan(1)
  })

  it.each([{}, { schema: false }])('answers in a form: %o', async (abilities) => {
    await using server = await createModelServer()
    const Bread = z.object({ name: z.string(), price: z.number() })
    const bread = await connect(server, abilities).object(Bread, 'A loaf costs 3 euros.')
    expect(Bread.parse(bread)).toEqual(bread)
    expect(server.calls[0]?.tools?.length ?? 0).toBe('schema' in abilities ? 1 : 0)
  })

  it('calls tools, turn by turn', async () => {
    await using server = await createModelServer()
    const turns = [{ toolCalls: [{ name: 'add', arguments: { a: 1, b: 2 } }] }, 'It is 3.']
    server.script(() => turns.shift())
    const add = tool({
      name: 'add',
      description: 'Adds.',
      input: z.object({ a: z.number(), b: z.number() }),
      run: ({ a, b }) => a + b,
    })
    const result = await connect(server).agent({ ask: 'Add up.', tools: [add] })
    expect(result).toMatchObject({ done: true, output: 'It is 3.' })
    expect(server.calls[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: '3' })
  })

  it('tells tool calls of one id from each other, so that an approval is for one of them', async () => {
    await using server = await createModelServer()
    const call = { name: 'pay', arguments: {}, id: 'call_0' }
    server.script(() => ({ toolCalls: [call, call] }))
    const pay = tool({
      name: 'pay',
      description: 'Pays.',
      input: z.object({}),
      approval: true,
      run: () => 'paid',
    })
    const result = await connect(server).agent({ ask: 'Pay.', tools: [pay] })
    expect(result).toMatchObject({ done: false, waits: [{ id: 'call_0' }, { id: 'call_0-1' }] })
  })

  it('shows images', async () => {
    await using server = await createModelServer()
    await connect(server).text('What is this?', {
      images: ['data:image/png;base64,AAAA', 'https://x.example/a.png'],
    })
    expect(server.calls[0]?.messages[0]?.content.match(/\[image: /g)).toHaveLength(2)
  })

  it('fails where an answer is not whole, and with the status of its server', async () => {
    await using server = await createModelServer()
    const llm = connect(server)
    server.fail({ finish: 'length' })
    await expect(llm.text('Hello')).rejects.toMatchObject({ fault: 'not-whole' })
    server.fail({ status: 429, retryAfter: 7 })
    const limited = await llm.text('Hello').catch((error: unknown) => error)
    expect(limited).toMatchObject({ status: 429 })
    expect((limited as { readonly headers: Headers }).headers.get('retry-after')).toBe('7')
    server.fail({ cut: 'midway' })
    await expect(llm.text('Hello there, you.', { onText: () => undefined })).rejects.toThrow()
    server.fail({ errorEvent: 'Overloaded.' })
    const pieces: string[] = []
    const broken = llm.text('Hello there, you.', { onText: (piece) => pieces.push(piece) })
    await expect(broken).rejects.toThrow(/Overloaded/)
    await expect(broken).rejects.toMatchObject({ fault: 'not-whole', raw: pieces.join('') })
    expect(pieces.join('')).not.toBe('')
  })

  it.each([
    ['v2', 'stop', { inputTokens: 3, outputTokens: 4, totalTokens: 7, cachedInputTokens: 2 }],
    [
      'v3',
      { unified: 'stop', raw: 'end' },
      { inputTokens: { total: 3, cacheRead: 2 }, outputTokens: { total: 4 } },
    ],
  ] as const)(
    'reads the answers of older versions: %s',
    async (specificationVersion, finishReason, usage) => {
      const old: AiSdkLanguageModel = {
        specificationVersion,
        provider: 'old',
        modelId: 'm',
        doGenerate: () =>
          Promise.resolve({
            content: [{ type: 'text', text: 'Well.' }],
            finishReason,
            usage,
            warnings: [],
          }),
        doStream: () => Promise.reject(new Error('it does not stream')),
      }
      const answer = await aiSdkModel(old).complete({ messages: [{ role: 'user', text: 'Hello' }] })
      expect(answer).toEqual({
        text: 'Well.',
        toolCalls: [],
        finish: 'stop',
        usage: { input: 3, output: 4, cached: 2 },
        model: 'm',
      })
    },
  )
})
