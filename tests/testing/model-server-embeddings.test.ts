import OpenAI, { APIConnectionError } from 'openai'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createModelServer } from '../../src/testing/model-server/model-server.ts'
import type { ModelServer } from '../../src/testing/model-server/model-server.ts'

let server: ModelServer
let openai: OpenAI

beforeEach(async () => {
  server = await createModelServer()
  openai = new OpenAI({ baseURL: server.url, apiKey: 'offline', maxRetries: 0 })
})

afterEach(() => server.close())

type Vector = readonly number[]
type Params = Partial<OpenAI.EmbeddingCreateParams>

async function embed(input: string | string[], params: Params = {}): Promise<readonly Vector[]> {
  const { data } = await openai.embeddings.create({ model: 'any', input, ...params })
  expect(data.map(({ index }) => index)).toEqual(data.map((_, at) => at))
  return data.map(({ embedding }) => embedding)
}

function dot(a: Vector = [], b: Vector = []): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? NaN), 0)
}

test('texts that share words are near each other', async () => {
  const [bees, hives, chart] = await embed([
    'Bees make honey in their hives.',
    'Honey is made by a bee in a hive',
    'A state machine is in one state at a time.',
  ])
  expect(bees).toHaveLength(256)
  expect(dot(bees, bees)).toBeCloseTo(1, 5)
  expect(dot(bees, hives)).toBeGreaterThan(0.5)
  expect(Math.abs(dot(bees, chart))).toBeLessThan(0.2)
})

test('the same text is always at the same place, in a batch or alone, in either encoding', async () => {
  const texts = ['honey', 'a state', 'the of', '?!']
  const batch = await embed(texts)
  for (const [at, text] of texts.entries()) {
    const [alone] = await embed(text, { encoding_format: 'float' })
    expect(alone).toEqual(batch[at])
    expect(dot(alone, alone)).toBeCloseTo(1, 5)
  }
})

test('goes over the wire as base64 where the SDK asks for it, and as numbers where not', async () => {
  const post = async (body: object) => {
    const response = await fetch(`${server.url}/embeddings`, { method: 'POST', body: JSON.stringify(body) })
    const { data } = (await response.json()) as { data: readonly { embedding: unknown }[] }
    return data[0]?.embedding
  }
  const text = await post({ model: 'any', input: 'honey', encoding_format: 'base64', dimensions: 3 })
  expect(text).toMatch(/^[\w+/]{16}$/)
  expect(await post({ model: 'any', input: 'honey', dimensions: 3 })).toHaveLength(3)
})

test('keeps to the dimensions, counts tokens, and is on record', async () => {
  const { data, usage } = await openai.embeddings.create({
    model: 'small',
    input: ['12345', '1'],
    dimensions: 8,
  })
  expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8])
  expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
  expect(server.embeddings).toEqual([
    { at: expect.any(Number), model: 'small', inputs: ['12345', '1'], dimensions: 8, status: 200 },
  ])
  expect(server.calls).toEqual([])
})

test('what cannot be embedded is refused', async () => {
  for (const [input, params, param] of [
    ['', {}, 'input'],
    [[], {}, 'input'],
    [Array.from({ length: 2_049 }, () => 'a'), {}, 'input'],
    ['a', { dimensions: 0 }, 'dimensions'],
  ] as const)
    await expect(embed(input as never, params)).rejects.toMatchObject({ status: 400, param })
})

test('faults of connections and refusals concern embeddings too, others wait for a completion', async () => {
  server.fail({ status: 429, retryAfter: 1 })
  server.fail({ cut: 'midway' })
  server.fail({ finish: 'length' })
  await expect(embed('a')).rejects.toMatchObject({ status: 429 })
  await expect(embed('a')).rejects.toThrow(/terminated|Connection/)
  expect(await embed('a')).toHaveLength(1)
  const { choices } = await openai.chat.completions.create({
    model: 'any',
    messages: [{ role: 'user', content: 'hello' }],
  })
  expect(choices[0]?.finish_reason).toBe('length')
  server.fail({ cut: 'start' })
  await expect(embed('a')).rejects.toThrow(APIConnectionError)
  expect(server.embeddings.map(({ status }) => status)).toEqual([429, 200, 200, 0])
})
