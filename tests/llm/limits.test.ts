import { describe, expect, it } from 'vitest'
import { RetryableError } from 'stepwright'
import { limited, MemoryMeter, tokensOf, type Limit, type Message, type Meter } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { answer, ask, httpError, scripted, standing } from './scripted.ts'

const clock = (): TestClock => new TestClock()

describe('a limit', () => {
  it('lets calls wait, and go as soon as there is room', async () => {
    const time = clock()
    const bare = scripted('m', () => 'yes', { clock: time })
    const model = limited(bare, { clock: time, limits: [{ per: 'model', requests: 2, every: '10s' }] })
    const start = time.now()
    const calls = [1, 2, 3, 4, 5].map(() => model.complete(ask('x')))
    expect(await standing(calls)).toBe('yy...')
    await time.advance('10s')
    expect(await standing(calls)).toBe('yy...')
    await time.advance('1s')
    expect(await standing(calls)).toBe('yyyy.')
    await time.advance('10s')
    expect(await standing(calls)).toBe('yyyyy')
    expect(bare.calls.map(({ at }) => at - start)).toEqual([0, 0, 10_001, 10_001, 20_002])
  })

  it('counts what was used, not what was expected, once that is known', async () => {
    const time = clock()
    const bare = scripted('m', () => ({ usage: { input: 1, output: 4 } }), { clock: time, ms: 100 })
    const model = limited(bare, { clock: time, limits: [{ per: 'model', tokens: 100, every: '1m' }] })
    const calls = [1, 2, 3].map(() => model.complete(ask('1234', 85)))
    expect(await standing(calls)).toBe('...')
    await time.advance(150)
    expect(await standing(calls)).toBe('y..') // 90 of 100 were reserved; 5 are used, so 95 are there again
    await time.advance(250)
    expect(await standing(calls)).toBe('yyy')
  })

  it('expects of a call the tokens that its messages are everywhere else, and all of its output', async () => {
    const messages: Message[] = [
      { role: 'user', text: 'What is this?', images: ['data:image/png;base64,AAAA'] },
      { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'look', input: '{"at":"it"}' }] },
      { role: 'tool', call: 'a', text: 'A cat.' },
    ]
    const most = tokensOf(messages) + 10
    const model = (tokens: number) =>
      limited(
        scripted('m', () => 'yes'),
        { limits: [{ per: 'model', tokens, every: '1m', over: 'fail' }] },
      )
    expect((await model(most).complete({ messages, maxTokens: 10 })).text).toBe('yes')
    await expect(model(most - 1).complete({ messages, maxTokens: 10 })).rejects.toMatchObject({
      details: { amount: most },
    })
  })

  it('gives back what a server has refused, and keeps what may have been paid for', async () => {
    const time = clock()
    const replies = [httpError(503), new Error('socket hang up'), 'yes']
    const bare = scripted('m', (_, number) => replies[number - 1] ?? 'no')
    const model = limited(bare, {
      clock: time,
      limits: [{ per: 'model', tokens: 100, every: '1m', over: 'fail' }],
    })
    await expect(model.complete(ask('1234', 85))).rejects.toThrow('status 503')
    await expect(model.complete(ask('1234', 85))).rejects.toThrow('socket hang up')
    await expect(model.complete(ask('1234', 85))).rejects.toMatchObject({
      code: 'over-budget',
      details: {
        unit: 'tokens',
        amount: 90,
        most: 100,
        retryAfterMs: 60_001,
      },
    })
    expect(bare.calls).toHaveLength(2)
  })

  it('lets no more go at once than there are seats, and keeps a seat as long as the call takes', async () => {
    const time = clock()
    const bare = scripted('m', () => 'yes', { clock: time, ms: 90_000 })
    const model = limited(bare, { clock: time, maxWait: '1h', limits: [{ per: 'model', concurrency: 2 }] })
    const calls = [1, 2, 3].map(() => model.complete(ask('x')))
    await time.advance('80s')
    expect(bare.calls).toHaveLength(2)
    await time.advance('11s')
    expect(bare.calls).toHaveLength(3)
    await time.advance('2m')
    expect(await standing(calls)).toBe('yyy')
  })

  it('sends a call away that waits too long, with when to come again', async () => {
    const time = clock()
    const limits: Limit[] = [{ per: 'model', requests: 1, every: '1h' }]
    const model = limited(
      scripted('m', () => 'yes'),
      { clock: time, limits, maxWait: '5s' },
    )
    await model.complete(ask('x'))
    const late = model.complete(ask('x'))
    await expect(late).rejects.toBeInstanceOf(RetryableError)
    await expect(late).rejects.toMatchObject({ retryAfter: 3_600_001 })

    const seat = limited(
      scripted('m', () => 'yes', { clock: time, ms: 60_000 }),
      {
        ...{ clock: time, maxWait: '5s', limits: [{ per: 'model', concurrency: 1 }] },
      },
    )
    const calls = [seat.complete(ask('x')), seat.complete(ask('x'))]
    await time.advance('4s')
    expect(await standing(calls)).toBe('..')
    await time.advance('2s')
    expect(await standing(calls)).toBe('.n')
  })

  it('has a tally for each tenant, and one that is full holds up nobody else', async () => {
    const time = clock()
    const bare = scripted('m', () => 'yes')
    const limits: Limit[] = [{ per: 'tenant', requests: 1, every: '1m' }]
    const model = limited(bare, { clock: time, limits, maxWait: '1h' })
    const calls = ['a', 'a', 'b', 'a', 'c'].map((tenant) => model.complete(ask('x'), { for: { tenant } }))
    expect(await standing(calls)).toBe('y.y.y')
    await time.advance('61s')
    expect(await standing(calls)).toBe('yyy.y')
  })

  it('goes to a cheaper model, or fails, where it says so', async () => {
    const time = clock()
    const cheap = scripted('cheap', () => 'cheap')
    const dear = scripted('dear', () => 'dear')
    const limit = { per: 'model', requests: 1, every: '1m' } as const
    const model = limited(dear, { clock: time, limits: [{ ...limit, over: { degrade: cheap } }] })
    expect((await model.complete(ask('x'))).model).toBe('dear')
    expect((await model.complete(ask('x'))).model).toBe('cheap')
    await time.advance('61s')
    expect((await model.complete(ask('x'))).model).toBe('dear')
  })

  it('that no call can ever fit is not waited for', async () => {
    const model = limited(
      scripted('m', () => 'yes'),
      {
        clock: clock(),
        limits: [{ per: 'model', tokens: 500, every: '1m' }],
      },
    )
    await expect(model.complete(ask('x'))).rejects.toMatchObject({ code: 'over-budget' })
  })

  it('is left by a call that is aborted while it waits, which then takes nothing', async () => {
    const time = clock()
    const bare = scripted('m', () => 'yes')
    const model = limited(bare, { clock: time, limits: [{ per: 'model', requests: 1, every: '1m' }] })
    const leaving = new AbortController()
    const calls = [
      model.complete(ask('x')),
      model.complete(ask('x'), { signal: leaving.signal }),
      model.complete(ask('x')),
    ]
    expect(await standing(calls)).toBe('y..')
    leaving.abort(new Error('gone home'))
    expect(await standing(calls)).toBe('yn.')
    await expect(calls[1]).rejects.toThrow('gone home')
    await time.advance('61s')
    expect(await standing(calls)).toBe('yny')
    expect(bare.calls).toHaveLength(2)
  })

  it('takes nothing for an answer that was known', async () => {
    const bare = scripted('m', () => ({ cache: 'hit', usage: { input: 50, output: 50 } }))
    const limits: Limit[] = [{ per: 'model', requests: 1, tokens: 100, every: '1m', over: 'fail' }]
    const model = limited(bare, { clock: clock(), limits })
    for (let i = 0; i < 5; i++) await model.complete(ask('x', 10))
    expect(bare.calls).toHaveLength(5)
  })

  it('serves by weights where there are some', async () => {
    const time = clock()
    const bare = scripted('m', () => 'yes')
    const model = limited(bare, {
      ...{ clock: time, maxWait: '2h', weight: (who: string) => (who === 'gold' ? 3 : 1) },
      limits: [{ per: 'model', requests: 4, every: '1s' }],
    })
    const calls = ['iron', 'gold'].flatMap((tenant) =>
      Array.from({ length: 40 }, () => model.complete(ask('x'), { for: { tenant } })),
    )
    await time.advance('9500ms')
    const gold = bare.calls.filter(({ how }) => how.for?.tenant === 'gold').length
    expect([gold, bare.calls.length]).toEqual([30, 40])
    await time.advance('20s')
    await Promise.all(calls)
  })

  it('counts embeddings and filled gaps too, and offers them where the model does', async () => {
    const time = clock()
    const usage = { input: 4, output: 0 }
    const bare = {
      ...scripted('m', () => 'yes'),
      embed: (texts: readonly string[]) =>
        Promise.resolve({ vectors: texts.map(() => [1]), usage, model: 'm' }),
      fill: () => Promise.resolve(answer('m')),
    }
    const limits: Limit[] = [{ per: 'model', requests: 2, every: '1m', over: 'fail' }]
    const model = limited(bare, { clock: time, limits })
    expect((await model.embed?.(['a', 'b']))?.vectors).toEqual([[1], [1]])
    expect((await model.fill?.({ prefix: 'a' }))?.text).toBe('yes')
    await expect(model.complete(ask('x'))).rejects.toMatchObject({ code: 'over-budget' })
    expect(
      limited(
        scripted('m', () => 'yes'),
        { limits },
      ).embed,
    ).toBeUndefined()
  })

  it('is shared by models of one name on one meter', async () => {
    const time = clock()
    const shared = {
      ...{ clock: time, name: 'all', meter: new MemoryMeter(time) },
      limits: [{ per: 'session', requests: 2, every: '1m', over: 'fail' }] as const,
    }
    const [a, b] = ['a', 'b'].map((name) =>
      limited(
        scripted(name, () => 'yes'),
        shared,
      ),
    )
    await a?.complete(ask('x'), { for: { session: 's' } })
    await b?.complete(ask('x'), { for: { session: 's' } })
    await expect(a?.complete(ask('x'), { for: { session: 's' } })).rejects.toThrow('over-budget')
    await b?.complete(ask('x'), { for: { session: 'other' } })
  })

  it('is asked again although its time came while something else was asked', async () => {
    const time = clock()
    const inner = new MemoryMeter(time)
    const asked: string[] = []
    const meter: Meter = {
      reserve(reservation) {
        const key = reservation.claims[0]?.key ?? ''
        asked.push(key)
        if (asked.length === 1) return Promise.resolve({ granted: false, key, retryAfterMs: 5 })
        time.jump(time.now() + 10)
        return inner.reserve(reservation)
      },
      settle: (grant, used) => inner.settle(grant, used),
      keep: (grants) => inner.keep(grants),
    }
    const limits: Limit[] = [{ per: 'tenant', requests: 5, every: '1m' }]
    const model = limited(
      scripted('m', () => 'yes'),
      { clock: time, meter, limits },
    )
    const calls = ['a', 'b'].map((tenant) => model.complete(ask('x'), { for: { tenant } }))
    expect(await standing(calls)).toBe('yy')
    expect(asked).toHaveLength(3)
  })

  it('stands beside another one on the same', async () => {
    const cheap = scripted('cheap', () => 'cheap')
    const limit = { per: 'tenant', every: '1m' } as const
    const model = limited(
      scripted('dear', () => 'dear'),
      {
        clock: clock(),
        limits: [
          { ...limit, requests: 2, over: { degrade: cheap } },
          { ...limit, requests: 3, over: 'fail' },
        ],
      },
    )
    const names: string[] = []
    for (let i = 0; i < 4; i++) names.push((await model.complete(ask('x'))).model)
    expect(names).toEqual(['dear', 'dear', 'cheap', 'cheap'])
  })

  it('is not kept full by a large call that has left', async () => {
    const time = clock()
    const limits: Limit[] = [{ per: 'model', tokens: 100, every: '1m' }]
    const model = limited(
      scripted('m', () => ({ usage: { input: 1, output: 49 } })),
      { clock: time, limits },
    )
    await model.complete(ask('1234', 45))
    const leaving = new AbortController()
    const large = model.complete(ask('1234', 94), { signal: leaving.signal })
    const small = model.complete(ask('1234', 5))
    expect(await standing([large, small])).toBe('..')
    leaving.abort()
    expect(await standing([large, small])).toBe('ny')
  })

  it('that cannot be used is refused where it is given', () => {
    const make = (limit: unknown) => () =>
      limited(
        scripted('m', () => 'yes'),
        { limits: [limit as Limit] },
      )
    for (const limit of [
      ...[{ per: 'model' }, { per: 'nobody', requests: 1 }, { per: 'model', requests: 0, every: '1m' }],
      ...[
        { per: 'model', tokens: 1.5, every: '1m' },
        { per: 'run', requests: 1, over: 'wait' },
      ],
      ...[
        { per: 'run', cost: 1 },
        { per: 'model', requests: 1, every: 0 },
      ],
      { per: 'model', requests: 1, every: '1m', over: 'perhaps' },
    ])
      expect(make(limit), JSON.stringify(limit)).toThrow('[invalid-options]')
  })
})
