import fc from 'fast-check'
import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { cached } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { questionKey } from '../../src/llm/wrappers/answer-cache.ts'
import type { CalledFor, ModelRequest } from '../../src/llm/model.ts'
import { ask, httpError, scripted, type Reply } from './scripted.ts'

const counting = (reply: (i: number) => Reply = String) => scripted('m', (_, i) => reply(i))
const stores = [
  ['in this process', () => ({})],
  ['in a Keyv', () => ({ store: new Keyv() })],
] as const

describe.each(stores)('a cache %s', (_name, where) => {
  it('asks the same once, until its time is over', async () => {
    const clock = new TestClock()
    const bare = counting()
    const model = cached(bare, { ttl: '10s', clock, ...where() })
    const first = await model.complete(ask('x'))
    expect([first.text, first.cache]).toEqual(['1', undefined])
    expect(await model.complete(ask('x'))).toEqual({ ...first, cache: 'hit' })
    expect((await model.complete(ask('y'))).text).toBe('2')
    expect((await model.complete({ ...ask('x'), temperature: 0.7 })).text).toBe('3')
    expect((await model.complete({ ...ask('x'), temperature: 0.7 })).cache).toBe('hit')
    await clock.advance('11s')
    expect((await model.complete(ask('x'))).text).toBe('4')
  })

  it('keeps no error, and nothing that is not whole', async () => {
    const replies: Reply[] = [
      ...[httpError(500), { finish: 'length' as const }, { finish: 'filter' as const }],
      ...[{ refusal: 'no' }, { finish: 'tools' as const, text: 'whole' }],
    ]
    const bare = counting((i) => replies[i - 1] ?? 'too many')
    const model = cached(bare, { ttl: '1h', ...where() })
    await expect(model.complete(ask('x'))).rejects.toThrow('500')
    for (let i = 0; i < 5; i++) await model.complete(ask('x'))
    expect((await model.complete(ask('x'))).text).toBe('whole')
    expect(bare.calls).toHaveLength(5)
  })
})

describe('a cache', () => {
  it('shares no answer between tenants, also not of a call that is under way', async () => {
    const clock = new TestClock()
    const bare = scripted('m', (_, i) => String(i), { clock, ms: 1_000 })
    const model = cached(bare, { ttl: '1h', clock })
    const all = async () => {
      const calls = [{ tenant: 'a' }, { tenant: 'b' }, { tenant: 'a', session: 's' }, {}].map((who) =>
        model.complete(ask('x'), { for: who }),
      )
      await clock.advance('1s')
      return (await Promise.all(calls)).map(({ text, cache = 'asked' }) => `${text} ${cache}`)
    }
    expect(await all()).toEqual(['1 asked', '2 asked', '1 hit', '3 asked'])
    expect(await all()).toEqual(['1 hit', '2 hit', '1 hit', '3 hit'])
  })

  it.each([
    ['model', '111'],
    ['session', '122'],
    [({ run = '' }: CalledFor) => run, '112'],
  ] as const)('shares answers as it is told: per %s', async (per, texts) => {
    const model = cached(counting(), { ttl: '1h', per })
    const callers = [
      ...[
        { tenant: 'a', session: '1', run: '1' },
        { tenant: 'b', session: '2', run: '1' },
      ],
      { tenant: 'c', session: '2', run: '2' },
    ]
    let said = ''
    for (const who of callers) said += (await model.complete(ask('x'), { for: who })).text
    expect(said).toBe(texts)
    expect(() => cached(counting(), { ttl: '1h', per: 'town' as 'run' })).toThrow('[invalid-options]')
  })

  it('makes one call for all who ask at the same time', async () => {
    const clock = new TestClock()
    const bare = scripted('m', (_, i) => String(i), { clock, ms: 1_000 })
    const model = cached(bare, { ttl: '1h', clock })
    const heard: string[] = []
    const calls = [1, 2, 3].map((i) =>
      model.complete(ask('x'), { onText: (piece) => heard.push(`${i}: ${piece}`) }),
    )
    await clock.advance('2s')
    const answers = await Promise.all(calls)
    expect(answers.map(({ text, cache }) => [text, cache])).toEqual([
      ['1', undefined],
      ['1', 'hit'],
      ['1', 'hit'],
    ])
    expect(heard).toEqual(['1: 1', '2: 1', '3: 1'])
    expect(bare.calls).toHaveLength(1)
  })

  it('ends a call when the last who waits for it leaves, and not before', async () => {
    const clock = new TestClock()
    const bare = scripted('m', (_, i) => String(i), { clock, ms: 1_000 })
    const model = cached(bare, { ttl: '1h', clock })
    const leaving = [1, 2, 3].map(() => new AbortController())
    const calls = leaving.map(({ signal }) => model.complete(ask('x'), { signal }))
    await clock.advance(100)
    leaving[0]?.abort(new Error('first'))
    leaving[1]?.abort(new Error('second'))
    await expect(calls[0]).rejects.toThrow('first')
    await expect(calls[1]).rejects.toThrow('second')
    expect(bare.calls[0]?.aborted).toBeUndefined()
    leaving[2]?.abort(new Error('third'))
    await expect(calls[2]).rejects.toThrow('third')
    const again = model.complete(ask('x'))
    await clock.advance('2s')
    expect((await again).text).toBe('2')
    expect(bare.calls[0]?.aborted).toBe(true)
  })

  it('holds no more than it may, and lets go of what was not used for longest', async () => {
    const bare = counting()
    const model = cached(bare, { ttl: '1h', most: 2 })
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) await model.complete(ask(text))
    expect(bare.calls.map(({ request }) => request.messages[0]?.text)).toEqual(['a', 'b', 'c', 'b'])
  })

  it('takes what is damaged, foreign or cannot be had for absent', async () => {
    const kept = new Map<string, string>()
    const store = {
      get: (key: string) => kept.get(key),
      set: (key: string, value: string) => kept.set(key, value),
    }
    const bare = counting()
    const model = cached(bare, { ttl: '1h', store })
    await model.complete(ask('x'))
    await model.complete(ask('y'))
    const [[key = '', entry = ''] = [], [, other = ''] = []] = [...kept]
    const damaged = [
      entry.slice(0, -1),
      entry.replace('"1"', '"7"'),
      other,
      'x',
      '',
      `${entry} `,
      '{"text":"7"}',
    ]
    for (const text of damaged) {
      kept.set(key, text)
      const { cache } = await model.complete(ask('x'))
      expect(cache, text).toBeUndefined()
    }
    expect((await model.complete(ask('x'))).cache).toBe('hit')
    const failing = () => Promise.reject(new Error('down'))
    const alone = cached(counting(), { ttl: '1h', store: { get: failing, set: failing } })
    expect((await alone.complete(ask('x'))).text).toBe('1')
  })

  it('gives one key to what is equal, and others to what is not', () => {
    const request: fc.Arbitrary<ModelRequest> = fc.record(
      {
        messages: fc.array(fc.record({ role: fc.constant('user' as const), text: fc.string() }), {
          maxLength: 3,
        }),
        temperature: fc.constantFrom(0, 0.5),
        stop: fc.array(fc.string(), { maxLength: 2 }),
        more: fc.dictionary(fc.string(), fc.jsonValue()),
      },
      { requiredKeys: ['messages'] },
    )
    const turned = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(turned)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, inner]) => [key, turned(inner)]),
            )
          : value
    const keyOf = (one: ModelRequest, model = 'm'): string =>
      questionKey(model, { verb: 'complete', request: one })
    fc.assert(
      fc.property(request, request, (a, b) => {
        expect(keyOf(turned(a) as ModelRequest)).toBe(keyOf(a))
        expect(keyOf(a, 'other')).not.toBe(keyOf(a))
        const same = JSON.stringify(turned(turned(a))) === JSON.stringify(turned(turned(b)))
        if (
          !same &&
          a.messages.map(({ text }) => text).join('\0') !== b.messages.map(({ text }) => text).join('\0')
        )
          expect(keyOf(a)).not.toBe(keyOf(b))
      }),
    )
  })

  it('counts an embedding that is known as nothing', async () => {
    let asked = 0
    const usage = { input: 5, output: 0 }
    const embed = (texts: readonly string[]) =>
      Promise.resolve({ vectors: texts.map(() => [(asked += 1)]), usage, model: 'm' })
    const model = cached({ ...counting(), embed }, { ttl: '1h' })
    expect(await model.embed?.(['a'])).toEqual({ vectors: [[1]], usage, model: 'm' })
    expect(await model.embed?.(['a'])).toEqual({ vectors: [[1]], usage: { input: 0, output: 0 }, model: 'm' })
  })
})
