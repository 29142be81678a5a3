import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { judge } from '../../src/model/failure.ts'
import { offline } from '../support/offline-llm.ts'

enum Mood {
  Glad = 'glad',
  Sad = 'sad',
}
enum Size {
  Small,
  Large,
}
const long = Array.from({ length: 40 }, (_, i) => `Part ${i} is about the number ${i}.`).join('\n\n')

describe('verbs', () => {
  it('classify gives a member of the enum, whatever kind it is of', async () => {
    await using made = await offline({ script: () => ({ label: 'sad' }) })
    const mood: Mood = await made.llm.classify(Mood, 'What a pity', {
      meaning: { sad: 'somebody has lost something' },
    })
    expect(mood).toBe(Mood.Sad)
    expect(made.server.calls[0]?.messages[0]?.content).toContain('- sad: somebody has lost something')
    made.server.script(() => ({ label: 'Large' }))
    const size: Size = await made.llm.classify(Size, 'As big as a house')
    expect(size).toBe(Size.Large)
    const word: 'yes' | 'no' = await made.llm.classify(['yes', 'no'], 'Is it?').catch(() => 'no')
    expect(word).toBe('no')
  })

  it('classifyAll gives each label once', async () => {
    await using made = await offline({ script: () => ({ labels: ['sad', 'glad', 'sad'] }) })
    expect(await made.llm.classifyAll(Mood, 'Well')).toEqual([Mood.Sad, Mood.Glad])
  })

  it('extract and extractMany read a document that is longer than the window in pieces', async () => {
    await using made = await offline({ abilities: { window: 200 } })
    const heard: string[] = []
    made.server.script(({ messages, responseFormat }) => {
      const text = messages.at(-1)?.content ?? ''
      heard.push(...(text.match(/Part \d+/g) ?? []))
      if (text.startsWith('Take every item'))
        return { items: (text.match(/Part \d+/g) ?? []).map((name) => ({ name })) }
      return responseFormat ? { name: 'whole' } : 'a note'
    })
    const Item = z.object({ name: z.string() })
    const items = await made.llm.extractMany(Item, long)
    expect(items.map(({ name }) => name)).toEqual(Array.from({ length: 40 }, (_, i) => `Part ${i}`))
    expect(made.server.calls.length).toBeGreaterThan(2)
    expect(await made.llm.extract(Item, long)).toEqual({ name: 'whole' })
    expect(made.server.calls.at(-1)?.messages.at(-1)?.content).toContain('a note\n\na note')
    expect(new Set(heard.filter((part) => part.startsWith('Part'))).size).toBe(40)
  })

  it('summarize shortens its own summaries until they fit, and ends where the model does not shorten', async () => {
    await using made = await offline({ abilities: { window: 200 }, script: () => 'Numbers.' })
    expect(await made.llm.summarize(long, { words: 3 })).toBe('Numbers.')
    expect(made.server.calls.at(-1)?.messages[0]?.content).toMatch(/^Summarize this text in 3 words\./)
    made.server.script(({ messages }) => messages[0]?.content ?? '')
    await made.llm.summarize(long)
  })

  it('generate asks again for what is missing, without what there is', async () => {
    await using made = await offline()
    const answers = [{ items: ['a', 'a'] }, { items: ['b', 'a'] }, { items: ['c'] }]
    made.server.script(() => answers.shift())
    expect(await made.llm.generate(z.string(), 3, 'Letters')).toEqual(['a', 'b', 'c'])
    expect(made.server.calls[1]?.messages.at(-1)?.content).toContain('Not these: "a"')
    made.server.script(() => ({ items: ['a'] }))
    expect(await made.llm.generate(z.string(), 3, 'Letters')).toEqual(['a'])
  })

  it('cast and fn check what goes in and what comes out', async () => {
    await using made = await offline()
    const answers = [{ value: 2.5 }, { sum: 3 }]
    made.server.script(() => answers.shift())
    expect(await made.llm.cast(z.number(), 'two and a half')).toBe(2.5)
    const add = made.llm.fn({
      does: 'Adds two numbers.',
      input: z.object({ a: z.number(), b: z.number() }),
      output: z.object({ sum: z.number() }),
      examples: [{ input: { a: 1, b: 1 }, output: { sum: 2 } }],
    })
    expect(await add({ a: 1, b: 2 })).toEqual({ sum: 3 })
    const refused = await add({ a: 'one' } as never).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'invalid-data',
      message: expect.stringMatching(/^The input of fn does not fit.*expected number/),
    })
    expect(judge(refused, 0).retryable).toBe(false)
    expect(made.server.calls).toHaveLength(2)
  })
})
