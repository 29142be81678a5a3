import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { makeStore, resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import { evaluate, evaluation, fromRuns, outcomesOf, path, tools } from 'stepwright/eval'
import { tool, type Llm } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { offline } from '../support/offline-llm.ts'

/** A tool of that name is what the model calls first; then it says so. */
const use = async (llm: Llm, name: string): Promise<string> => {
  const input = z.object({})
  const made = tool({ name, description: name, input, run: () => `${name} done` })
  const { done } = await llm.agent({ ask: `Use ${name}.`, tools: [made] })
  return done ? name : ''
}
const script = ({
  tools: offered = [],
  messages,
}: {
  tools?: readonly { name: string }[]
  messages: readonly { role: string }[]
}) =>
  messages.at(-1)?.role === 'tool'
    ? 'Done.'
    : { toolCalls: [{ name: offered[0]?.name ?? '', arguments: {} }] }

enum KidState {
  Work = 'work',
  Done = 'done',
}
const Kid = states(
  KidState,
  { [KidState.Work]: z.object({ name: z.string() }), [KidState.Done]: z.object({}) },
  { initial: KidState.Work, final: KidState.Done, resources: resources<{ llm: Llm }>() },
)
type KD = ShapeOf<typeof Kid>

@Kid.workflow({ name: 'helper' })
class HelperWorkflow {
  @Kid.step(KidState.Work, { to: KidState.Done })
  async work({ name }: Input<KD, KidState.Work>, { llm }: Context<KD>) {
    await use(llm, name)
    return Kid.go(KidState.Done, {})
  }
}

enum State {
  First = 'first',
  Both = 'both',
  Each = 'each',
  Help = 'help',
  Done = 'done',
}
const none = z.object({})
const Desk = states(
  State,
  {
    ...{ [State.First]: none, [State.Both]: none, [State.Each]: none, [State.Help]: none },
    [State.Done]: none,
  },
  {
    ...{ initial: State.First, final: State.Done, items: { [State.Each]: z.string() } },
    branches: { [State.Both]: { slow: z.string(), fast: z.string() } },
    resources: resources<{ llm: Llm }>(),
  },
)
type D = ShapeOf<typeof Desk>

@Desk.workflow({ name: 'desk' })
class DeskWorkflow {
  @Desk.step(State.First, { to: State.Both })
  async first(_: Input<D, State.First>, { llm }: Context<D>) {
    await use(llm, 'begin')
    return Desk.go(State.Both, {})
  }
  @Desk.branch(State.Both, 'slow')
  async slow(_: Input<D, State.Both>, { llm }: Context<D>) {
    await use(llm, 'slow-1')
    return use(llm, 'slow-2')
  }
  @Desk.branch(State.Both, 'fast')
  fast(_: Input<D, State.Both>, { llm }: Context<D>) {
    return use(llm, 'fast')
  }
  @Desk.parallel(State.Both, { to: State.Each, join: 'all' })
  both(_: unknown, _input: Input<D, State.Both>) {
    return Desk.go(State.Each, {})
  }
  @Desk.map(State.Each, {
    ...{ over: () => [2, 1], to: State.Help },
    reduce: () => Desk.go(State.Help, {}),
  })
  async each(item: number, _: Input<D, State.Each>, { llm }: Context<D>) {
    if (item === 2) await use(llm, 'item-2-first')
    return use(llm, `item-${item}`)
  }
  @Desk.children(State.Help, {
    ...{ workflow: HelperWorkflow, over: () => ['help-a', 'help-b'], input: (name: string) => ({ name }) },
    to: State.Done,
  })
  help(_: unknown, _input: Input<D, State.Help>) {
    return Desk.go(State.Done, {})
  }
}

const CALLED = [
  ...['begin', 'fast', 'slow-1', 'slow-2', 'item-2-first', 'item-2', 'item-1'],
  ...['help-a', 'help-b'],
]
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
const PATH = ['first', 'both', 'each', 'help', 'done']

describe('tools of branches, items and child runs', () => {
  it('reach the scorers of a run, in an order that does not hang on who was faster', async () => {
    await using made = await offline({ script })
    const result = await evaluate(
      evaluation({
        ...{ name: 'desk', workflow: DeskWorkflow, resources: { llm: made.llm } },
        data: [{ input: {}, tools: CALLED, path: PATH }],
        scorers: [tools(), path()],
      }),
    )
    const [item] = result.items
    expect(item?.error).toBeUndefined()
    expect(item?.tools).toEqual(CALLED)
    expect(item?.scores).toEqual({ tools: { score: 1 }, path: { score: 1 } })
    expect(item?.spent.calls).toBe(made.server.calls.length)
  })

  it('and those of recorded runs, with all that they have spent', async () => {
    await using made = await offline({ script })
    const store = makeStore('memory')
    const test = createTestEngine({
      ...{ workflows: [DeskWorkflow, HelperWorkflow], store, resources: { llm: made.llm } },
    })
    await test.finish(await test.engine.start(DeskWorkflow, {}))
    const filter = { workflow: 'desk' }
    expect(await all(fromRuns(store, filter))).toMatchObject([{ tools: CALLED, path: PATH }])
    const spent = { calls: made.server.calls.length }
    expect(await all(outcomesOf(store, filter))).toMatchObject([
      { recorded: { tools: CALLED, path: PATH, spent } },
    ])
    await test.close()
  })
})
