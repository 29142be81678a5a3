import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { AnswerError, RefusalError } from 'stepwright/llm'
import { offline } from '../support/offline-llm.ts'

const Post = z.object({ title: z.string(), salary: z.number().nullable(), tags: z.array(z.string()) })
const good = { title: 'Baker', salary: 2_000, tags: ['bread'] }

describe('an answer with a form', () => {
  it.each([
    ['schema', {}, 'json_schema', 0],
    ['tool', { schema: false }, undefined, 1],
    ['json', { schema: false, tools: false }, 'json_object', 0],
  ] as const)('is asked for by %s, as the model can', async (_way, abilities, format, tools) => {
    await using made = await offline({ abilities })
    made.server.script(({ tools }) => (tools ? { toolCalls: [{ name: 'answer', arguments: good }] } : good))
    expect(await made.llm.object(Post, 'Who is wanted?')).toEqual(good)
    const [call] = made.server.calls
    expect(call?.responseFormat?.type).toBe(format)
    expect(call?.tools ?? []).toHaveLength(tools)
    if (format === 'json_object') expect(call?.messages[0]?.content).toContain('"salary"')
  })

  it('comes from the offline model in every way', async () => {
    for (const abilities of [{}, { schema: false }, { schema: false, tools: false }]) {
      await using made = await offline({
        abilities,
        ...(abilities.tools === false ? { script: () => good } : {}),
      })
      const { title } = await made.llm.object(Post, 'Who is wanted?\n"""\nWe look for a baker.\n"""')
      expect(title).not.toBe('')
    }
  })

  it('is repaired: the model is shown what is wrong, and not more often than allowed', async () => {
    await using made = await offline()
    const answers = ['{"title": 3', { title: 'Baker', salary: 'much', tags: [] }, good]
    made.server.script(() => answers.shift())
    expect(await made.llm.object(Post, 'Who is wanted?')).toEqual(good)
    const said = made.server.calls.map(({ messages }) => messages.at(-1)?.content)
    expect(said[1]).toMatch(/not JSON/)
    expect(said[2]).toMatch(/salary: Invalid input: expected number/)
    expect(made.server.calls[2]?.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ])

    made.server.script(() => ({ title: 'Baker' }))
    const failed = made.llm.object(Post, 'Who is wanted?', { repairs: 1 })
    await expect(failed).rejects.toThrow(AnswerError)
    await expect(failed).rejects.toMatchObject({ fault: 'wrong-form', raw: '{"title":"Baker"}' })
    expect(made.server.calls).toHaveLength(5)
  })

  it('can be refused by the refinements of its schema', async () => {
    await using made = await offline()
    const found = z.object({
      name: z.string().refine((name) => !/could not find/i.test(name), 'it is in the text'),
    })
    const answers = [{ name: 'I could not find it' }, { name: 'Ada' }]
    made.server.script(() => answers.shift())
    expect(await made.llm.object(found, 'What is her name?')).toEqual({ name: 'Ada' })
    expect(made.server.calls[1]?.messages.at(-1)?.content).toContain('name: it is in the text')
  })

  it('is read out of fences and words, and what is no object is wrapped', async () => {
    await using made = await offline()
    const answers = ['```json\n{"value": [1, 2]}\n```', 'Here you are: {"value": [3]} Bye.']
    made.server.script(() => answers.shift())
    expect(await made.llm.object(z.array(z.number()), 'Count.')).toEqual([1, 2])
    expect(await made.llm.object(z.array(z.number()), 'Go on.')).toEqual([3])
  })

  it('a refusal, a filter and an answer that is cut off are errors', async () => {
    await using made = await offline()
    made.server.fail({ refusal: 'I would rather not' })
    await expect(made.llm.object(Post, 'Who?')).rejects.toThrow(RefusalError)
    made.server.fail({ finish: 'content_filter' })
    await expect(made.llm.text('Who?')).rejects.toThrow(RefusalError)
    made.server.fail({ finish: 'length' })
    await expect(made.llm.text('Who?')).rejects.toMatchObject({ name: 'AnswerError', fault: 'not-whole' })
    made.server.fail({ choices: [] })
    await expect(made.llm.text('Who?')).rejects.toMatchObject({ name: 'AnswerError', fault: 'not-whole' })
  })

  it('a schema that no model can be told is refused before anything is sent', async () => {
    await using made = await offline()
    const wrong = z.object({
      due: z.date(),
      notes: z.string().optional(),
      prices: z.record(z.string(), z.number()),
      deep: z.array(z.object({ n: z.bigint() })),
    })
    const error = await made.llm.object(wrong, 'When?').then(String, (thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'unsupported-schema' })
    expect((error as unknown as { readonly details: unknown }).details).toEqual({
      problems: [
        '"deep.*.n" is a bigint: use z.number() or z.string()',
        '"due" is a date: use z.iso.date() or z.iso.datetime()',
        '"notes" is optional: make it nullable',
        '"prices" is a record: use an array of { key, value }',
      ],
    })
    expect(made.server.calls).toEqual([])
  })

  it('defaults are asked for, and transforms read what the model says', async () => {
    await using made = await offline()
    const schema = z.object({
      size: z.string().default('m'),
      when: z.iso.date().transform((text) => new Date(text)),
    })
    made.server.script(() => ({ size: 'l', when: '2026-01-02' }))
    expect(await made.llm.object(schema, 'Which?')).toEqual({ size: 'l', when: new Date('2026-01-02') })
  })
})
