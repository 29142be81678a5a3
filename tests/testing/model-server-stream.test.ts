import OpenAI, { APIUserAbortError } from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createModelServer } from '../../src/testing/model-server/model-server.ts'
import type { ModelServer } from '../../src/testing/model-server/model-server.ts'

let server: ModelServer
let openai: OpenAI

beforeEach(async () => {
  server = await createModelServer()
  openai = clientOf(server)
})

afterEach(() => server.close())

type Chunk = OpenAI.ChatCompletionChunk
type Params = Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'model' | 'messages' | 'stream'>

const WEATHER: OpenAI.ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

function clientOf({ url }: ModelServer): OpenAI {
  return new OpenAI({ baseURL: url, apiKey: 'offline', maxRetries: 0 })
}

function request(content: string, params: Params = {}) {
  return { model: 'any', messages: [{ role: 'user' as const, content }], ...params }
}

async function chunksOf(content: string, params: Params = {}): Promise<readonly Chunk[]> {
  const stream = await openai.chat.completions.create({ ...request(content, params), stream: true })
  const chunks: Chunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

describe('streams', () => {
  test('come as a role, words, and a reason to finish', async () => {
    server.script(() => '  Bees make\nhoney.')
    const chunks = await chunksOf('What do bees make?')
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { content: '  ' },
      { content: 'Bees ' },
      { content: 'make\n' },
      { content: 'honey.' },
      {},
    ])
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
      null,
      null,
      null,
      null,
      null,
      'stop',
    ])
    expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']))
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks[0]).not.toHaveProperty('usage')
    expect(server.calls).toMatchObject([{ stream: true, status: 200, answer: '  Bees make\nhoney.' }])
    expect(server.counts).toEqual({ requests: 1, completions: 1, byStatus: { 200: 1 } })
  })

  test('are server-sent events with [DONE] at the end', async () => {
    const body = JSON.stringify({ ...request('hello'), stream: true })
    const response = await fetch(`${server.url}/chat/completions`, { method: 'POST', body })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(response.headers.get('x-stepwright-model')).toBe('offline')
    const events = (await response.text()).split('\n\n')
    expect(events.slice(-2)).toEqual(['data: [DONE]', ''])
    expect(events.slice(0, -2).every((event) => event.startsWith('data: {'))).toBe(true)
  })

  test('say the usage last, if asked to', async () => {
    const chunks = await chunksOf('What do bees make?', { stream_options: { include_usage: true } })
    const whole = await openai.chat.completions.create(request('What do bees make?'))
    const { usage, choices } = chunks.at(-1) ?? {}
    expect(choices).toEqual([])
    expect(usage).toMatchObject({ prompt_tokens: 5, total_tokens: whole.usage?.total_tokens })
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
  })

  test('split the arguments of tool calls', async () => {
    const args = '{"city":"Rome","days":[1,2,3]}'
    const calls = [
      { name: 'weather', arguments: args },
      { name: 'weather', arguments: {}, id: 'mine' },
    ]
    server.script(() => ({ text: 'I look.', toolCalls: calls }))
    const chunks = await chunksOf('Rome?', { tools: [WEATHER] })
    const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    expect(deltas[0]).toEqual({
      index: 0,
      id: 'call_offline_1_1',
      type: 'function',
      function: { name: 'weather', arguments: '' },
    })
    const pieces = deltas.filter(({ index, id }) => index === 0 && id === undefined)
    expect(pieces.length).toBeGreaterThan(2)
    expect(pieces.map((piece) => piece.function?.arguments).join('')).toBe(args)
    expect(deltas.find(({ index }) => index === 1)).toMatchObject({ id: 'mine' })
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls')
  })

  test('are put together by the SDK into the answer that is not streamed', async () => {
    const { choices } = await openai.chat.completions.create(request('What do bees make?'))
    const stream = openai.chat.completions.stream(request('What do bees make?'))
    let text = ''
    stream.on('content', (delta) => (text += delta))
    const completion = await stream.finalChatCompletion()
    expect(completion.choices[0]?.message.content).toBe(choices[0]?.message.content)
    expect(text).toBe(choices[0]?.message.content)
  })

  test('carry JSON that the SDK parses, and tool calls', async () => {
    const schema = z.object({ title: z.string(), count: z.number() })
    const format = zodResponseFormat(schema, 'answer')
    const typed = openai.chat.completions.stream(request('Bees: 3 hives.', { response_format: format }))
    expect(schema.parse((await typed.finalChatCompletion()).choices[0]?.message.parsed)).toBeDefined()
    const called = openai.chat.completions.stream(
      request('Weather in Rome?', { tools: [WEATHER], tool_choice: 'required' }),
    )
    const [call] = (await called.finalMessage()).tool_calls ?? []
    expect(call).toMatchObject({ function: { name: 'weather', arguments: '{"city":"Rome"}' } })
  })

  test('take their time between chunks, and notice that the client has gone', async () => {
    await using slow = await createModelServer({ chunkMs: 20, script: () => 'a b c d' })
    const started = performance.now()
    await clientOf(slow).chat.completions.stream(request('hello')).finalMessage()
    expect(performance.now() - started).toBeGreaterThan(100) // six pauses of 20 ms, less the timer's slack
    const stream = clientOf(slow).chat.completions.stream(request('hello'))
    stream.once('content', () => stream.abort())
    await expect(stream.finalMessage()).rejects.toThrow(APIUserAbortError)
    await expect.poll(() => slow.calls.map(({ status }) => status)).toEqual([200, 499])
    expect(slow.calls[1]).not.toHaveProperty('answer')
    expect(slow.counts).toMatchObject({ completions: 1, byStatus: { 200: 1, 499: 1 } })
  })
})

describe('the completions endpoint', () => {
  test('answers a prompt, with what is to follow', async () => {
    const create = (suffix?: string) =>
      openai.completions.create({ model: 'any', prompt: 'What do bees make?', ...(suffix ? { suffix } : {}) })
    const bare = await create()
    expect(bare).toMatchObject({ object: 'text_completion', usage: { prompt_tokens: 5 } })
    expect(bare.choices).toEqual([
      { text: 'bees, make\n(offline model)', index: 0, logprobs: null, finish_reason: 'stop' },
    ])
    const filled = await create('Cats sleep. Bees make honey.')
    expect(filled.choices[0]?.text).toBe('Bees make honey.\n(offline model)')
    server.script(({ messages, suffix }) => `${messages[0]?.role} before ${suffix}`)
    expect((await create('the end')).choices[0]?.text).toBe('user before the end')
    expect(server.calls[1]).toMatchObject({ suffix: 'Cats sleep. Bees make honey.' })
  })

  test('streams, and goes wrong, as the other does', async () => {
    server.script(() => 'one two three')
    const pieces: string[] = []
    for await (const { choices } of await openai.completions.create({
      model: 'any',
      prompt: ['go'],
      stream: true,
    }))
      pieces.push(`${choices[0]?.text}|${choices[0]?.finish_reason}`)
    expect(pieces).toEqual(['one |null', 'two |null', 'three|null', '|stop'])
    server.fail({ finish: 'length' })
    const cut = await openai.completions.create({ model: 'any', prompt: 'go' })
    expect(cut.choices[0]).toMatchObject({ text: 'one two', finish_reason: 'length' })
    const several = openai.completions.create({ model: 'any', prompt: ['one', 'two'] })
    await expect(several).rejects.toMatchObject({ status: 400, param: 'prompt' })
  })
})
