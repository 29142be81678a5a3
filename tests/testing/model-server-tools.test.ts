import OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createModelServer } from '../../src/testing/model-server/model-server.ts'
import type { ModelServer } from '../../src/testing/model-server/model-server.ts'

let server: ModelServer
let openai: OpenAI

beforeEach(async () => {
  server = await createModelServer()
  openai = new OpenAI({ baseURL: server.url, apiKey: 'offline', maxRetries: 0 })
})

afterEach(() => server.close())

type Message = OpenAI.ChatCompletionMessageParam
type Params = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>

const REPOSITORY = zodFunction({
  name: 'repository_report',
  description: 'Counts the stars and contributors of a repository.',
  parameters: z.object({ repository: z.string() }),
})
const TEXT = zodFunction({
  name: 'change_text',
  description: 'Turns a text into upper or lower case.',
  parameters: z.object({ text: z.string(), to: z.enum(['upper', 'lower']) }),
})
const TOOLS = [REPOSITORY, TEXT]
const user = (content: string): Message => ({ role: 'user', content })
const calling = (...ids: readonly string[]): Message => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'change_text', arguments: '{}' } })),
})
const answering = (id: string, content = 'done'): Message => ({ role: 'tool', tool_call_id: id, content })

async function say(messages: readonly Message[], params: Params = { tools: TOOLS }) {
  const { choices } = await openai.chat.completions.create({
    model: 'any',
    messages: [...messages],
    ...params,
  })
  const { message, finish_reason } = choices[0] ?? {}
  const calls = (message?.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []))
  return {
    text: message?.content,
    finish: finish_reason,
    ids: calls.map(({ id }) => id),
    calls: calls.map(({ function: { name, arguments: text } }) => [name, JSON.parse(text) as unknown]),
  }
}

describe('the offline model', () => {
  test('calls the tool that shares the most words with the message', async () => {
    expect(await say([user('How many stars has the repository octo/hello?')])).toEqual({
      text: null,
      finish: 'tool_calls',
      ids: ['call_offline_1_1'],
      calls: [['repository_report', { repository: 'octo/hello' }]],
    })
    const { calls } = await say([user('Turn the text "Hello world" into upper case, please')])
    expect(calls).toEqual([['change_text', { text: 'Hello world', to: 'upper' }]])
    expect(server.calls[1]).toMatchObject({
      toolChoice: 'auto',
      tools: [{ strict: true }, { name: 'change_text' }],
    })
  })

  test('answers by itself where no tool fits, or none may be called', async () => {
    const { text, calls, finish } = await say([user('What do bees make?')])
    expect({ calls, finish }).toEqual({ calls: [], finish: 'stop' })
    expect(text).toMatch(/\(offline model\)$/)
    const none = await say([user('The text in upper case')], { tools: TOOLS, tool_choice: 'none' })
    expect(none.calls).toEqual([])
    expect(server.calls.every((call) => !('toolCalls' in call))).toBe(true)
  })

  test('calls what it must', async () => {
    const required = await say([user('What do bees make?')], { tools: TOOLS, tool_choice: 'required' })
    expect(required).toMatchObject({
      finish: 'tool_calls',
      calls: [['repository_report', expect.anything()]],
    })
    const named = await say([user('What do bees make? Use "lower".')], {
      tools: TOOLS,
      tool_choice: { type: 'function', function: { name: 'change_text' } },
    })
    expect(named).toMatchObject({ finish: 'stop', calls: [['change_text', { text: 'lower', to: 'lower' }]] })
    expect(server.calls[1]?.toolChoice).toEqual({ name: 'change_text' })
  })

  test('calls several where they fit alike, unless it may not', async () => {
    const tools = ['get_weather', 'get_time'].map((name) =>
      zodFunction({ name, parameters: z.object({ city: z.string() }) }),
    )
    const messages = [user('What are the weather and the time in Rome?')]
    const both = await say(messages, { tools })
    expect(both.calls).toEqual([
      ['get_weather', { city: 'Rome' }],
      ['get_time', { city: 'Rome' }],
    ])
    expect(both.ids).toEqual(['call_offline_1_1', 'call_offline_1_2'])
    const one = await say(messages, { tools, parallel_tool_calls: false })
    expect(one.calls).toEqual([['get_weather', { city: 'Rome' }]])
  })

  test('answers from what the tools said', async () => {
    const results = (content: string) => [
      user('How many stars has the repository octo/hello?'),
      calling('a'),
      answering('a', content),
    ]
    expect((await say(results('{"stars":42,"openIssues":[1,2]}'))).text).toBe(
      'stars: 42, open Issues: 1; 2\n(offline model)',
    )
    const response_format = zodResponseFormat(z.object({ stars: z.int() }), 'stars')
    const typed = await say(results('{"stars":42}'), { tools: TOOLS, response_format })
    expect(JSON.parse(typed.text ?? '')).toEqual({ stars: 42 })
    const next = await say([
      ...results('It has 42.'),
      { role: 'assistant', content: '42' },
      user('The text in upper case'),
    ])
    expect(next.calls).toHaveLength(1)
  })

  test('can be run by the SDK to the end', async () => {
    const runner = openai.chat.completions.runTools({
      model: 'any',
      messages: [user('How many stars has the repository octo/hello?')],
      tools: [
        zodFunction({
          name: 'repository_stars',
          parameters: z.object({ repository: z.string() }),
          function: ({ repository }) => `${repository} has 42 stars.`,
        }),
      ],
    })
    expect(await runner.finalContent()).toBe('octo/hello has 42 stars.\n(offline model)')
    expect(server.calls).toHaveLength(2)
    expect(server.calls[1]?.messages.slice(1)).toMatchObject([
      { role: 'assistant', toolCalls: [{ id: 'call_offline_1_1', name: 'repository_stars' }] },
      { role: 'tool', toolCallId: 'call_offline_1_1' },
    ])
  })

  test('reads long messages in time', async () => {
    for (const piece of ['a.', '“', ' Ab', "'", 'a/'])
      await say([user(piece.repeat(150_000))], { tools: TOOLS, tool_choice: 'required' })
    expect(server.counts.completions).toBe(5)
  }, 20_000)

  test('takes arguments that fit from any schema, and tools without one', async () => {
    const bare = { type: 'function' as const, function: { name: 'now' } }
    expect((await say([user('hello')], { tools: [bare], tool_choice: 'required' })).calls).toEqual([
      ['now', {}],
    ])
    const never = { type: 'function' as const, function: { name: 'no', parameters: { not: {} } } }
    await expect(say([user('hello')], { tools: [never], tool_choice: 'required' })).rejects.toMatchObject({
      status: 400,
      param: 'tools',
    })
  })
})

describe('scripts', () => {
  test('call tools, with bad JSON and their own ids if they like', async () => {
    server.script(({ tools, messages }) => ({
      text: `${tools?.length} tools, ${messages.length} message`,
      toolCalls: [
        { name: 'change_text', arguments: { text: 'a', to: 'upper' } },
        { name: 'unknown', arguments: '{"text":', id: 'mine' },
      ],
    }))
    const { choices } = await openai.chat.completions.create({
      model: 'any',
      messages: [user('hello')],
      tools: TOOLS,
    })
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: '2 tools, 1 message',
        tool_calls: [
          { id: 'call_offline_1_1', function: { arguments: '{"text":"a","to":"upper"}' } },
          { id: 'mine', function: { name: 'unknown', arguments: '{"text":' } },
        ],
      },
    })
    expect(server.calls[0]?.toolCalls?.map(({ id }) => id)).toEqual(['call_offline_1_1', 'mine'])
  })
})

describe('refused with 400', () => {
  const refused = async (messages: readonly Message[], params?: Params) => {
    const error: unknown = await say(messages, params).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
    return error as { readonly param: string; readonly message: string }
  }

  test('answers to no call, and calls without an answer', async () => {
    const start = [user('hello'), calling('a', 'b')]
    const unanswered = await refused([...start, answering('a'), user('go on')])
    expect(unanswered.message).toMatch(/did not have response messages: b$/)
    expect(unanswered.param).toBe('messages.1.tool_calls')
    expect((await refused([...start, answering('b')])).message).toMatch(/messages: a$/)
    const unknown = await refused([...start, answering('a'), answering('c')])
    expect(unknown).toMatchObject({
      param: 'messages.3.tool_call_id',
      message: expect.stringContaining("'c'"),
    })
    expect((await refused([user('hello'), answering('a')])).param).toBe('messages.1.tool_call_id')
    const late = [...start, answering('a'), answering('b'), user('and now'), answering('a')]
    expect((await refused(late)).param).toBe('messages.5.tool_call_id')
    expect(server.calls).toEqual([])
    await say([...start, answering('b'), answering('a'), user('go on')])
  })

  test('answers to two calls of one id are taken, as the model gave them', async () => {
    await say([user('hello'), calling('a', 'a'), answering('a'), answering('a')])
    expect(server.counts.completions).toBe(1)
  })

  test('tools that are none, and choices among none', async () => {
    const bad = { type: 'function' as const, function: { name: 'not a name' } }
    expect((await refused([user('hello')], { tools: [bad] })).param).toBe('tools.0.function.name')
    expect((await refused([user('hello')], { tools: [] })).param).toBe('tools')
    expect((await refused([user('hello')], { tool_choice: 'required' })).param).toBe('tool_choice')
    expect((await refused([user('hello')], { parallel_tool_calls: true })).param).toBe('parallel_tool_calls')
    const other = { type: 'function' as const, function: { name: 'other' } }
    expect((await refused([user('hello')], { tools: TOOLS, tool_choice: other })).param).toBe('tool_choice')
    const loose = {
      type: 'function' as const,
      function: { name: 'loose', strict: true, parameters: { type: 'object' } },
    }
    const error = await refused([user('hello')], { tools: [loose] })
    expect(error.param).toBe('tools.0.function.parameters')
    expect(error.message).toContain("function 'loose': In context=(), 'additionalProperties'")
  })
})
