import fc from 'fast-check'
import { z } from 'zod'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import { createLlm, fitted, prompt, type FilledPrompt, type Llm, type Message } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { echoModel } from './echo-model.ts'

const summary = prompt('summary', {
  variables: z.object({ document: z.string(), words: z.number().default(100) }),
  system: 'You are brief.',
  user: 'Summarize in {{words}} words.\n"""\n{{ document }}\n"""',
})

describe('a prompt', () => {
  it('is filled in with what its schema reads, and says what it is', () => {
    expect(summary({ document: 'Rain.' })).toEqual({
      messages: [
        { role: 'system', text: 'You are brief.' },
        { role: 'user', text: 'Summarize in 100 words.\n"""\nRain.\n"""' },
      ],
      prompt: {
        name: 'summary',
        version: summary.version,
        hash: summary.hash,
        variables: { document: 'Rain.', words: 100 },
      },
    } satisfies FilledPrompt)
    expect(summary.name).toBe('summary')
    expectTypeOf(summary).parameter(0).toHaveProperty('words')
  })

  it('takes values as they are: braces in them mean nothing', () => {
    const text = (document: string) => summary({ document, words: 1 }).messages[1]?.text
    expect(text('{{words}} {{document}} $& $1')).toBe(
      'Summarize in 1 words.\n"""\n{{words}} {{document}} $& $1\n"""',
    )
    fc.assert(
      fc.property(fc.string(), (document) => {
        expect(text(document)).toBe(`Summarize in 1 words.\n"""\n${document}\n"""`)
      }),
    )
  })

  it('may stand between braces of its text', () => {
    const json = prompt('json', {
      variables: z.object({ a: z.number(), b: z.string() }),
      user: '{"a":{"x":{{a}}}} {{{b}}} {} { {',
    })
    expect(json({ a: 1, b: 'two' }).messages[0]?.text).toBe('{"a":{"x":1}} {two} {} { {')
  })

  it('puts in lists and objects as JSON, or as it was told', () => {
    const shop = prompt('shop', {
      variables: z.object({
        items: z.array(z.string()),
        who: z.object({ name: z.string() }),
        day: z.date(),
        count: z.bigint(),
        tags: z.set(z.string()),
        note: z.string().optional(),
        open: z.boolean(),
      }),
      user: '{{items}} for {{who}} on {{day}}: {{count}} {{tags}} {{open}}{{note}}',
      render: { items: (items) => items.map((item) => `- ${item}`).join('\n') },
    })
    const given = {
      items: ['tea', 'bread'],
      who: { name: 'Ada' },
      day: new Date('2027-01-01'),
      count: 3n,
      tags: new Set(['a']),
      open: true,
    }
    expect(shop(given).messages).toEqual([
      { role: 'user', text: '- tea\n- bread for {"name":"Ada"} on 2027-01-01T00:00:00.000Z: 3 ["a"] true' },
    ])
  })

  it('says examples and turns in their order, and a conversation before what is asked last', () => {
    const answer = prompt('answer', {
      variables: z.object({ name: z.string(), question: z.string() }),
      system: 'You help {{name}}.',
      examples: [{ user: 'What is {{a}}?', assistant: 'A placeholder.' }],
      messages: [{ role: 'assistant', text: 'Hello, {{name}}!' }],
      user: '{{question}}',
    })
    const before: readonly Message[] = [{ role: 'user', text: 'My name is {{name}}.' }]
    expect(answer({ name: 'Ada', question: 'Why?' }, before).messages).toEqual([
      { role: 'system', text: 'You help Ada.' },
      { role: 'user', text: 'What is {{a}}?' },
      { role: 'assistant', text: 'A placeholder.' },
      { role: 'assistant', text: 'Hello, Ada!' },
      ...before,
      { role: 'user', text: 'Why?' },
    ])
  })

  it('shows images with what the user says last', () => {
    const describePhoto = prompt('photo', {
      variables: z.object({ photo: z.string(), more: z.array(z.string()).default([]) }),
      user: 'What is this?',
      images: ['photo', 'more'],
    })
    expect(describePhoto({ photo: 'data:a', more: ['data:b'] }).messages).toEqual([
      { role: 'user', text: 'What is this?', images: ['data:a', 'data:b'] },
    ])
  })

  it('has a version of its own for each text and each schema, unless it is given one', () => {
    const made = (user: 'a {{x}}' | 'b {{x}}', x: z.ZodType) =>
      prompt('p', { variables: z.object({ x }), user })
    expect(made('a {{x}}', z.string()).version).toBe(made('a {{x}}', z.string()).version)
    const others = [made('a {{x}}', z.string()), made('b {{x}}', z.string()), made('a {{x}}', z.number())]
    expect(new Set(others.map(({ hash }) => hash)).size).toBe(3)
    expect(new Set(others.map(({ version }) => version)).size).toBe(3)
    expect(summary.hash.startsWith(summary.version)).toBe(true)
    expect(prompt('p', { version: '2', variables: z.object({}), user: 'x' }).version).toBe('2')
  })
})

describe('what is refused', () => {
  // what the compiler refuses is refused at load too
  const loose = prompt as (name: string, options: object) => unknown
  const variables = z.object({ x: z.string() })
  it.each([
    ['{{y}} is not among its variables.', { variables, user: '{{x}} {{y}} {{x}}' }],
    ['the variable "x" is used nowhere.', { variables, user: 'x' }],
    ['{{x.y}} is not the name of a variable.', { variables, user: '{{x.y}} {{x}}' }],
    ['{{__proto__}} is not among its variables.', { variables, user: '{{x}} {{__proto__}}' }],
    [
      '{{z}} is not among its variables.',
      { variables, system: '{{x}}', messages: [{ role: 'user', text: '{{z}}' }] },
    ],
    [
      '{{x}} is an image, which goes with the text and not into it.',
      { variables, user: '{{x}}', images: ['x'] },
    ],
    ['the image "y" is not among its variables.', { variables, user: '{{x}}', images: ['y'] }],
    ['the user says nothing.', { variables, system: 'x', images: ['x'] }],
    ['it says nothing.', { variables: z.object({}) }],
    ['{{y}} is not among its variables; the variable "x" is used nowhere.', { variables, user: '{{y}}' }],
  ])('%s', (sentence, options) => {
    expect(() => loose('p', options)).toThrow(
      expect.objectContaining({
        code: 'invalid-prompt',
        message: expect.stringContaining(sentence) as string,
      }),
    )
  })

  it.each([
    ['document: Invalid input: expected string, received number', { document: 1 }],
    ['document: Invalid input: expected string, received undefined', {}],
    ['it has no variable "word"', { document: '', word: 1 }],
    ['it has no variable "__proto__"', JSON.parse('{"document":"","__proto__":1}') as object],
  ])('to be filled in: %s', (sentence, values) => {
    expect(() => summary(values as never)).toThrow(
      expect.objectContaining({
        code: 'invalid-prompt',
        message: expect.stringContaining(sentence) as string,
      }),
    )
  })
})

enum State {
  Read = 'read',
  End = 'end',
}
const Reading = states(
  State,
  { [State.Read]: z.object({ text: z.string() }), [State.End]: z.object({ text: z.string() }) },
  { initial: State.Read, final: State.End, resources: resources<{ llm: Llm }>() },
)
type D = ShapeOf<typeof Reading>

@Reading.workflow({ name: 'reading' })
class ReadingWorkflow {
  @Reading.step(State.Read, { to: State.End })
  async read({ text }: Input<D, State.Read>, { llm }: Context<D>) {
    const document = fitted(
      llm.model,
      [
        { name: 'text', text, priority: 2 },
        { name: 'aside', text: 'x'.repeat(4_000), priority: 1 },
      ],
      { answerTokens: 50 },
    )
    return Reading.go(State.End, { text: await llm.text(summary({ document })) })
  }
}

it('the history tells which prompt was used, with what, and what was cut from it', async () => {
  const llm = createLlm(echoModel({ window: 500 }))
  const test = createTestEngine({ workflows: [ReadingWorkflow], resources: { llm } })
  const run = await test.engine.start(ReadingWorkflow, { text: 'Rain.' })
  await test.finish(run)
  const calls = []
  for await (const event of run.events()) if (event.type === 'model-called') calls.push(event)
  expect(calls).toMatchObject([
    {
      prompt: {
        name: 'summary',
        version: summary.version,
        hash: summary.hash,
        variables: { document: 'Rain.', words: 100 },
        cut: [{ name: 'aside', tokens: 1_000 }],
      },
    },
  ])
  await test.close()
})
