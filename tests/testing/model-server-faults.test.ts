import { createConnection } from 'node:net'
import OpenAI, { APIConnectionError, APIError, APIConnectionTimeoutError, RateLimitError } from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ModelFault } from '../../src/testing/index.ts'
import { createModelServer } from '../../src/testing/model-server/model-server.ts'
import type { ModelServer } from '../../src/testing/model-server/model-server.ts'

let server: ModelServer
let openai: OpenAI

beforeEach(async () => {
  server = await createModelServer({ script: () => 'one two three four' })
  openai = new OpenAI({ baseURL: server.url, apiKey: 'offline', maxRetries: 0 })
})

afterEach(() => server.close())

type Params = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>

const SCHEMA = z.strictObject({ title: z.string(), tags: z.array(z.string()) })
const FORMAT = zodResponseFormat(SCHEMA, 'answer')
const TOOL = zodFunction({ name: 'find', parameters: SCHEMA })
const request = (params: Params = {}) => ({
  model: 'any',
  messages: [{ role: 'user' as const, content: 'Find bees.' }],
  ...params,
})

function ask(params?: Params, options?: OpenAI.RequestOptions) {
  return openai.chat.completions.create({ ...request(params), stream: false }, options)
}

/** What a stream gave before it ended, and how it ended. */
async function read(options?: OpenAI.RequestOptions, seen?: (text: string) => void) {
  let text = ''
  let finish: string | null = null
  let chunks = 0
  try {
    const stream = await openai.chat.completions.create({ ...request(), stream: true }, options)
    for await (const { choices } of stream) {
      chunks++
      text += choices[0]?.delta.content ?? ''
      finish = choices[0]?.finish_reason ?? finish
      seen?.(text)
    }
    return { text, finish, chunks, error: undefined }
  } catch (error) {
    return { text, finish, chunks, error }
  }
}

/** By `fail`, and by a script that says the same. */
const ways: readonly [string, (fault: ModelFault) => void][] = [
  ['fail', (fault) => server.fail(fault)],
  ['a script', (fault) => server.script(() => ({ text: 'one two three four', ...fault }))],
]

describe('refusals', () => {
  test('say when to come again: in seconds, in milliseconds, as a date, or not at all', async () => {
    const date = new Date('2030-01-02T03:04:05Z')
    const headers: unknown[] = []
    for (const refusal of [{ retryAfter: 2 }, { retryAfterMs: 30 }, { retryAfter: date }, {}]) {
      server.fail({ status: 429, ...refusal })
      const error: unknown = await ask().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(RateLimitError)
      const sent = (error as RateLimitError).headers
      headers.push([sent?.get('retry-after'), sent?.get('retry-after-ms')])
    }
    expect(headers).toEqual([
      ['2', null],
      [null, '30'],
      ['Wed, 02 Jan 2030 03:04:05 GMT', null],
      [null, null],
    ])
    server.script(() => ({ status: 503, retryAfter: date }))
    await expect(ask()).rejects.toMatchObject({ status: 503 })
  })

  test('can be bodies that are not JSON, with any status', async () => {
    server.fail({ status: 502, body: '<html>Bad gateway</html>' })
    await expect(ask()).rejects.toThrow('502')
    server.fail({ status: 200, body: '{"choices":[{"mess' })
    await expect(ask()).rejects.toThrow(SyntaxError)
    server.script(() => ({ status: 200, body: 'OK' }))
    await expect(ask()).rejects.toThrow(SyntaxError)
    expect(server.calls.map(({ status }) => status)).toEqual([502, 200, 200])
    expect(server.counts.completions).toBe(0)
  })

  test('a stream can be refused too', async () => {
    server.fail({ status: 500 })
    expect(await read()).toMatchObject({ chunks: 0, error: { status: 500 } })
    expect(await read()).toMatchObject({ text: 'one two three four', finish: 'stop' })
  })
})

describe.each(ways)('by %s: connections', (name, fail) => {
  test('cut before the answer', async () => {
    fail({ cut: 'start' })
    await expect(ask()).rejects.toThrow(APIConnectionError)
    expect(server.calls[0]).toMatchObject({ status: 0 })
    expect(server.calls[0]).not.toHaveProperty('answer')
    expect(server.counts).toEqual({ requests: 1, completions: 0, byStatus: { 0: 1 } })
  })

  test('cut in the middle of an answer', async () => {
    fail({ cut: 'midway' })
    await expect(ask()).rejects.toThrow(/terminated|Connection error/)
    expect(server.calls[0]).toMatchObject({ status: 200 })
    expect(server.counts.completions).toBe(0)
  })

  test('cut in the middle of a stream', async () => {
    fail({ cut: 'midway' })
    const { text, finish, error } = await read()
    expect({ text, finish }).toEqual({ text: 'one two ', finish: null })
    expect(error).toBeInstanceOf(Error)
  })

  test('an error event in the middle of a stream, a 500 where nothing is streamed', async () => {
    fail({ errorEvent: 'The engine is overloaded.' })
    const { text, finish, error } = await read()
    expect({ text, finish }).toEqual({ text: 'one two ', finish: null })
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ error: { message: 'The engine is overloaded.', type: 'server_error' } })
    expect(server.calls[0]).not.toHaveProperty('answer')
    expect(server.counts.completions).toBe(0)
    fail({ errorEvent: 'The engine is overloaded.' })
    await expect(ask()).rejects.toMatchObject({ status: 500, message: '500 The engine is overloaded.' })
  })

  test('silent before the answer, until the client goes', async () => {
    fail({ stall: 'start' })
    await expect(ask({}, { timeout: 250 })).rejects.toThrow(APIConnectionTimeoutError)
    await expect.poll(() => server.calls.map(({ status }) => status)).toEqual([499])
  })

  test('silent in the middle of a stream, until the client goes', async () => {
    fail({ stall: 'midway' })
    const abort = new AbortController()
    const { text, finish } = await read({ signal: abort.signal }, (got) => {
      if (got === 'one two ') setTimeout(() => abort.abort(), 30)
    })
    expect({ text, finish }).toEqual({ text: 'one two ', finish: null })
    await expect.poll(() => server.calls.map(({ status }) => status)).toEqual([499])
  })

  test('silent until the server closes', async () => {
    fail({ stall: 'midway' })
    const { text, error } = await read({}, (got) => {
      if (got === 'one two ') void server.close()
    })
    expect(text).toBe('one two ')
    expect(error).toBeInstanceOf(Error)
    expect(server.calls.map(({ status }) => status)).toEqual([499])
  })
})

describe.each(ways)('by %s: answers', (name, fail) => {
  const early = name === 'fail' ? 'one two t' : 'one two three four' // a script says how far it gets

  test('of a stream that ends without a reason', async () => {
    fail({ finish: null })
    expect(await read()).toMatchObject({ text: early, finish: null, error: undefined })
    const body = JSON.stringify({ ...request(), stream: true })
    fail({ finish: null })
    const response = await fetch(`${server.url}/chat/completions`, { method: 'POST', body })
    expect(await response.text()).not.toContain('[DONE]')
  })

  test.each(['length', 'content_filter'] as const)('that end because of %s', async (finish) => {
    fail({ finish })
    const { choices } = await ask()
    expect(choices[0]).toMatchObject({ finish_reason: finish, message: { content: early } })
    fail({ finish })
    expect(await read()).toMatchObject({ text: early, finish })
  })

  test('without choices', async () => {
    fail({ choices: [] })
    expect((await ask()).choices).toEqual([])
    fail({ choices: [] })
    expect(await read()).toEqual({ text: '', finish: null, chunks: 1, error: undefined })
    expect(server.calls[0]).not.toHaveProperty('answer')
  })

  test('in which the model refuses', async () => {
    fail({ refusal: 'I would rather not.' })
    const parsed = await openai.chat.completions.parse(request({ response_format: FORMAT }) as never)
    expect(parsed.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: null, refusal: 'I would rather not.', parsed: null },
    })
    fail({ refusal: 'I would rather not.' })
    const stream = openai.chat.completions.stream(request() as never)
    expect((await stream.finalChatCompletion()).choices[0]?.message.refusal).toBe('I would rather not.')
  })
})

describe('answers with wrong JSON', () => {
  beforeEach(() => server.script(() => undefined))

  test('that breaks off', async () => {
    server.fail({ json: 'broken' })
    const { choices } = await ask({ response_format: FORMAT })
    expect(choices[0]?.finish_reason).toBe('stop')
    expect(() => JSON.parse(choices[0]?.message.content ?? '') as unknown).toThrow(SyntaxError)
    server.fail({ json: 'broken' })
    expect((await ask()).choices[0]?.message.content).toMatch(/^\{"answer":/)
    server.fail({ json: 'broken' })
    await expect(openai.chat.completions.parse({ ...request(), response_format: FORMAT })).rejects.toThrow(
      SyntaxError,
    )
  })

  test('that does not fit the schema, until it does', async () => {
    server.fail({ json: 'wrong', times: 2 })
    const contents: unknown[] = []
    for (const format of [FORMAT, undefined, FORMAT]) {
      const { choices } = await ask(format ? { response_format: format } : {})
      contents.push(format ? JSON.parse(choices[0]?.message.content ?? '') : choices[0]?.message.content)
    }
    expect(contents[0]).toEqual({ tags: expect.any(Array) })
    expect(contents[1]).toMatch(/^\["/)
    expect(SCHEMA.safeParse(contents[2]).success).toBe(true)
  })

  test('as a script makes it, for a schema without required properties', async () => {
    server.script(() => ({ json: 'wrong' }))
    const json_schema = { name: 'answer', schema: { type: 'object', properties: { a: { type: 'string' } } } }
    const { choices } = await ask({ response_format: { type: 'json_schema', json_schema } })
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual([{ a: expect.any(String) }])
  })
})

describe('tool calls', () => {
  const calls = async () => {
    const { choices } = await ask({ tools: [TOOL], tool_choice: 'required' })
    return (choices[0]?.message.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []))
  }
  beforeEach(() => server.script(() => undefined))

  test('with arguments that are not JSON, or do not fit', async () => {
    server.fail({ json: 'broken' })
    const [broken] = await calls()
    expect(() => JSON.parse(broken?.function.arguments ?? '{}') as unknown).toThrow(SyntaxError)
    server.fail({ json: 'wrong' })
    const [wrong] = await calls()
    expect(JSON.parse(wrong?.function.arguments ?? '')).toEqual({ tags: expect.any(Array) })
    server.fail({ finish: 'length' })
    const { choices } = await ask({ tools: [TOOL], tool_choice: 'required' })
    expect(choices[0]?.finish_reason).toBe('length')
    server.script(() => ({ toolCalls: [{ name: 'find', arguments: {} }], json: 'broken' }))
    expect((await calls())[0]?.function.arguments).toBe('{')
  })

  test('with one id for all', async () => {
    server.fail({ toolIds: 'same' })
    const [first, second, ...others] = await calls()
    expect(first?.id).toMatch(/^call_/)
    expect(second).toEqual(first)
    expect(others).toEqual([])
    server.script(() => ({
      toolCalls: [1, 2].map((title) => ({ name: 'find', arguments: { title }, id: `call-${title}` })),
      toolIds: 'same',
    }))
    expect((await calls()).map(({ id, function: { arguments: text } }) => [id, text])).toEqual([
      ['call-1', '{"title":1}'],
      ['call-1', '{"title":2}'],
    ])
  })
})

describe('faults', () => {
  test('add up in order, several times, and are on record', async () => {
    server.fail({ cut: 'start', times: 2 })
    server.fail({ status: 429 })
    server.fail({ finish: 'length', json: 'wrong' })
    const came: unknown[] = []
    for (let turn = 0; turn < 5; turn++)
      came.push(
        await ask().then(
          ({ choices }) => choices[0]?.message.content,
          (error: Error) => error.constructor,
        ),
      )
    expect(came).toEqual([
      APIConnectionError,
      APIConnectionError,
      RateLimitError,
      '["one two t', // half of ["one two three four"]
      'one two three four',
    ])
    expect(server.calls.map(({ fault }) => fault)).toEqual([
      { cut: 'start' },
      { cut: 'start' },
      { status: 429 },
      { finish: 'length', json: 'wrong' },
      undefined,
    ])
  })

  test.each([
    { status: 200 },
    { status: 302, body: 'elsewhere' },
    { status: 429, retryAfter: -1 },
    { cut: 'end' },
    { choices: [1] },
    { stauts: 500 },
    {},
  ])('that are none are refused: %j', (fault) => {
    expect(() => server.fail(fault as never)).toThrow(RangeError)
  })

  test('a script returns JSON that only looks a little like them', async () => {
    const answers = [{ status: 'open' }, { text: 'hello' }, { cut: 'deep' }, { status: 429, score: 1 }]
    for (const answer of answers) {
      server.script(() => answer)
      expect((await ask()).choices[0]?.message.content).toBe(JSON.stringify(answer))
    }
  })

  test('an answer with letters of two units is cut between letters', async () => {
    for (const padding of ['', 'x', 'xx', 'xxx']) {
      server.script(() => padding + '🐝'.repeat(300))
      expect((await ask()).choices[0]?.message.content).toBe(padding + '🐝'.repeat(300))
    }
  })

  test('a client that goes in the middle of its request harms nothing', async () => {
    const socket = createConnection(Number(new URL(server.url).port), '127.0.0.1')
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"model"')
    await new Promise((resolve) => setTimeout(resolve, 30))
    socket.destroy()
    await expect.poll(() => server.counts.byStatus).toEqual({ 499: 1 })
    expect((await ask()).choices).toHaveLength(1)
  })
})
