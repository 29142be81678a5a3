import { describe, expect, it } from 'vitest'
import { FatalError, type Join } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { until } from '../support/passing.ts'
import { crashAllAlong, crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import { fan, State, type Ctx, type Hand, type Hands } from '../support/fan.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const value =
  (result: unknown): Hand =>
  () =>
    result
const fails =
  (error: Error): Hand =>
  () => {
    throw error
  }
/** Ends when its attempt does; says what its signal said. */
const hangs =
  (told: unknown[] = []): Hand =>
  ({ run }) =>
    new Promise((_, reject) => {
      run.signal.addEventListener('abort', () => {
        told.push(run.signal.reason)
        reject(run.signal.reason as Error)
      })
    })

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('parallel: $kind', (kind) => {
  const play = async (join: Join, hands: Hands) => {
    const Fan = fan(join)
    const test = createTestEngine({ workflows: [Fan], store: kind.make(freshName()), resources: { hands } })
    const run = await test.engine.start(Fan, {}, { id: 'r', session: 's' })
    return { test, run }
  }
  const end = async (join: Join, hands: Hands) => {
    const { test, run } = await play(join, hands)
    const view = await test.finish(run)
    const memos = await test.engine.store.list('memo', { limit: 9 })
    await test.close()
    return { view, memos, data: view.data }
  }

  it('all: every branch begins at once, and the handler gets every result', async () => {
    const begun: string[] = []
    const hand: Hand = async ({ run }) => {
      begun.push(run.idempotencyKey)
      while (begun.length < 3) await new Promise(setImmediate)
      return run.part
    }
    const { view } = await end('all', { a: hand, b: hand, source: hand })
    expect(view).toMatchObject({
      status: 'completed',
      data: { joined: { a: 'a', b: 'b', source: 'source' } },
    })
    expect(begun.sort()).toEqual(['r/fan/1/a', 'r/fan/1/b', 'r/fan/1/source'])
  })

  it('all: the first that fails for good aborts the others, and its error finds the catch edge', async () => {
    const told: unknown[] = []
    const { view } = await end('all', {
      a: hangs(told),
      b: fails(new RangeError('too far')),
      source: hangs(told),
    })
    expect(view).toMatchObject({ state: State.Caught, data: { why: 'RangeError: too far' } })
    expect(told).toHaveLength(2)
  })

  it('all: an error without a catch edge fails the run, and what had ended is undone', async () => {
    const undone: string[] = []
    const { view } = await end('all', {
      a: value(1),
      b: async ({ run }) => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        throw new FatalError(`no ${run.part}`)
      },
      source: value(2),
      undo: (what) => undone.push(what),
    })
    expect(view).toMatchObject({ status: 'compensated', failure: { name: 'FatalError', message: 'no b' } })
    expect(undone.sort()).toEqual(['a 1', 'source 2'])
  })

  it('any: the first that succeeds wins, and the others are aborted through their AbortSignal', async () => {
    const told: unknown[] = []
    const { view, memos } = await end('any', {
      a: async (context) => {
        await context.memo('paid', () => 1)
        return hangs(told)(context)
      },
      b: fails(new FatalError('no')),
      source: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return 'won'
      },
    })
    expect(view).toMatchObject({ state: State.Done, data: { joined: { source: 'won' } } })
    expect(told).toEqual([expect.objectContaining({ message: 'the other parts have decided' })])
    expect(memos).toEqual([])
  })

  it('any: what a loser still does changes nothing', async () => {
    let late: Promise<unknown> | undefined
    const { view, memos } = await end('any', {
      a: (context: Ctx) => {
        const gone = new Promise((resolve) => context.run.signal.addEventListener('abort', resolve))
        late = gone.then(() => context.memo('late', () => 1))
        late.catch(() => undefined)
        return late
      },
      b: value('won'),
      source: hangs(),
    })
    expect(view).toMatchObject({ state: State.Done, data: { joined: { b: 'won' } } })
    await expect(late).rejects.toMatchObject({ code: 'attempt-over' })
    expect(memos).toEqual([])
  })

  it('any: where all fail it is a JoinError', async () => {
    const no = fails(new FatalError('no'))
    const { data } = await end('any', { a: no, b: no, source: no })
    expect(data).toEqual({
      why: expect.stringMatching(/^JoinError: every branch of "fan" failed: a: no; b: no; source: no/),
    })
  })

  it('settled: all have ended, well or not', async () => {
    const { data } = await end('settled', { a: value(1), b: fails(new FatalError('no')), source: value(3) })
    expect(data).toMatchObject({
      joined: {
        a: { ok: true, value: 1 },
        b: { ok: false, error: { name: 'FatalError', message: 'no' } },
        source: { ok: true, value: 3 },
      },
    })
  })

  it('a number: so many have succeeded; a JoinError as soon as that is out of reach', async () => {
    const told: unknown[] = []
    const two = await end(2, { a: value(1), b: value(2), source: hangs(told) })
    expect(two.data).toMatchObject({ joined: { a: { ok: true }, b: { ok: true } } })
    expect(told).toHaveLength(1)
    const no = fails(new FatalError('no'))
    const { data } = await end(2, { a: hangs(told), b: no, source: no })
    expect(data).toEqual({
      why: expect.stringContaining('JoinError: "fan" needs 2 branches, and too many failed'),
    })
    expect(told).toHaveLength(2)
  })

  it('a predicate: as soon as it is satisfied; else a JoinError', async () => {
    const told: unknown[] = []
    const big: Join = (soFar) => Object.values(soFar).some((one) => one?.ok && (one.value as number) > 5)
    const { data } = await end(big, { a: value(1), b: value(7), source: hangs(told) })
    expect(data).toMatchObject({ joined: { b: { ok: true, value: 7 } } })
    expect(told).toHaveLength(1)
    const small = await end(big, { a: value(1), b: value(2), source: value(3) })
    expect(small.data).toMatchObject({ why: expect.stringContaining('its join is not satisfied') })
    const broken: Join = () => {
      throw new TypeError('oops')
    }
    expect((await end(broken, { a: value(1), b: value(2), source: value(3) })).data).toMatchObject({
      why: 'JoinError: the join of "fan" threw oops',
    })
  })

  it('I9 a branch that is tried again waits as a durable timer, while the others have ended', async () => {
    const calls: string[] = []
    const { test, run } = await play('all', {
      a: ({ run }) => {
        calls.push(`a ${run.attempt}`)
        if (run.attempt < 3) throw new Error('busy')
        return 'a'
      },
      b: () => calls.push('b'),
      source: () => calls.push('source'),
    })
    await test.settle()
    expect(await run.view()).toMatchObject({
      status: 'waiting',
      timer: { kind: 'parts', at: test.clock.now() + 10_000 },
    })
    await test.clock.advance('9s')
    expect(calls).toHaveLength(3)
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    expect(calls.sort()).toEqual(['a 1', 'a 2', 'a 3', 'b', 'source'])
    await test.close()
  })

  it('I4 memos are the own ones of a branch, and the next attempt has them, also while others are at work', async () => {
    const made: string[] = []
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const { test, run } = await play('all', {
      a: async ({ memo, run }) => {
        const saved = await memo('key', () => made.push('a') && 'of a')
        if (run.attempt === 1) throw new Error('busy')
        return saved
      },
      b: async ({ memo }) => {
        const saved = await memo('key', () => made.push('b') && 'of b')
        await held
        return saved
      },
      source: value(0),
    })
    await until(test, async () => made.length === 2 && (await run.parts()).get('a')?.status === 'retry')
    await test.clock.advance('10s')
    release()
    expect(await test.finish(run)).toMatchObject({ data: { joined: { a: 'of a', b: 'of b' } } })
    expect(made.sort()).toEqual(['a', 'b'])
    expect(await test.engine.store.list('memo', { limit: 9 })).toEqual([])
    await test.close()
  })

  it('each branch has its own timeout', async () => {
    const told: unknown[] = []
    const { test, run } = await play('settled', { a: hangs(told), b: value(1), source: value(2) })
    while ((await run.view()).status !== 'completed') await test.clock.advance('10s')
    expect(await test.finish(run)).toMatchObject({
      data: { joined: { a: { ok: false, error: { name: 'TimeoutError' } } } },
    })
    expect(told).toHaveLength(3)
    await test.close()
  })

  it('I8 a result that cannot be stored is an error of its branch', async () => {
    const { data } = await end('settled', {
      a: value(() => 1),
      b: value({ f: Symbol('x') }),
      source: value(1),
    })
    expect(data).toMatchObject({
      joined: { a: { error: { code: 'not-storable' } }, b: { error: { code: 'not-storable' } } },
    })
  })

  it('a join handler that fails is tried again without the branches; the session changes once', async () => {
    const calls: string[] = []
    const add: Hand = ({ run, session }) => {
      calls.push(run.part ?? '')
      session.update(({ total }) => ({ total: total + 1 }))
    }
    const { test, run } = await play('all', {
      a: add,
      b: add,
      source: add,
      joined: ({ run }) => {
        if (run.attempt < 3) throw new Error('busy')
      },
    })
    expect(await test.finish(run)).toMatchObject({ status: 'completed' })
    expect(calls.sort()).toEqual(['a', 'b', 'source'])
    expect(await test.engine.session('s').state()).toEqual({ total: 3 })
    await test.close()
  })

  const Crashing = fan('all')
  const crashing: Scenario<unknown> = {
    workflows: [Crashing],
    resources: (call) => ({
      hands: {
        a: async ({ memo, run }: Ctx) => {
          await memo('pay', () => call('pay'))
          if (run.attempt === 1) throw new Error('busy')
          await call(run.idempotencyKey)
          return 'a'
        },
        b: async ({ run, session }: Ctx) => {
          await call(run.idempotencyKey)
          session.update(({ total }: { total: number }) => ({ total: total + 1 }))
          return 'b'
        },
        source: ({ run }: Ctx) => call(run.idempotencyKey),
        joined: ({ run }: Ctx) => call(run.idempotencyKey),
      },
    }),
    live: async (test) => {
      const run = await test.engine.start(Crashing, {}, { id: 'r', session: 's' })
      const { status, data } = await test.finish(run)
      return { status, data, session: await test.engine.session('s').state() }
    },
  }

  it('I3 I4 a crash at each write: a branch that has ended is never run again', async () => {
    await crashAtEachWrite(kind, crashing, 3)
  })

  it('I4 crashes all along give the same outcome', async () => {
    expect((await crashAllAlong(kind, crashing, 5, 3)).processes).toBeGreaterThan(2)
  })
})
