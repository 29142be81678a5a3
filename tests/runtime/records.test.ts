import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  bind,
  resources,
  states,
  type Bindable,
  type Context,
  type HistoryEvent,
  type Input,
  type RunHandle,
  type Scope,
  type ShapeOf,
  type Spent,
} from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import { crashAtEachWrite, type Call, type Scenario } from '../support/restarting.ts'
import { storeKinds } from '../support/stores.ts'

enum State {
  Ask = 'ask',
  Each = 'each',
  Done = 'done',
}
interface Desk {
  ask(question: string): Promise<string>
}
const Asking = states(
  State,
  {
    [State.Ask]: z.object({ fails: z.number() }),
    [State.Each]: z.object({ parts: z.array(z.string()) }),
    [State.Done]: z.object({ answers: z.array(z.string()) }),
  },
  {
    initial: State.Ask,
    final: State.Done,
    items: { [State.Each]: z.string() },
    resources: resources<{ desk: Desk }>(),
  },
)
type D = ShapeOf<typeof Asking>

@Asking.workflow({ name: 'asking' })
class AskingWorkflow {
  @Asking.step(State.Ask, {
    to: State.Each,
    retry: { maxAttempts: 3, initialInterval: '1s', jitter: 'none' },
  })
  async ask({ fails }: Input<D, State.Ask>, { desk, run }: Context<D>) {
    const parts = [await desk.ask('one'), await desk.ask('two')]
    if (run.attempt <= fails) throw new Error('not yet')
    return Asking.go(State.Each, { parts: [...parts, await desk.ask('three')] })
  }
  @Asking.map(State.Each, {
    over: ({ parts }) => parts,
    to: State.Done,
    reduce: (answers) => Asking.go(State.Done, { answers: [...answers] }),
  })
  each(part: string, _: Input<D, State.Each>, { desk }: Context<D>) {
    return desk.ask(part)
  }
}

const COST = 0.5
const call = { model: 'm', verb: 'text', messages: [], usage: { input: 10, output: 5 }, cost: COST } as const

/** Answers each question once in a visit, and tells of it. */
class BoundDesk implements Desk, Bindable<Desk> {
  readonly #call: Call
  constructor(made: Call) {
    this.#call = made
  }
  ask(): Promise<string> {
    return Promise.reject(new Error('it is not bound'))
  }
  [bind](scope: Scope): Desk {
    const keyOf = (question: string): string => `${scope.run.idempotencyKey} ${question}`
    return { ask: (question) => scope.record(question, () => this.#made(keyOf(question))) }
  }
  async #made(key: string) {
    await this.#call(key)
    const note = { type: 'model-called', hash: key, ms: 1, attempt: 1, ...call } as const
    return { value: `${key}!`, note }
  }
}

async function historyOf(run: RunHandle): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) events.push(event)
  return events
}

interface Told {
  readonly spent: Spent | undefined
  readonly notes: readonly string[]
}

function told(spent: Spent | undefined, history: readonly HistoryEvent[]): Told {
  return { spent, notes: history.flatMap((event) => (event.type === 'model-called' ? [event.hash] : [])) }
}

const scenario = (fails: number): Scenario<Told> => ({
  workflows: [AskingWorkflow],
  resources: (made) => ({ desk: new BoundDesk(made) }),
  live: async (test) => {
    const run = await test.engine.start(AskingWorkflow, { fails } as never, { id: 'r' })
    await test.finish(run)
    const { spent } = await run.view()
    expect((await test.engine.verify('r')).problems).toEqual([])
    return told(spent, await historyOf(run))
  },
})

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('I4 records: $kind', (kind) => {
  it('are made once, told once and counted once, wherever the process dies', async () => {
    await crashAtEachWrite(kind, scenario(1), 3, ({ value }) => {
      expect(value.notes).toEqual(['r/ask/1 one', 'r/ask/1 two', 'r/ask/1 three'])
      expect(value.spent).toEqual({ calls: 6, tokens: 90, cost: 6 * COST })
    })
  })
})

describe('records', () => {
  it('of a run that failed are told, and not made or told again when it is retried', async () => {
    const made: string[] = []
    const desk = new BoundDesk((key) => Promise.resolve(void made.push(key)))
    const test = createTestEngine({ workflows: [AskingWorkflow], resources: { desk } })
    const run = await test.engine.start(AskingWorkflow, { fails: 3 }, { id: 'r' })
    expect(await test.finish(run)).toMatchObject({ status: 'failed', spent: { calls: 2 } })
    expect(told(undefined, await historyOf(run)).notes).toEqual(['r/ask/1 one', 'r/ask/1 two'])
    await run.retry({ data: undefined } as never)
    expect(await test.finish(run)).toMatchObject({ status: 'failed', spent: { calls: 2 } })
    expect(made).toHaveLength(2)
    expect(told(undefined, await historyOf(run)).notes).toHaveLength(2)
    expect((await test.engine.verify('r')).problems).toEqual([])
    await test.close()
  })

  it('of an item are told with what the item has come to', async () => {
    const test = createTestEngine({
      workflows: [AskingWorkflow],
      resources: { desk: new BoundDesk(() => Promise.resolve()) },
    })
    const run = await test.engine.start(AskingWorkflow, { fails: 0 }, { id: 'r' })
    await test.finish(run)
    const joined = (await historyOf(run)).find(({ type }) => type === 'joined')
    expect(joined).toMatchObject({ spent: { calls: 3, tokens: 45, cost: 3 * COST } })
    await test.close()
  })

  it('show what was spent, this attempt included', async () => {
    const seen: number[] = []
    const desk: Desk & Bindable<Desk> = {
      ask: () => Promise.resolve(''),
      [bind]: (scope) => ({
        ask: async (question) => {
          seen.push(scope.spent.cost)
          const note = { type: 'model-called', hash: question, ms: 1, attempt: 1, ...call } as const
          return scope.record(question, () => Promise.resolve({ value: question, note }))
        },
      }),
    }
    const test = createTestEngine({ workflows: [AskingWorkflow], resources: { desk } })
    const run = await test.engine.start(AskingWorkflow, { fails: 1 })
    await test.finish(run)
    expect(seen.slice(0, 5)).toEqual([0, COST, 2 * COST, 2 * COST, 2 * COST])
    expect(Math.max(...seen)).toBeLessThanOrEqual(5 * COST)
    await test.close()
  })
})
