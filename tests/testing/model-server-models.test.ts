import OpenAI, { NotFoundError } from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createModelServer } from '../../src/testing/model-server/model-server.ts'
import type { ModelServer, ModelServerOptions } from '../../src/testing/model-server/model-server.ts'

let server: ModelServer
let openai: OpenAI

async function serve(options: ModelServerOptions = {}): Promise<void> {
  server = await createModelServer(options)
  openai = new OpenAI({ baseURL: server.url, apiKey: 'offline', maxRetries: 0 })
}

afterEach(() => server.close())

type Params = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>

const TOOL = zodFunction({ name: 'find', parameters: z.object({ title: z.string() }) })
const JSON_SCHEMA = zodResponseFormat(z.object({ title: z.string() }), 'answer')
const user = (content: string) => ({ role: 'user' as const, content })

function ask(model: string, params: Params = {}) {
  return openai.chat.completions.create({ model, messages: [user('hello')], ...params, stream: false })
}

describe('models', () => {
  test('are those that the server was started with', async () => {
    await serve({ models: ['large', { id: 'small', without: ['tools'] }] })
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['large', 'small'])
    expect((await ask('small')).model).toBe('small')
    expect((await openai.models.retrieve('small')).id).toBe('small')
    await expect(openai.models.retrieve('huge')).rejects.toMatchObject({ code: 'model_not_found' })
    const error: unknown = await ask('huge').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ code: 'model_not_found', type: 'invalid_request_error' })
    await expect(openai.embeddings.create({ model: 'huge', input: 'a' })).rejects.toThrow(NotFoundError)
    expect((await openai.embeddings.create({ model: 'large', input: 'a' })).model).toBe('large')
    expect(server.calls).toHaveLength(1)
  })

  test('of any name are taken otherwise', async () => {
    await serve()
    expect((await ask('whatever')).model).toBe('offline-model')
    expect(server.calls[0]?.model).toBe('whatever')
  })
})

describe('what a model cannot do', () => {
  const needs = {
    tools: { tools: [TOOL] },
    json_schema: { response_format: JSON_SCHEMA },
    json_object: { response_format: { type: 'json_object' } },
  } as const

  test.each([
    ['tools', 'tools'],
    ['json_schema', 'response_format'],
    ['json_object', 'response_format'],
  ] as const)('is refused: %s', async (ability, param) => {
    await serve({ without: [ability] })
    for (const [need, params] of Object.entries(needs)) {
      if (need !== ability) await ask('any', params as Params)
      else
        await expect(ask('any', params as Params)).rejects.toMatchObject({
          status: 400,
          type: 'invalid_request_error',
          code: 'unsupported_parameter',
          param,
        })
    }
    expect(server.counts.byStatus).toEqual({ 200: 2, 400: 1 })
  })

  test('can be streams, and can differ by model', async () => {
    await serve({ models: ['a', { id: 'b', without: ['tools'] }], without: ['stream'] })
    const stream = openai.chat.completions.create({ model: 'a', messages: [user('hello')], stream: true })
    await expect(stream).rejects.toMatchObject({ status: 400, param: 'stream' })
    await ask('a', { tools: [TOOL] })
    await expect(ask('b', { tools: [TOOL] })).rejects.toMatchObject({ status: 400, param: 'tools' })
    await ask('b')
  })
})

describe('strict schemas', () => {
  const format = (schema: Record<string, unknown>, strict = true): Params => ({
    response_format: { type: 'json_schema', json_schema: { name: 'record', strict, schema } },
  })
  const closed = (properties: object, required = Object.keys(properties)) => ({
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  })
  const text = { type: 'string' }

  test.each([
    [{ type: 'object', properties: {} }, "In context=(), 'additionalProperties' is required"],
    [closed({ a: text, b: text }, ['a']), "In context=(), 'required' is required", "Missing 'b'"],
    [closed({ a: { type: 'array', items: { type: 'object' } } }), "context=('properties', 'a', 'items')"],
    [
      { ...closed({ a: { $ref: '#/$defs/b' } }), $defs: { b: closed({ c: text }, []) } },
      "context=('$defs', 'b')",
    ],
    [
      closed({ a: { anyOf: [{ type: 'null' }, { properties: {} }] } }),
      "context=('properties', 'a', 'anyOf', '1')",
    ],
    [{ type: 'array', items: text }, "schema must have type 'object'"],
  ])('are refused where they are open: %j', async (schema, ...told) => {
    await serve()
    const error: unknown = await ask('any', format(schema)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 400, param: 'response_format', type: 'invalid_request_error' })
    expect((error as Error).message).toContain("response_format 'record'")
    for (const part of told) expect((error as Error).message).toContain(part)
    await ask('any', format(schema, false))
  })

  test('are taken where they are closed', async () => {
    await serve()
    const { choices } = await ask('any', format(closed({ a: text, b: { type: ['string', 'null'] } })))
    expect(Object.keys(JSON.parse(choices[0]?.message.content ?? '') as object)).toEqual(['a', 'b'])
  })
})

describe('usage', () => {
  test('keeps to the most tokens that the request allows', async () => {
    await serve()
    const messages = [user('Bees make honey in their hives.')]
    for (const limit of [{ max_tokens: 3 }, { max_completion_tokens: 3, max_tokens: 9 }]) {
      const { choices, usage } = await ask('any', { messages, ...limit })
      expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'Bees make ho' } })
      expect(usage?.completion_tokens).toBe(3)
    }
    const { choices } = await ask('any', { messages, max_tokens: 100 })
    expect(choices[0]?.finish_reason).toBe('stop')
    const old = await openai.completions.create({ model: 'any', prompt: 'Bees make honey.', max_tokens: 1 })
    expect(old.choices[0]).toMatchObject({ text: 'Bees', finish_reason: 'length' })
  })

  test('counts tools and their calls', async () => {
    await serve()
    const plain = (await ask('any')).usage?.prompt_tokens ?? 0
    expect(plain).toBe(2)
    expect((await ask('any', { tools: [TOOL] })).usage?.prompt_tokens).toBeGreaterThan(plain + 20)
    server.script(() => ({ toolCalls: [{ name: 'four', arguments: '12345678' }] }))
    expect((await ask('any', { tools: [TOOL] })).usage?.completion_tokens).toBe(3)
    const messages = [
      user('1234'),
      {
        role: 'assistant' as const,
        tool_calls: [{ id: 'a', type: 'function' as const, function: { name: 'four', arguments: '1234' } }],
      },
      { role: 'tool' as const, tool_call_id: 'a', content: '1234' },
    ]
    expect((await ask('any', { messages })).usage?.prompt_tokens).toBe(4)
  })

  test('says which part of the prompt an earlier request began with', async () => {
    await serve()
    const cached = async (contents: readonly string[], params: Params = {}, model = 'a') => {
      const { usage } = await ask(model, { ...params, messages: contents.map(user) })
      return [usage?.prompt_tokens, usage?.prompt_tokens_details?.cached_tokens]
    }
    expect(await cached(['12345678'])).toEqual([2, 0])
    expect(await cached(['12345678', '1234'])).toEqual([3, 2])
    expect(await cached(['12345678', '1234', '1234', '1234'])).toEqual([5, 3])
    expect(await cached(['12345678', '9'])).toEqual([3, 2])
    expect(await cached(['9', '12345678'])).toEqual([3, 0])
    expect(await cached(['12345678'], {}, 'b')).toEqual([2, 0])
    const [tokens] = await cached(['12345678'], { tools: [TOOL] })
    expect(await cached(['12345678', '1234'], { tools: [TOOL] })).toEqual([(tokens ?? 0) + 1, tokens])
  })
})
