import { describe, expect, it, vi } from 'vitest'
import { AzureOpenAI } from 'openai'
import { createLlm, openAiModel } from 'stepwright/llm'
import { offline } from '../support/offline-llm.ts'

describe('openAiModel', () => {
  it('streams: the pieces are the text, and the first of them is timed', async () => {
    await using made = await offline()
    const pieces: string[] = []
    const answer = await made.model.complete(
      { messages: [{ role: 'user', text: 'What is a state machine? It is a machine with states.' }] },
      { onText: (piece) => pieces.push(piece) },
    )
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe(answer.text)
    expect(answer).toMatchObject({ finish: 'stop', usage: { output: expect.any(Number) as number } })
    expect(answer.firstTokenMs).toBeGreaterThanOrEqual(0)
  })

  it.each([
    [{ cut: 'midway' }, /cut off/],
    [{ finish: null }, /without a finish_reason/],
    [{ stall: 'midway' }, /silent for 60 ms/],
    [{ errorEvent: 'The engine is overloaded.' }, /was broken off by the server: The engine is overloaded\./],
  ] as const)('a stream that fails is an error, not a short answer: %o', async (fault, message) => {
    await using made = await offline({ idleMs: 60 })
    made.server.fail(fault)
    const pieces: string[] = []
    const call = made.llm.text('What is it? A machine with many states and moves between them.', {
      onText: (piece) => pieces.push(piece),
    })
    await expect(call).rejects.toThrow(message)
    await expect(call).rejects.toMatchObject({ fault: 'not-whole', raw: pieces.join('') })
  })

  it('ends a call that is aborted, streamed or not', async () => {
    for (const onText of [undefined, () => undefined]) {
      await using made = await offline()
      made.server.fail({ stall: 'midway' })
      const end = new AbortController()
      const call = made.llm.text('On and on and on it goes.', {
        signal: end.signal,
        ...(onText ? { onText } : {}),
      })
      setTimeout(() => end.abort(), 30)
      await expect(call).rejects.toThrow(/abort/i)
    }
  })

  it('reaches Azure by its own client: a deployment by its name, and its own header for the key', async () => {
    await using made = await offline()
    const seen: string[] = []
    const client = new AzureOpenAI({
      apiKey: 'azure-key',
      apiVersion: '2025-04-01-preview',
      endpoint: 'https://mine.openai.azure.com',
      // the address of the cloud, answered by the server on this machine
      fetch: (input, init) => {
        const { pathname, search } = new URL(input as string)
        seen.push(`${pathname}${search} ${new Headers(init?.headers).get('api-key')}`)
        return fetch(`${made.server.url}/chat/completions`, init)
      },
    })
    const model = openAiModel({ model: 'my-deployment', client })
    expect(await createLlm(model).text('A machine has states.')).toContain('states')
    expect(seen).toEqual([
      '/openai/deployments/my-deployment/chat/completions?api-version=2025-04-01-preview azure-key',
    ])
  })

  it('says what is missing: a key before anything is sent, a model that the server does not have', async () => {
    vi.stubEnv('OPENAI_API_KEY', '')
    expect(() => openAiModel({ model: 'gpt-5-mini' })).toThrow(
      expect.objectContaining({ code: 'model-key-missing' }),
    )
    vi.unstubAllEnvs()
    await using made = await offline({ models: ['other'] })
    await expect(made.llm.text('Hello')).rejects.toMatchObject({ code: 'unknown-model', status: 404 })
  })

  it('does not try again by itself', async () => {
    await using made = await offline()
    made.server.fail({ status: 503, times: 2 })
    await expect(made.llm.text('Hello')).rejects.toMatchObject({ status: 503 })
    expect(made.server.counts.requests).toBe(1)
  })

  it('shows images, and gives vectors and what stands between', async () => {
    await using made = await offline()
    await made.llm.text('What is this?', { images: ['data:image/png;base64,AAAA'] })
    expect(made.server.calls[0]?.messages[0]?.content).toContain('[image: ')
    const [cat, kitten, tax] = await made.llm.embed([
      'the cats sleep',
      'a cat sleeps',
      'pay your taxes today',
    ])
    const near = (a: readonly number[] = [], b: readonly number[] = []): number =>
      a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
    expect(near(cat, kitten)).toBeGreaterThan(near(cat, tax))
    expect(await made.llm.fill({ prefix: 'A machine has', suffix: 'and moves.' })).not.toBe('')
  })

  it('gives ids of its own where a server gives one twice', async () => {
    await using made = await offline()
    made.server.script(() => ({
      toolCalls: [
        { name: 'a', arguments: {} },
        { name: 'b', arguments: {} },
      ],
      toolIds: 'same',
    }))
    const tool = (name: string) => ({ name, description: name, input: { type: 'object', properties: {} } })
    const { toolCalls } = await made.model.complete({
      messages: [{ role: 'user', text: 'Go' }],
      tools: [tool('a'), tool('b')],
    })
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(2)
  })
})
