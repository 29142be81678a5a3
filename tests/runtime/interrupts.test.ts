import { describe, expect, it } from 'vitest'
import type { HistoryEvent, RunHandle } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { freshName, storeKinds, type StoreKind } from '../support/stores.ts'
import { State, TripWorkflow, World, type D } from '../support/trip.ts'

/** The verb comes from the engine that drives the run, or from another one on the same store that drives nothing. */
const places = ['here', 'elsewhere'] as const

const undone = ['-visa', '-cover', '-seat', '-meal', '-bag', '-flight']

/** A trip whose call `at` hangs until it is let go or aborted; `run` is a handle of the engine that asks. */
async function hanging(
  kind: StoreKind,
  place: (typeof places)[number],
  at: string,
  first?: (run: RunHandle<D>) => Promise<unknown>,
) {
  const name = freshName()
  const world = new World()
  const aborted: unknown[] = []
  let letGo: (() => void) | undefined
  world.before = (call, signal) =>
    call !== at
      ? undefined
      : new Promise<void>((resolve, reject) => {
          letGo = resolve
          signal.addEventListener('abort', () => {
            aborted.push(signal.reason)
            reject(signal.reason as Error)
          })
        })
  const options = { workflows: [TripWorkflow], resources: { world }, poll: '100ms' } as const
  const test = createTestEngine({ ...options, store: kind.make(name) })
  const other =
    place === 'here' ? test : createTestEngine({ ...options, store: kind.make(name), worker: false })
  await test.engine.start(TripWorkflow, { to: 'Rome' }, { id: 't' })
  const run: RunHandle<D> = await other.engine.get<typeof TripWorkflow>('t')
  const until = async (done: () => unknown): Promise<void> => {
    for (let i = 0; !(await done()); i++) {
      if (i > 500) throw new Error(`it never came to be: ${JSON.stringify(await run.view())}`)
      await test.clock.advance('100ms')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  const beats = async (): Promise<void> => {
    let count = 0
    await until(() => ++count > 10)
  }
  const reaches = (status: string): Promise<void> => until(async () => (await run.view()).status === status)
  if (first) {
    await reaches('waiting')
    await first(run)
  }
  await until(() => letGo)
  world.take()
  const close = async (): Promise<void> => {
    await test.close()
    if (other !== test) await other.close()
  }
  return { test, run, world, aborted, beats, reaches, close, letGo: () => letGo?.() }
}

const names = (calls: readonly string[]): readonly string[] => calls.map((call) => call.split(' ')[0] ?? '')

async function typesOf(run: RunHandle<D>): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

const kinds = storeKinds(['memory', 'sqlite', 'redis'])
const both = kinds.flatMap((kind) =>
  places.flatMap((place) =>
    place === 'here' || kind.kind !== 'memory' ? [{ kind, place, name: kind.kind }] : [],
  ),
)

describe.each(both)('a handler at work, asked from $place: $name', ({ kind, place }) => {
  it('cancel aborts it, and undoes what was committed before', async () => {
    const { run, world, aborted, reaches, close } = await hanging(kind, place, 'hotel')
    await run.cancel({ reason: 'ill', as: { id: 'ada' } })
    await reaches('cancelled')
    expect(aborted).toMatchObject([{ name: 'CancelledError' }])
    expect(names(world.take())).toEqual(undone)
    expect((await typesOf(run)).find(({ type }) => type === 'cancelled')).toMatchObject({
      reason: 'ill',
      by: { id: 'ada' },
    })
    await close()
  })

  it('cancel in a map or a parallel state undoes the parts that are done', async () => {
    const { run, world, aborted, reaches, close } = await hanging(kind, place, 'seat')
    await run.cancel()
    await reaches('cancelled')
    expect(aborted).toHaveLength(1)
    expect(names(world.take())).toEqual(['-meal', '-bag', '-flight'])
    await close()
  })

  it('terminate aborts it, and undoes nothing', async () => {
    const { run, world, aborted, reaches, close } = await hanging(kind, place, 'hotel')
    await run.terminate({ reason: 'wrong data' })
    await reaches('terminated')
    expect(aborted).toMatchObject([{ name: 'CancelledError' }])
    expect(world.take()).toEqual([])
    await expect(run.result()).rejects.toMatchObject({
      code: 'run-failed',
      details: { status: 'terminated' },
    })
    await close()
  })

  it('pause lets it finish, and begins nothing after it until resume', async () => {
    const { run, world, aborted, beats, reaches, close, letGo } = await hanging(kind, place, 'hotel')
    await run.pause({ reason: 'lunch' })
    await beats()
    expect(await run.view()).toMatchObject({ status: 'running', state: State.Hotel })
    letGo()
    await reaches('paused')
    expect(await run.view()).toMatchObject({ state: State.Confirm })
    expect(aborted).toEqual([])
    await run.signal('confirm', {})
    await beats()
    expect(names(world.take())).toEqual(['hotel'])
    await run.resume()
    await reaches('completed')
    expect(names(world.take())).toEqual(['pay'])
    await close()
  })

  it('pause in a map lets the item at work finish, and begins no other', async () => {
    const { run, world, aborted, beats, reaches, close, letGo } = await hanging(kind, place, 'bag')
    await run.pause()
    await beats()
    letGo()
    await reaches('paused')
    expect(await run.view()).toMatchObject({ state: State.Extras })
    expect(names(world.take())).toEqual(['bag'])
    await run.resume()
    await reaches('waiting')
    expect(names(world.take()).slice(0, 2)).toEqual(['meal', 'seat'])
    expect(aborted).toEqual([])
    await close()
  })

  it('what is being undone is not ended by a cancel; terminate ends it at once', async () => {
    const cancel = (run: RunHandle<D>): Promise<void> => run.cancel()
    const { run, world, aborted, beats, reaches, close } = await hanging(kind, place, '-seat', cancel)
    expect(await run.view()).toMatchObject({ status: 'compensating', may: ['pause', 'resume', 'terminate'] })
    await expect(run.cancel()).rejects.toMatchObject({ code: 'not-possible' })
    await beats()
    expect(aborted).toEqual([])
    await run.terminate()
    await reaches('terminated')
    expect(aborted).toMatchObject([{ name: 'CancelledError' }])
    expect(world.take()).toEqual([])
    await close()
  })

  it('a pause while it is being undone: what is at work finishes, the rest waits for resume', async () => {
    const cancel = (run: RunHandle<D>): Promise<void> => run.cancel()
    const { run, world, aborted, beats, reaches, close, letGo } = await hanging(kind, place, '-seat', cancel)
    await run.pause()
    await beats()
    expect((await run.view()).status).toBe('compensating')
    letGo()
    await reaches('paused')
    expect(names(world.take())).toEqual(['-seat'])
    await run.resume()
    await reaches('cancelled')
    expect(names(world.take())).toEqual(['-meal', '-bag', '-flight'])
    expect(aborted).toEqual([])
    await close()
  })

  it('I5 of all verbs at once the run takes what fits, and ends once', async () => {
    const { run, reaches, close } = await hanging(kind, place, 'hotel')
    await Promise.allSettled([
      run.pause(),
      run.cancel(),
      run.terminate(),
      run.cancel(),
      run.resume(),
      run.retry(),
    ])
    await reaches('terminated').catch(async () => expect((await run.view()).status).toBe('cancelled'))
    const ends = (await typesOf(run)).filter(({ type }) => /^(terminated|compensated)$/.test(type))
    expect(ends.length).toBeLessThanOrEqual(1)
    await close()
  })
})

describe.each(kinds.filter(({ kind }) => kind !== 'memory'))(
  'what its worker never heard of: $kind',
  (kind) => {
    it.each(['cancel', 'terminate', 'pause'] as const)(
      'I3 I6 a %s that was stored is done by the next worker, before it calls anything',
      async (verb) => {
        const name = freshName()
        const world = new World()
        let working = false
        world.before = (call) => (call === 'hotel' ? new Promise(() => (working = true)) : undefined)
        const options = { workflows: [TripWorkflow], resources: { world } } as const
        const first = createTestEngine({ ...options, store: kind.make(name) }) // never looks by itself
        await first.engine.start(TripWorkflow, { to: 'Rome' }, { id: 't' })
        while (!working) await new Promise((resolve) => setImmediate(resolve))
        const other = createTestEngine({ ...options, store: kind.make(name), worker: false })
        await (await other.engine.get('t'))[verb]()
        expect(await (await other.engine.get('t')).view()).toMatchObject({ status: 'running' })
        await other.close()
        await first.close()
        world.take()
        const next = createTestEngine({ ...options, store: kind.make(name) })
        const status = { cancel: 'cancelled', terminate: 'terminated', pause: 'paused' }[verb]
        expect(await next.finish(await next.engine.get('t'))).toMatchObject({ status })
        expect(names(world.take())).toEqual(verb === 'cancel' ? undone : [])
        expect(await next.engine.store.list('inbox', { limit: 9 })).toEqual([])
        await next.close()
      },
    )
  },
)
