import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  compare,
  compareResults,
  contains,
  evaluate,
  evaluation,
  exact,
  judge,
  tools,
  type FunctionEvaluation,
  type Item,
  type Scorer,
} from 'stepwright/eval'
import { createLlm, openAiModel, tool } from 'stepwright/llm'
import { offline } from '../support/offline-llm.ts'

const upper = (over: Partial<FunctionEvaluation<string, string, string, object>> = {}) =>
  evaluation<string, string, string>({
    name: 'upper',
    data: [
      { input: 'a', expected: 'A' },
      { input: 'b', expected: 'B' },
      { input: 'c', expected: 'x', name: 'wrong' },
      { input: 'd', expected: 'D' },
    ],
    run: (text) => text.toUpperCase(),
    scorers: [exact()],
    ...over,
  })

describe('an evaluation of a function', () => {
  it('scores each item, in the order of the data whatever ends first', async () => {
    const gates = new Map<string, () => void>()
    const run = (text: string): Promise<string> =>
      new Promise((resolve) => {
        gates.set(text, () => resolve(text.toUpperCase()))
        if (gates.size === 4) setImmediate(() => [...gates.values()].reverse().forEach((open) => open()))
      })
    const ended: number[] = []
    const result = await evaluate(upper({ run, threshold: 0.8 }), {
      onItem: ({ number }) => ended.push(number),
    })
    expect(ended).toEqual([4, 3, 2, 1])
    expect(result.items.map(({ title, mean }) => [title, mean])).toEqual([
      ['#1', 1],
      ['#2', 1],
      ['wrong', 0],
      ['#4', 1],
    ])
    expect(result).toMatchObject({ mean: 0.75, scores: { exact: 0.75 }, failed: 0, passed: false })
    expect(result.items[2]?.scores['exact']).toEqual({ score: 0, reason: 'it is "C"' })
    expect((await evaluate(upper(), { threshold: 0.75 })).passed).toBe(true)
  })

  it('has a failed item where the function or a scorer throws, and goes on', async () => {
    const odd: Scorer<string, string> = ({ input }) => (input === 'b' ? 2 : 1)
    const run = (text: string): string => {
      if (text === 'a') throw new TypeError('not that one')
      return text.toUpperCase()
    }
    const result = await evaluate(upper({ run, scorers: [exact(), odd] }))
    expect(result.items.map(({ error }) => error)).toMatchObject([
      { in: 'run', name: 'TypeError', message: 'not that one' },
      { in: 'odd', code: 'invalid-data' },
      undefined,
      undefined,
    ])
    expect(result).toMatchObject({ failed: 2, passed: false, mean: 0.375 })
    expect(result.items[1]?.mean).toBe(0)
  })

  it('gives up an item that does not end, and aborts what it does', async () => {
    const aborted: string[] = []
    const run = (text: string, { signal }: { signal: AbortSignal }): Promise<string> | string =>
      text === 'a'
        ? new Promise(() => signal.addEventListener('abort', () => aborted.push(text)))
        : text.toUpperCase()
    const { items } = await evaluate(upper({ run, timeout: 20 }))
    expect(items.map(({ error }) => error?.name)).toEqual(['TimeoutError', undefined, undefined, undefined])
    expect(aborted).toEqual(['a'])
  })

  it('ends after the items at work when it is told to, and keeps those', async () => {
    const stop = new AbortController()
    const result = await evaluate(upper(), {
      concurrency: 2,
      signal: stop.signal,
      onItem: () => stop.abort(),
    })
    expect(result).toMatchObject({ stopped: true, total: 4 })
    expect(result.items.map(({ number }) => number)).toEqual([1, 2])
  })

  it.each([
    [{ concurrency: 0 }, 'concurrency is 0'],
    [{ limit: 1.5 }, 'limit is 1.5'],
    [{ variant: { model: 'x' } }, 'its resources are the same for all'],
    [{ items: [] }, 'no items'],
    [{ items: [{ output: 1 } as unknown as Item] }, 'Item 1 of the data is no item: input: it is missing'],
  ])('refuses %j', async (options, says) => {
    await expect(evaluate(upper(), options)).rejects.toThrow(says)
  })

  it.each([
    [{ name: 'a/b' }, 'has no name that a folder could have'],
    [{ scorers: [] }, 'has no scorers'],
    [{ threshold: 80 }, 'has the threshold 80'],
    [{ workflow: class {} }, 'has both run and workflow'],
  ])('cannot be declared with %j', (over, says) => {
    expect(() => upper(over as never)).toThrow(says)
  })
})

describe('data', () => {
  async function inFile<T>(text: string, work: (folder: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'stepwright-eval-'))
    try {
      await writeFile(join(folder, 'cases.jsonl'), text)
      return await work(folder)
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  const ofFile = upper({ data: 'cases.jsonl' })

  it('comes from a file of JSON lines beside the evaluation, or from an iterable', async () => {
    const text = '\u{feff}{"input":"a","expected":"A"}\r\n\n{"input":"b","expected":"B","name":"bee"}\n'
    const { items } = await inFile(text, (folder) => evaluate(ofFile, { folder }))
    expect(items.map(({ title, mean }) => [title, mean])).toEqual([
      ['#1', 1],
      ['bee', 1],
    ])
    let made = 0
    async function* endless() {
      for (;;) yield { input: `n${++made}`, expected: 'N1' }
    }
    const limited = await evaluate(upper({ data: endless }), { limit: 3 })
    expect(limited.mean).toBeCloseTo(1 / 3, 5)
    expect(made).toBeLessThanOrEqual(4)
  })

  it.each([
    ['{"input":"a"}\n{"input":', 'invalid-json', 'Line 2 of'],
    ['{"input":"a","expect":"A"}', 'invalid-options', 'Line 1 of'],
    ['\n', 'invalid-options', 'There are no items in'],
  ])('of %j is refused', async (text, code, says) => {
    const refused = inFile(text, (folder) => evaluate(ofFile, { folder }))
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(says) as string })
  })

  it('that is not there is said to be', async () => {
    await expect(evaluate(upper({ data: 'none.jsonl' }))).rejects.toThrow('cannot be read: ENOENT')
  })
})

describe('models in an evaluation', () => {
  const prices = { 'offline-model': { input: 1, output: 2 } }

  it('are counted with what they cost, those of scorers apart, and their tools told in order', async () => {
    await using made = await offline({
      llm: { prices },
      script: ({ tools: offered, messages }) => {
        if (messages.some(({ content }) => content.includes('The rubric:')))
          return { reason: 'It is polite.', mark: 7 }
        if (!offered || messages.at(-1)?.role === 'tool') return 'It rains.'
        return { toolCalls: [{ name: 'weather', arguments: { city: 'Lyon' } }] }
      },
    })
    const weather = tool({
      name: 'weather',
      description: 'The weather of a city.',
      input: z.object({ city: z.string() }),
      run: () => 'rain',
    })
    const result = await evaluate(
      evaluation({
        name: 'weather',
        data: [{ input: 'How is it in Lyon?', tools: ['weather'] }],
        resources: { llm: made.llm },
        run: async (ask: string, { llm }) => {
          const { output } = (await llm.agent({ ask, tools: [weather] })) as { output: string }
          return output
        },
        scorers: [tools(), contains('rain'), judge(made.llm, 'It should be polite.')],
      }),
    )
    const [item] = result.items
    expect(item?.error).toBeUndefined()
    expect(item).toMatchObject({ tools: ['weather'], output: 'It rains.', spent: { calls: 2 } })
    expect(item?.scores).toMatchObject({
      tools: { score: 1 },
      contains: { score: 1 },
      judge: { score: 0.7, reason: 'It is polite.' },
    })
    expect(item?.scoring.calls).toBe(1)
    expect(result.spent.cost).toBeGreaterThan(0)
    expect(result.scoring.cost).toBeGreaterThan(0)
    const keys = made.server.calls.map(({ idempotencyKey }) => idempotencyKey)
    expect(new Set(keys).size).toBe(3)
    expect(made.server.calls.at(-1)?.messages.at(-1)?.content).toContain('"""\nIt rains.\n"""')
  })

  it('are compared by variants of prompt and model', async () => {
    await using made = await offline({
      script: ({ messages }) => (messages[0]?.content === 'Answer in one word.' ? 'paris' : 'I think so.'),
    })
    const capital = evaluation({
      name: 'capital',
      data: [{ input: 'The capital of France?', expected: 'Paris', name: 'france' }],
      resources: ({ model = 'offline-model', prompt = 'Answer.' }) => ({
        llm: createLlm(openAiModel({ model, apiKey: 'offline', baseUrl: made.server.url })),
        role: prompt,
      }),
      run: (ask: string, { llm, role }) => llm.text(ask, { role }),
      scorers: [contains()],
    })
    const [plain, brief] = await compare(capital, [{}, { prompt: 'Answer in one word.' }])
    expect([plain?.result.mean, brief?.result.mean]).toEqual([0, 1])
    expect(plain?.comparison).toMatchObject({ better: [], worse: [], same: 1 })
    expect(brief?.comparison).toMatchObject({
      mean: { before: 0, after: 1 },
      scores: { contains: { before: 0, after: 1 } },
      better: [{ title: 'france', before: 0, after: 1 }],
      worse: [],
    })
    const unknown = await evaluate(capital, { variant: { model: 'nobody' } })
    expect(unknown).toMatchObject({ mean: 0, variant: { model: 'nobody' } })
    expect(made.server.calls.at(-1)?.model).toBe('nobody')
    await expect(compare(capital, [])).rejects.toThrow('no variants')
  })
})

describe('two results', () => {
  it('are compared by the items that both have, wherever these stand', async () => {
    const before = await evaluate(upper())
    const items = [
      { input: 'c', expected: 'C', name: 'wrong' },
      { input: 'b', expected: 'x' },
      { input: 'a', expected: 'A' },
      { input: 'new', expected: 'NEW', name: 'fresh' },
    ]
    const found = compareResults(before, await evaluate(upper(), { items }))
    expect(found).toMatchObject({
      mean: { before: 0.666667, after: 0.666667 },
      better: [{ title: 'wrong', before: 0, after: 1 }],
      worse: [{ title: '#2', before: 1, after: 0 }],
      same: 1,
      added: ['fresh'],
      gone: ['#4'],
    })
  })

  it('tell two items with one input apart', async () => {
    const items = [
      { input: 'a', expected: 'A' },
      { input: 'a', expected: 'B' },
    ]
    const result = await evaluate(upper(), { items })
    expect(new Set(result.items.map(({ key }) => key)).size).toBe(2)
    expect(compareResults(result, result).same).toBe(2)
  })
})
