import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  resources,
  states,
  type Context,
  type Input,
  type RunHandle,
  type ShapeOf,
  type Signal,
  type Store,
} from 'stepwright'
import { createTestEngine, TestClock } from 'stepwright/testing'
import type { AnyClass } from '../../src/definition/shape.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { makeTwo, One, Two } from '../support/versions.ts'

const clock = new TestClock()

function open(store: Store, workflows: readonly AnyClass[], calls: string[] = []) {
  const resources = { tell: (what: string) => void calls.push(what) }
  const test = createTestEngine({ workflows, store, clock, resources } as never)
  const get = async (id: string) => (await test.engine.get(id)) as unknown as RunHandle
  return { test, engine: test.engine, get, calls }
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('deploys: $kind', (kind) => {
  async function asked(ids: readonly string[]) {
    const name = freshName()
    const { test, engine } = open(kind.make(name), [One])
    for (const id of ids) await test.finish(await engine.start(One, { text: id } as never, { id }))
    await test.close()
    return () => kind.make(name)
  }

  it.each<[string, { of: boolean }, string[] | undefined]>([
    ['of the class of the old version', { of: true }, undefined],
    ['of what the old version has published', { of: false }, ['a']],
  ])(
    'a migration that leaves out a live state is refused, from what is known %s',
    async (_what, options, ids) => {
      const store = ids ? await asked(ids) : () => kind.make(freshName())
      const { test } = open(store(), [makeTwo({ old: undefined } as never, options)])
      await expect(test.engine.open()).rejects.toMatchObject({
        code: 'invalid-definition',
        message: expect.stringContaining('@migrate from 1 of doc leaves out "old"') as string,
      })
      await expect(test.engine.start(Two as never, { text: 'x' } as never)).rejects.toMatchObject({
        code: 'invalid-definition',
      })
      await test.close()
    },
  )

  it('a migration from a version that never was here, or whose states all have a way, is no trouble', async () => {
    const fresh = open(kind.make(freshName()), [makeTwo({ old: undefined } as never, { of: false })])
    await fresh.engine.open()
    await fresh.test.close()
    const store = await asked(['a'])
    const { test } = open(store(), [makeTwo({}, { of: false })])
    await test.engine.open()
    await test.close()
  })

  it('what an older version has done is undone by the code that is loaded', async () => {
    const store = await asked(['a', 'b'])
    const { test, engine, get, calls } = open(store(), [Two])
    await engine.migrate()
    for (const id of ['a', 'b']) await (await get(id)).cancel()
    expect(await test.finish(await get('a'))).toMatchObject({ status: 'cancelled', version: 2 })
    await test.finish(await get('b'))
    expect(calls.sort()).toEqual(['-begin a by 2', '-begin b by 2'])
    await test.close()
  })

  it('where the code has no compensation for it any more, nothing is dropped: the run is parked', async () => {
    const store = await asked(['a'])
    const without = open(store(), [makeTwo({}, { undoes: false })])
    await (await without.get('a')).cancel()
    expect(await without.test.finish(await without.get('a'))).toMatchObject({
      status: 'compensation-failed',
      failure: { message: expect.stringContaining('doc has no compensation of "begin" any more') as string },
    })
    expect(await (await without.get('a')).undoable()).toMatchObject([{ state: 'begin', visit: 1 }])
    expect(await without.engine.migrate()).toMatchObject([{ fate: 'stays', status: 'compensation-failed' }])
    await without.test.close()
    const { test, get, calls } = open(store(), [Two])
    await (await get('a')).resume()
    expect(await test.finish(await get('a'))).toMatchObject({ status: 'cancelled' })
    expect(calls).toEqual(['-begin a by 2'])
    await test.close()
  })

  it('a run that no loaded code fits can be cancelled and terminated all the same', async () => {
    const store = await asked(['a', 'b'])
    const broken = makeTwo({ ask: () => Promise.reject(new Error('x')) as never })
    const { test, engine, get, calls } = open(store(), [broken])
    clock.jump(clock.now() + 4 * 864e5)
    for (const id of ['a', 'b'])
      expect(await test.finish(await get(id))).toMatchObject({ status: 'needs-migration', state: 'ask' })
    expect((await (await get('a')).view()).may).toEqual(['resume', 'cancel', 'terminate', 'skip'])
    await (await get('a')).cancel()
    expect(await test.finish(await get('a'))).toMatchObject({ status: 'cancelled' })
    expect(calls).toEqual(['-begin a by 2'])
    await (await get('b')).terminate()
    expect(await test.finish(await get('b'))).toMatchObject({ status: 'terminated' })
    expect(await engine.migrate()).toEqual([])
    await test.close()
  })
})

enum Kind {
  Stop = 'stop',
  Next = 'next',
  End = 'end',
}
const text = z.object({ text: z.string() })
const declare = () =>
  states(
    Kind,
    { [Kind.Stop]: text, [Kind.Next]: text, [Kind.End]: text },
    {
      initial: Kind.Stop,
      final: Kind.End,
      signals: { go: z.object({}) },
      resources: resources<{ tell?: unknown }>(),
    },
  )
type K = ShapeOf<ReturnType<typeof declare>>

/** The same workflow and version, its first state of another kind: what a careless deploy does. */
function stopAs(kind: 'wait' | 'step' | 'timer' | 'broken timer'): AnyClass {
  const { workflow, wait, step, timer, go } = declare()
  class Rest {
    @step(Kind.Next, { to: Kind.End })
    next({ text }: Input<K, Kind.Next>, _: Context<K>) {
      return go(Kind.End, { text })
    }
  }
  if (kind === 'wait') {
    @workflow({ name: 'kinds' })
    class Waits extends Rest {
      @wait(Kind.Stop, { on: { go: Kind.Next } })
      stop(_: Signal<K, 'go'>, { text }: Input<K, Kind.Stop>) {
        return go(Kind.Next, { text })
      }
    }
    return Waits
  }
  if (kind === 'step') {
    @workflow({ name: 'kinds' })
    class Steps extends Rest {
      @step(Kind.Stop, { to: Kind.Next })
      stop({ text }: Input<K, Kind.Stop>) {
        return go(Kind.Next, { text: `${text} as step` })
      }
    }
    return Steps
  }
  const broken = (): never => {
    throw new Error('nobody knows how long')
  }
  @workflow({ name: 'kinds' })
  class Timers extends Rest {
    @timer(Kind.Stop, { for: kind === 'timer' ? '1h' : broken, to: Kind.Next })
    stop({ text }: Input<K, Kind.Stop>) {
      return go(Kind.Next, { text: `${text} as timer` })
    }
  }
  return Timers
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))(
  'a state that became another kind: $kind',
  (kind) => {
    /** A store in which a run was started while the state was a step, and nobody has taken it. */
    const begun = async (): Promise<string> => {
      const name = freshName()
      const Before = stopAs('step')
      const store = kind.make(name)
      const idle = createTestEngine({ workflows: [Before], store, clock, worker: false } as never)
      await idle.engine.start(Before as never, { text: 'x' } as never, { id: 'k' })
      await idle.close()
      return name
    }

    it.each([
      ['step', 'x as step'],
      ['timer', 'x as timer'],
    ] as const)('I10 a run that waits in what is a %s now goes on', async (to, result) => {
      const name = freshName()
      const Before = stopAs('wait')
      const before = open(kind.make(name), [Before])
      await before.engine.start(Before, { text: 'x' } as never, { id: 'k' })
      expect(await before.test.finish(await before.get('k'))).toMatchObject({ awaits: ['go'] })
      await before.test.close()
      const { test, get } = open(kind.make(name), [stopAs(to)])
      await (await get('k')).resume()
      expect(await test.finish(await get('k'))).toMatchObject({ status: 'completed', data: { text: result } })
      await test.close()
    })

    it('I10 a step in flight that is a wait now waits', async () => {
      const name = await begun()
      const { test, get } = open(kind.make(name), [stopAs('wait')])
      expect(await test.finish(await get('k'))).toMatchObject({ status: 'waiting', awaits: ['go'] })
      await test.close()
    })

    it('I10 a function of the workflow that throws where a run is taken up parks that run alone', async () => {
      const name = await begun()
      const { test, engine, get } = open(kind.make(name), [stopAs('broken timer'), One])
      await engine.start(One, { text: 'y' } as never, { id: 'other' })
      expect(await test.finish(await get('other'))).toMatchObject({ status: 'waiting', state: 'ask' })
      expect(await test.finish(await get('k'))).toMatchObject({
        status: 'needs-migration',
        failure: { message: expect.stringContaining('nobody knows how long') as string },
      })
      await test.close()
      const mended = open(kind.make(name), [stopAs('timer')])
      await (await mended.get('k')).resume()
      expect(await mended.test.finish(await mended.get('k'))).toMatchObject({ status: 'completed' })
      await mended.test.close()
    })
  },
)
