import OpenAI, { APIConnectionError, BadRequestError, InternalServerError, RateLimitError } from 'openai'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createModelServer } from '../../src/testing/model-server/model-server.ts'
import type { ModelServer } from '../../src/testing/model-server/model-server.ts'

let server: ModelServer
let openai: OpenAI

beforeEach(async () => {
  server = await createModelServer()
  openai = clientOf(server)
})

afterEach(() => server.close())

function clientOf({ url }: ModelServer): OpenAI {
  return new OpenAI({ baseURL: url, apiKey: 'offline', maxRetries: 0 })
}

function ask(content: string, options: OpenAI.RequestOptions = {}) {
  return openai.chat.completions.create({ model: 'any', messages: [{ role: 'user', content }] }, options)
}

function post(body: string): Promise<Response> {
  return fetch(`${server.url}/chat/completions`, { method: 'POST', body })
}

describe('protocol', () => {
  test('says everywhere that it is the offline model', async () => {
    const { data, response } = await ask('What do bees make?').withResponse()
    expect(new URL(server.url).hostname).toBe('127.0.0.1')
    expect(response.headers.get('x-stepwright-model')).toBe('offline')
    expect(data).toMatchObject({ model: 'offline-model', system_fingerprint: 'offline model' })
    expect(data.choices[0]?.message.content).toMatch(/\n\(offline model\)$/)
    const models = await openai.models.list()
    expect(models.data.map(({ id }) => id)).toEqual(['offline-model'])
  })

  test('estimates a token for four characters, rounded up', async () => {
    server.script(() => '123456789')
    const { usage } = await ask('12345')
    expect(usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 })
  })

  test('reads content parts and records them as text', async () => {
    const content = [
      { type: 'text' as const, text: 'What do bees make?' },
      { type: 'text' as const, text: 'Document: Cats sleep all day. Bees make honey.' },
    ]
    const { choices } = await openai.chat.completions.create({
      model: 'any',
      messages: [{ role: 'user', content }],
    })
    expect(choices[0]?.message.content).toBe('Bees make honey.\n(offline model)')
    expect(server.calls[0]?.messages[0]?.content).toContain('make?\nDocument:')
  })

  test('reads images as a line with the start of their address, and refuses other parts', async () => {
    const ask = (part: object) =>
      openai.chat.completions.create({
        model: 'any',
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Look:' }, part as never] }],
      })
    const url = `https://example.com/${'long'.repeat(20)}.png`
    await ask({ type: 'image_url', image_url: { url } })
    await ask({ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } })
    expect(server.calls.map(({ messages }) => messages[0]?.content)).toEqual([
      `Look:\n[image: ${url.slice(0, 40)}]`,
      'Look:\n[image: image/png]',
    ])
    const error: unknown = await ask({ type: 'input_audio', input_audio: {} }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({
      param: expect.stringContaining('input_audio'),
      code: 'unsupported_parameter',
    })
  })

  test.each([
    ['{', 400, null],
    ['{"model":"any","messages":[]}', 400, 'messages'],
    ['{"model":"any","messages":[{"role":"user","content":5}]}', 400, 'messages.0.content'],
    [`"${'x'.repeat(5_000_000)}"`, 413, null],
  ])('answers a bad body with an error of the usual shape: %#', async (body, status, param) => {
    const response = await post(body)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: 'invalid_request_error', code: null, param },
    })
    expect(server.calls).toEqual([])
    expect(server.counts).toEqual({ requests: 1, completions: 0, byStatus: { [status]: 1 } })
  })

  test('knows no other routes', async () => {
    for (const [method, path] of [
      ['GET', '/chat/completions'],
      ['POST', '/responses'],
    ] as const) {
      const response = await fetch(server.url + path, { method })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'not_found', param: null } })
    }
  })
})

describe('failures', () => {
  test('a 429 arrives as a RateLimitError with its Retry-After', async () => {
    server.fail({ status: 429, times: 2, retryAfter: 7 })
    for (let turn = 0; turn < 2; turn++) {
      const error: unknown = await ask('hello').catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(RateLimitError)
      expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
      expect((error as RateLimitError).headers?.get('retry-after')).toBe('7')
    }
    await ask('hello')
    expect(server.counts.byStatus).toEqual({ 429: 2, 200: 1 })
    expect(server.calls.map(({ status }) => status)).toEqual([429, 429, 200])
  })

  test('failures add up in order', async () => {
    server.fail({ status: 500 })
    server.fail({ status: 503, body: { error: { message: 'out to lunch' } } })
    await expect(ask('hello')).rejects.toThrow(InternalServerError)
    await expect(ask('hello')).rejects.toThrow('503 out to lunch')
    await expect(ask('hello')).resolves.toBeDefined()
    expect(() => server.fail({ status: 200 })).toThrow(RangeError)
  })

  test('the retries of the SDK get through', async () => {
    server.fail({ status: 429, times: 1, retryAfter: 0 })
    await ask('hello', { maxRetries: 1 })
    expect(server.counts).toMatchObject({ requests: 2, completions: 1 })
  })
})

describe('records', () => {
  test('what was asked, with which key, and what was answered', async () => {
    const before = Date.now()
    const { choices } = await ask('What do bees make?', { headers: { 'Idempotency-Key': 'run-1/step-2' } })
    await ask('And cats?')
    expect(server.calls).toEqual([
      {
        at: expect.any(Number),
        model: 'any',
        messages: [{ role: 'user', content: 'What do bees make?' }],
        idempotencyKey: 'run-1/step-2',
        status: 200,
        answer: choices[0]?.message.content,
      },
      expect.not.objectContaining({ idempotencyKey: expect.anything() }),
    ])
    expect(server.calls[0]?.at).toBeGreaterThanOrEqual(before)
  })

  test('the counts, to other processes too', async () => {
    server.fail({ status: 500 })
    await ask('hello').catch(() => undefined)
    await ask('hello')
    const counts = { requests: 2, completions: 1, byStatus: { 500: 1, 200: 1 } }
    const stats = await fetch(`${server.url}/stats`)
    expect(await stats.json()).toEqual(counts)
    expect(server.counts).toEqual(counts)
  })

  test('a client that went away before the answer', async () => {
    await using slow = await createModelServer({ latencyMs: 150 })
    const call = clientOf(slow).chat.completions.create(
      { model: 'any', messages: [{ role: 'user', content: 'hello' }] },
      { timeout: 30 },
    )
    await expect(call).rejects.toThrow()
    await expect.poll(() => slow.calls.map(({ status }) => status)).toEqual([499])
    expect(slow.counts).toEqual({ requests: 1, completions: 0, byStatus: { 499: 1 } })
  })
})

describe('scripts', () => {
  test('answer, refuse, or leave the call to the model', async () => {
    server.script(async (call) => {
      const said = call.messages.at(-1)?.content
      if (said === 'text') return 'as it stands'
      if (said === 'json') return { status: 'open', score: 3 }
      if (said === 'refuse') return { status: 429, retryAfter: 2 }
      if (said === 'throw') throw new Error('broken script')
      return undefined
    })
    const answers = []
    for (const said of ['text', 'json', 'honey']) answers.push((await ask(said)).choices[0]?.message.content)
    expect(answers).toEqual(['as it stands', '{"status":"open","score":3}', 'honey\n(offline model)'])
    await expect(ask('refuse')).rejects.toThrow(RateLimitError)
    await expect(ask('throw')).rejects.toThrow('broken script')
    server.script(() => 'replaced')
    expect((await ask('text')).choices[0]?.message.content).toBe('replaced')
  })

  test('can be given at the start', async () => {
    await using scripted = await createModelServer({ script: ({ model }) => `for ${model}` })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const { choices } = await clientOf(scripted).chat.completions.create({ model: 'any', messages })
    expect(choices[0]?.message.content).toBe('for any')
  })
})

describe('close', () => {
  test('cuts open connections at once, and twice is once', async () => {
    const slow = await createModelServer({ latencyMs: 60_000 })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const pending = clientOf(slow).chat.completions.create({ model: 'any', messages })
    const outcome = expect(pending).rejects.toThrow(APIConnectionError)
    await fetch(`${slow.url}/stats`)
    const started = performance.now()
    await Promise.all([slow.close(), slow.close()])
    await outcome
    expect(performance.now() - started).toBeLessThan(5_000)
    await expect(fetch(`${slow.url}/stats`)).rejects.toThrow()
  })

  test('a taken port is refused', async () => {
    await expect(createModelServer({ port: Number(new URL(server.url).port) })).rejects.toThrow('EADDRINUSE')
  })
})
