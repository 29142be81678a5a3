import fc from 'fast-check'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createModelServer } from '../../src/testing/model-server/model-server.ts'
import type { ModelServer } from '../../src/testing/model-server/model-server.ts'

const PAGE = `Stepwright is a workflow engine for TypeScript. Workflows are classes whose states are an enum.
Every run is stored as a snapshot, so a crash loses nothing. Retries and timers are built in.
It costs 49 dollars a month. Dr. Smith of Acme Inc. likes it. Questions go to sales@acme.example.`

let server: ModelServer
let openai: OpenAI

beforeAll(async () => {
  server = await createModelServer()
  openai = new OpenAI({ baseURL: server.url, apiKey: 'offline', maxRetries: 0 })
})

afterAll(() => server.close())

type Format = OpenAI.ChatCompletionCreateParams['response_format']

async function ask(content: string, system?: string, format?: Format): Promise<string> {
  const { choices } = await openai.chat.completions.create({
    model: 'any',
    messages: [...(system ? [{ role: 'system' as const, content: system }] : []), { role: 'user', content }],
    ...(format ? { response_format: format } : {}),
  })
  return choices[0]?.message.content ?? ''
}

async function tell(content: string, system?: string): Promise<string> {
  const answer = await ask(content, system)
  expect(answer).toMatch(/\n\(offline model\)$/)
  return answer.replace(/\n\(offline model\)$/, '')
}

async function fill(schema: object, content: string): Promise<unknown> {
  const json_schema = { name: 'answer', schema: schema as Record<string, unknown> }
  return JSON.parse(await ask(content, undefined, { type: 'json_schema', json_schema }))
}

describe('text', () => {
  test('comes from the document, by the words of the question, always the same', async () => {
    const crash = `What happens after a crash?\n"""${PAGE}"""`
    expect(await tell(crash)).toContain('a crash loses nothing.')
    expect(await tell(`What are workflows?\n"""${PAGE}"""`)).toContain('Workflows are classes')
    expect(await tell(crash)).toBe(await tell(crash))
    expect(await tell(crash.replace('loses nothing', 'costs an hour'))).toContain('a crash costs an hour.')
  })

  test.each([
    ['triple quotes', (doc: string) => `What do bees make?\n"""\n${doc}\n"""`],
    ['a fence', (doc: string) => `What do bees make?\n\`\`\`text\n${doc}\n\`\`\``],
    ['tags', (doc: string) => `<page lang="en">${doc}</page> What do bees make?`],
    ['a label', (doc: string) => `Document: ${doc}\nQuestion: what do bees make?`],
    ['a line with a colon', (doc: string) => `What do bees make? Read this:\n${doc}`],
    ['nothing', (doc: string) => `${doc} What do bees make?`],
  ])('finds a document marked by %s', async (_name, mark) => {
    expect(await tell(mark('Cats sleep all day. Bees make honey. Dogs bark.'))).toBe('Bees make honey.')
  })

  test('keeps to the size that was asked for', async () => {
    const text = `<page>${PAGE}</page>`
    const sentences = async (request: string): Promise<number> =>
      (await tell(`${request} ${text}`)).split(/(?<=[a-z]\.) (?=[A-Z])/).length
    expect(await sentences('Summarise in one sentence.')).toBe(1)
    expect(await sentences('Summarise in 2 sentences.')).toBe(2)
    expect((await tell(`Summarise in under 5 words. ${text}`)).split(' ')).toHaveLength(4)
    expect((await tell(`Be concise. ${text}`)).length).toBeLessThan((await tell(`Summarise. ${text}`)).length)
    expect(
      await tell('What do bees make?\n"""Bees live in hives. Bees make honey."""', 'One sentence.'),
    ).toBe('Bees make honey.')
  })

  test('answers with key words when there is nothing but a request', async () => {
    expect(await tell('Write a poem about rain')).toBe('write, poem, rain')
    expect(await tell('?!')).toBe('nothing to answer')
  })

  test('decides yes or no by the words of question and document', async () => {
    const judge = 'Is this tagline concise? Answer yes or no.'
    expect(await tell(`${judge}\n\nTagline: Steps that last.`)).toBe('yes')
    expect(await tell(`Steps that last.`, judge)).toBe('yes')
    expect(await tell(`${judge}\n"""${PAGE}"""`)).toBe('no')
    expect(await tell(`Answer yes or no: does a crash lose the snapshot?\n"""${PAGE}"""`)).toBe('yes')
    expect(await tell(`Does it translate French poetry (yes/no)?\n"""${PAGE}"""`)).toBe('no')
  })

  test('goes into json_object without a label', async () => {
    const answer = await ask('What do bees make?\n"""Bees make honey."""', undefined, { type: 'json_object' })
    expect(JSON.parse(answer)).toEqual({ answer: 'Bees make honey.' })
  })
})

describe('schemas', () => {
  const Node = z.object({
    title: z.string(),
    get children() {
      return z.array(Node)
    },
  })
  const Page = z.object({
    tagline: z.string().max(40),
    afterCrash: z.string().describe('what a crash loses'),
    keyPoints: z.array(z.string()).min(2).max(4),
    monthlyCost: z.number().describe('what it costs in dollars'),
    score: z.int().min(1).max(10),
    tone: z.enum(['formal', 'workflow', 'playful']),
    mentionsRetries: z.boolean(),
    mentionsPoetry: z.boolean(),
    contact: z.email(),
    link: z.url(),
    published: z.iso.datetime(),
    id: z.uuid(),
    code: z.string().regex(/^[A-Z]{2}-\d{4}$/),
    note: z.string().min(300).nullable(),
    shape: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('circle'), radius: z.number().positive() }),
      z.object({ kind: z.literal('square'), side: z.number() }),
    ]),
    tree: Node,
  })

  test('a zod schema is filled from the document', async () => {
    const content = `Describe the page.\n"""${PAGE}"""`
    const request = {
      model: 'any',
      messages: [{ role: 'user' as const, content }],
      response_format: zodResponseFormat(Page, 'page'),
    }
    const first = await openai.chat.completions.parse(request)
    const page = first.choices[0]?.message.parsed
    expect(page).toMatchObject({
      monthlyCost: 49,
      tone: 'workflow',
      mentionsRetries: true,
      mentionsPoetry: false,
      contact: 'sales@acme.example',
      afterCrash: 'Every run is stored as a snapshot, so a crash loses nothing.',
    })
    expect(new Set(page?.keyPoints).size).toBe(page?.keyPoints.length)
    expect(JSON.stringify(page)).not.toContain('offline model')
    expect(first.system_fingerprint).toBe('offline model')
    const second = await openai.chat.completions.parse(request)
    expect(second.choices[0]?.message.parsed).toEqual(page)
  })

  test('an enum takes the value the document speaks of', async () => {
    const schema = { enum: ['refund', 'delivery_time', 'praise'] }
    expect(await fill(schema, 'Classify the mail.\n"""I want a refund for this."""')).toBe('refund')
    expect(await fill(schema, 'Classify the mail.\n"""When is the time of delivery?"""')).toBe(
      'delivery_time',
    )
    const unrelated = await fill(schema, '"""Hello there."""')
    expect(schema.enum).toContain(unrelated)
    const verdict = {
      type: 'object',
      properties: { verdict: { enum: ['yes', 'no'] } },
      required: ['verdict'],
    }
    expect(await fill(verdict, 'Is this concise?\n"""Steps that last."""')).toEqual({ verdict: 'yes' })
    expect(await fill(verdict, `Is this concise?\n"""${PAGE}"""`)).toEqual({ verdict: 'no' })
  })

  test('keys that JavaScript gives a meaning are only keys', async () => {
    const names = ['__proto__', 'constructor', 'toString']
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'object', properties: {} }]))
    const schema = { type: 'object', properties, required: names, format: 'constructor' }
    const value = await fill(schema, 'Anything.')
    expect(Object.keys(value as object)).toEqual(names)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(await fill({ type: 'string', format: '__proto__' }, 'Any text is good.')).toBe('Any text is good.')
    await expect(fill({ $ref: '#/constructor/prototype' }, 'Anything.')).rejects.toThrow('found no value')
  })

  test('recursion ends in null, an empty list or nothing', async () => {
    const reference = { $ref: '#' }
    const maybe = { anyOf: [reference, { type: 'null' }] }
    const properties = {
      left: maybe,
      right: maybe,
      list: { type: 'array', items: reference },
      free: reference,
    }
    const value = await fill({ type: 'object', properties, required: ['left', 'right', 'list'] }, 'Anything.')
    expect(value).toMatchObject({ left: { left: null, right: null, list: [] }, right: { left: null } })
  })

  test.each([
    [{ type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }, 'at $.next'],
    [{ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }, 'at $'],
    [{ type: 'number', minimum: 2, maximum: 1 }, 'at $'],
    [{ allOf: [{ type: 'string' }, { type: 'number' }] }, 'at $'],
    [{ type: 'string', minLength: 1e9 }, 'at $'],
  ])('a schema that nothing fits is refused: %#', async (schema, message) => {
    await expect(fill(schema, 'Anything.')).rejects.toThrow(message)
  })
})

describe('any schema', () => {
  const text = fc.record({ least: fc.nat(30), more: fc.nat(60) })
  const bounds = fc.record({ low: fc.integer({ min: -1e3, max: 1e3 }), span: fc.nat(100) })
  const step = fc.constantFrom(0.1, 0.25, 1, 3)
  const leaf: fc.Arbitrary<z.ZodType> = fc.oneof(
    text.map(({ least, more }) =>
      z
        .string()
        .min(least)
        .max(least + more),
    ),
    fc
      .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 })
      .map((values) => z.enum(values)),
    bounds.map(({ low, span }) =>
      z
        .int()
        .min(low)
        .max(low + span),
    ),
    bounds.map(({ low, span }) =>
      z
        .number()
        .gt(low)
        .lt(low + span + 0.001),
    ),
    fc.tuple(bounds, step).map(([{ low }, by]) =>
      z
        .number()
        .min(low)
        .max(low + 10)
        .multipleOf(by),
    ),
    fc.constantFrom(
      ...[
        z.string(),
        z.boolean(),
        z.null(),
        z.number(),
        z.int().positive(),
        z.number().negative(),
        z.unknown(),
      ],
      ...[z.email(), z.url(), z.uuid(), z.uuidv7(), z.iso.date(), z.iso.datetime(), z.iso.time(), z.ipv4()],
      ...[
        z.literal(['a', 1]),
        z.string().startsWith('ab').endsWith('yz'),
        z.string().regex(/^(?:foo|bar)-\w{3,5}$/),
      ],
    ),
  )
  const key = fc.oneof(
    fc.constantFrom('title', 'keyPoints', 'score', 'constructor'),
    fc.string({ maxLength: 5 }),
  )
  const { schema } = fc.letrec<{ schema: z.ZodType }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc
        .dictionary(key, tie('schema'), { maxKeys: 4, noNullPrototype: true })
        .map((shape) => z.strictObject(shape)),
      fc.tuple(tie('schema'), fc.nat(3), fc.nat(3)).map(([entry, least, more]) =>
        z
          .array(entry)
          .min(least)
          .max(least + more),
      ),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((options) => z.union(options)),
      tie('schema').map((inner) => inner.optional()),
      tie('schema').map((inner) => inner.nullable()),
    ),
  }))
  const prompt = fc.oneof(fc.constant(PAGE), fc.lorem({ mode: 'sentences' }), fc.string({ unit: 'grapheme' }))

  test('is answered with a value that fits it', async () => {
    await fc.assert(
      fc.asyncProperty(schema, prompt, async (type, content) => {
        const value = await fill(z.toJSONSchema(type), content)
        expect(type.safeParse(value)).toMatchObject({ success: true })
      }),
      { numRuns: 300 },
    )
  })
})
