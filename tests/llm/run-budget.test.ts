import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { bind, resources, states, type Bindable, type Context, type Input, type ShapeOf } from 'stepwright'
import { limited } from 'stepwright/llm'
import { createLlm, type Llm } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { freshName, storeKinds } from '../support/stores.ts'
import { ask, httpError, scripted } from './scripted.ts'

enum State {
  Write = 'write',
  Done = 'done',
  Poor = 'poor',
}
interface Desk {
  write(): Promise<string>
}
const Writing = states(
  State,
  {
    [State.Write]: z.object({ pages: z.number() }),
    [State.Done]: z.object({ pages: z.number() }),
    [State.Poor]: z.object({ pages: z.number() }),
  },
  { initial: State.Write, final: [State.Done, State.Poor], resources: resources<{ desk: Desk }>() },
)
type D = ShapeOf<typeof Writing>

@Writing.workflow({ name: 'writing' })
class WritingWorkflow {
  @Writing.step(State.Write, {
    to: [State.Write, State.Done],
    catch: { error: 'over-budget', to: State.Poor, with: (_failure, { pages }) => ({ pages }) },
  })
  async write({ pages }: Input<D, State.Write>, { desk }: Context<D>) {
    await desk.write()
    return pages === 100 ? Writing.go(State.Done, { pages }) : Writing.go(State.Write, { pages: pages + 1 })
  }
}

const prices = { m: { input: 0, output: 1_000 } }
const price = ({ output }: { output: number }): number => output / 1_000

/** A page costs 0.03 and is expected to cost 0.04; a budget of 0.5 for the run. A process makes `pages` of them. */
function desk(paid: number[], pages = Infinity): Desk & Bindable<Desk> {
  const bare = scripted('m', (_, i) => {
    if (i > pages) throw Object.assign(new Error('stop here'), { name: 'FatalError' })
    paid.push(30)
    return { usage: { input: 0, output: 30 } }
  })
  const model = limited(bare, { prices, limits: [{ per: 'run', cost: 0.5 }] })
  return {
    write: () => Promise.reject(new Error('it is not bound')),
    [bind]: (scope) => ({
      write: () =>
        scope.record('page', async () => {
          const { text, usage } = await model.complete(ask('x', 40), {
            for: { run: scope.run.id, spent: scope.spent },
          })
          const note = { type: 'model-called', model: 'm', verb: 'text', hash: 'h', messages: [] } as const
          return { value: text, note: { ...note, usage, cost: price(usage), ms: 1, attempt: 1 } }
        }),
    }),
  }
}

describe.each(storeKinds(['memory', 'sqlite']))('the budget of a run: $kind', (kind) => {
  it('holds across processes, and stops within one call of it', async () => {
    const paid: number[] = []
    const name = freshName()
    const first = createTestEngine({
      workflows: [WritingWorkflow],
      store: kind.make(name),
      resources: { desk: desk(paid, 9) },
    })
    const run = await first.engine.start(WritingWorkflow, { pages: 0 }, { id: 'r' })
    expect(await first.finish(run)).toMatchObject({ status: 'failed' })
    expect(paid).toHaveLength(9)
    await first.close()
    // a new process: its limiter has counted nothing, and goes by what the run knows
    const second = createTestEngine({
      ...{ workflows: [WritingWorkflow], store: kind.make(name), resources: { desk: desk(paid) } },
    })
    const again = await second.engine.get('r')
    await again.retry()
    expect(await second.finish(again)).toMatchObject({ status: 'completed', state: State.Poor })
    const spent = paid.length * 0.03
    expect(spent).toBeLessThanOrEqual(0.5)
    expect(spent + 0.04).toBeGreaterThan(0.5)
    expect((await again.view()).spent?.cost).toBeCloseTo(spent)
    await second.close()
  })
})

enum Each {
  Pages = 'pages',
  Done = 'done',
}
const Pages = states(
  Each,
  { [Each.Pages]: z.object({ count: z.number() }), [Each.Done]: z.object({ failed: z.number() }) },
  {
    ...{ initial: Each.Pages, final: Each.Done, items: { [Each.Pages]: z.string() } },
    resources: resources<{ llm: Llm }>(),
  },
)
type P = ShapeOf<typeof Pages>

@Pages.workflow({ name: 'pages' })
class PagesWorkflow {
  @Pages.map(Each.Pages, {
    ...{
      over: ({ count }) => Array.from({ length: count }, (_, i) => i),
      concurrency: 1,
      onError: 'collect',
    },
    retry: { maxAttempts: 2, initialInterval: '1h', jitter: 'none' },
    ...{ to: Each.Done },
    reduce: (ends) => Pages.go(Each.Done, { failed: ends.filter(({ ok }) => !ok).length }),
  })
  page(item: number, _: Input<P, Each.Pages>, { llm }: Context<P>) {
    return llm.text(`page ${item}`)
  }
}

describe.each(storeKinds(['sqlite']))('the budget of a run with items: $kind', (kind) => {
  it('counts what items have spent in a process that is gone', async () => {
    const name = freshName()
    const process = (reply: (n: number) => string | Error) => {
      const model = scripted('m', (_, n) => reply(n))
      const estimate = () => ({ input: 1, output: 1 })
      const llm = createLlm(limited(model, { estimate, limits: [{ per: 'run', tokens: 14 }] }))
      const test = createTestEngine({
        ...{ workflows: [PagesWorkflow], store: kind.make(name), resources: { llm } },
      })
      return { model, test }
    }
    const first = process((n) => (n <= 3 ? 'page' : httpError(503)))
    await first.test.engine.start(PagesWorkflow, { count: 10 }, { id: 'r' })
    await first.test.settle()
    await first.test.close()
    const second = process(() => 'page')
    const run = await second.test.engine.get('r')
    // three pages were paid for there, and seven may be in all
    expect(await second.test.finish(run)).toMatchObject({ data: { failed: 3 }, spent: { tokens: 14 } })
    expect(second.model.calls).toHaveLength(4)
    await second.test.close()
  })
})
