import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { FatalError, resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import { createLlm, limited, type CalledFor, type Llm } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { freshName, storeKinds } from '../support/stores.ts'
import { scripted } from './scripted.ts'

enum KidState {
  Write = 'write',
  Done = 'done',
}
const Kid = states(
  KidState,
  { [KidState.Write]: z.object({ pages: z.number() }), [KidState.Done]: z.object({ pages: z.number() }) },
  { initial: KidState.Write, final: KidState.Done, resources: resources<{ llm: Llm }>() },
)
type KD = ShapeOf<typeof Kid>

@Kid.workflow({ name: 'chapter' })
class ChapterWorkflow {
  @Kid.step(KidState.Write, { to: KidState.Done })
  async write({ pages }: Input<KD, KidState.Write>, { llm }: Context<KD>) {
    for (let i = 0; i < pages; i++) await llm.text(`page ${i}`)
    return Kid.go(KidState.Done, { pages })
  }
}

enum State {
  Plan = 'plan',
  One = 'one',
  Many = 'many',
  Check = 'check',
  Done = 'done',
  Poor = 'poor',
}
const plan = z.object({ one: z.number(), many: z.array(z.number()), checks: z.number() })
const Book = states(
  State,
  {
    ...{ [State.Plan]: plan, [State.One]: plan, [State.Many]: plan, [State.Check]: plan },
    ...{ [State.Done]: z.object({}), [State.Poor]: z.object({}) },
  },
  { initial: State.Plan, final: [State.Done, State.Poor], resources: resources<{ llm: Llm }>() },
)
type D = ShapeOf<typeof Book>
const poor = { error: 'over-budget', to: State.Poor, with: () => ({}) } as const
const poorChild = { error: 'ChildError', to: State.Poor, with: () => ({}) } as const

/** A book: a call for the plan, one chapter, many chapters one after the other, and then some checks. */
@Book.workflow({ name: 'book' })
class BookWorkflow {
  @Book.step(State.Plan, { to: State.One })
  async plan(given: Input<D, State.Plan>, { llm }: Context<D>) {
    await llm.text('plan')
    return Book.go(State.One, given)
  }
  @Book.child(State.One, {
    ...{ workflow: ChapterWorkflow, input: ({ one }) => ({ pages: one }) },
    ...{ to: State.Many, catch: poorChild },
  })
  one(_: unknown, given: Input<D, State.One>) {
    return Book.go(State.Many, given)
  }
  @Book.children(State.Many, {
    ...{ workflow: ChapterWorkflow, over: ({ many }) => many, input: (pages) => ({ pages }), concurrency: 1 },
    ...{ to: State.Check, catch: poorChild },
  })
  many(_: unknown, given: Input<D, State.Many>) {
    return Book.go(State.Check, given)
  }
  @Book.step(State.Check, { to: State.Done, catch: poor })
  async check({ checks }: Input<D, State.Check>, { llm }: Context<D>) {
    for (let i = 0; i < checks; i++) await llm.text(`check ${i}`)
    return Book.go(State.Done, {})
  }
}

/** A process in which a run may make so many calls, and the model answers so many; and its calls. */
function writing(most = 10, answers = Infinity) {
  const made: CalledFor[] = []
  const bare = scripted('m', ({ how }) => {
    if (made.length >= answers) return new FatalError('stop here')
    const { workflow, tenant, family } = how.for ?? {}
    made.push({ workflow, tenant, family }) // as it is now
    return 'text'
  })
  const llm = createLlm(limited(bare, { limits: [{ per: 'run', requests: most }] }))
  return { made, llm }
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('the budget of a family: $kind', (kind) => {
  const open = (llm: Llm, name = freshName()) =>
    createTestEngine({
      workflows: [BookWorkflow, ChapterWorkflow],
      store: kind.make(name),
      resources: { llm },
    })

  it.each([
    ['in its child', { one: 12, many: [], checks: 0 }, ['book', ...Array<string>(9).fill('chapter')]],
    ['in one of many', { one: 2, many: [3, 3, 3], checks: 0 }, ['book', ...Array<string>(9).fill('chapter')]],
    [
      'in the parent, after its children',
      { one: 2, many: [2, 2], checks: 9 },
      ['book', ...Array<string>(6).fill('chapter'), ...Array<string>(3).fill('book')],
    ],
  ])('ends %s', async (_, input, callers) => {
    const { made, llm } = writing()
    const test = open(llm)
    const run = await test.engine.start(BookWorkflow, input, { id: 'b', as: { id: 'ada', tenant: 'acme' } })
    expect(await test.finish(run)).toMatchObject({ status: 'completed', state: State.Poor })
    expect(made.map(({ workflow }) => workflow)).toEqual(callers)
    expect(made.every(({ tenant }) => tenant === 'acme')).toBe(true)
    expect(made.every(({ family }) => family?.run === 'b')).toBe(true)
    expect(made.map(({ family }) => family?.spent.calls)).toEqual(callers.map((_, i) => i))
    for (const { id } of await test.engine.list({}))
      expect((await test.engine.verify(id)).problems).toEqual([])
    await test.close()
  })

  it('goes by what histories say in a new process, and each run says what it has spent itself', async () => {
    const name = freshName()
    const before = writing(99, 5)
    const first = open(before.llm, name)
    const input = { one: 2, many: [2], checks: 9 }
    const run = await first.engine.start(BookWorkflow, input, { id: 'b' })
    // the one call that failed counts too
    expect(await first.finish(run)).toMatchObject({ status: 'failed', spent: { calls: 2 } })
    expect((await (await first.engine.get('b/one/1')).view()).spent).toMatchObject({ calls: 2 })
    await first.close()
    const after = writing(8)
    const second = open(after.llm, name)
    const again = await second.engine.get('b')
    await again.retry()
    expect(await second.finish(again)).toMatchObject({ status: 'completed', state: State.Poor })
    expect([before.made.length, after.made.length]).toEqual([5, 2])
    await second.close()
  })
})
