import { existsSync } from 'node:fs'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  makeStore,
  resources,
  states,
  RetryableError,
  type Context,
  type Input,
  type ShapeOf,
  type Signal,
} from 'stepwright'
import { at, evaluate, evaluation, exact, fromRuns, outcomesOf, path, visits } from 'stepwright/eval'
import type { Llm } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { isEvaluation } from '../../src/eval/evaluation.ts'
import { JudgeWorkflow, State as Judging } from '../../examples/07-judge/judge.ts'
import { offline } from '../support/offline-llm.ts'

enum State {
  Ask = 'ask',
  Rest = 'rest',
  Review = 'review',
  Sent = 'sent',
  Dropped = 'dropped',
}
const text = z.object({ text: z.string() })
const Mails = states(
  State,
  {
    [State.Ask]: text,
    [State.Rest]: text,
    [State.Review]: text,
    [State.Sent]: text,
    [State.Dropped]: text,
  },
  {
    initial: State.Ask,
    final: [State.Sent, State.Dropped],
    signals: { approve: z.object({ by: z.string() }) },
    vars: z.object({ asked: z.number().default(0) }),
    resources: resources<{ ask: (text: string, key: string) => Promise<string> }>(),
  },
)
const { workflow, step, timer, wait, go } = Mails
type D = ShapeOf<typeof Mails>

@workflow({ name: 'mails' })
class MailsWorkflow {
  @step(State.Ask, { to: State.Rest, retry: { maxAttempts: 2, initialInterval: '200ms', jitter: 'none' } })
  async ask({ text }: Input<D, State.Ask>, { ask, run, vars }: Context<D>) {
    return go(State.Rest, { text: await ask(text, run.idempotencyKey) }, { asked: vars.asked + 1 })
  }
  @timer(State.Rest, { for: '2d', to: State.Review })
  rest({ text }: Input<D, State.Rest>, _: Context<D>) {
    return go(State.Review, { text })
  }
  @wait(State.Review, {
    on: { approve: State.Sent },
    expires: { after: '7d', to: State.Dropped, with: { text: 'nobody looked' } },
  })
  review({ by }: Signal<D, 'approve'>, { text }: Input<D, State.Review>) {
    return go(State.Sent, { text: `${text}, ${by}` })
  }
}

const shout = (text: string): Promise<string> => Promise.resolve(text.toUpperCase())
const LONG_PATH = ['ask', 'rest', 'review', 'dropped']

describe('an evaluation of a workflow', () => {
  it('runs each item to its end, and time that is only waited for is skipped', async () => {
    const began = Date.now()
    const result = await evaluate(
      evaluation({
        name: 'mails',
        workflow: MailsWorkflow,
        resources: { ask: shout },
        data: [
          { input: { text: 'a' }, expected: { text: 'nobody looked' }, path: LONG_PATH },
          { input: { text: 'b' }, expected: { text: 'B, ada' }, path: ['ask', 'sent'] },
        ],
        scorers: [exact(), path(), path(LONG_PATH), visits('ask', { most: 1 }), visits('rest', { least: 2 })],
      }),
    )
    expect(result.items[0]?.scores).toEqual({
      exact: { score: 1 },
      path: { score: 1 },
      'path 2': { score: 1 },
      'visits ask': { score: 1 },
      'visits rest': { score: 0, reason: 'it was visited 1 times' },
    })
    expect(result.items[1]?.scores['path']).toEqual({
      score: 0.25,
      reason: 'it was ask, rest, review, dropped',
    })
    expect(Date.now() - began).toBeLessThan(10_000)
  })

  it('sends what the evaluation says to a run that waits', async () => {
    const result = await evaluate(
      evaluation({
        name: 'mails',
        workflow: MailsWorkflow,
        resources: { ask: shout },
        signals: ({ awaits }) =>
          awaits.includes('approve') ? { signal: 'approve', payload: { by: 'ada' } } : undefined,
        data: [{ input: { text: 'b' }, expected: 'B, ada' }],
        scorers: [at(({ text }) => text, exact()), path(['ask', 'rest', 'review', 'sent'])],
      }),
    )
    expect(result).toMatchObject({ mean: 1, failed: 0, items: [{ output: { text: 'B, ada' } }] })
  })

  it('tries again what the workflow would, and has a failed item where it fails', async () => {
    const keys: string[] = []
    const times: number[] = []
    const result = await evaluate(
      evaluation({
        name: 'mails',
        workflow: MailsWorkflow,
        resources: {
          ask: (text: string, key: string) => {
            keys.push(key)
            times.push(performance.now())
            return keys.length === 1
              ? Promise.reject(new RetryableError('busy', { retryAfter: '250ms' }))
              : shout(text)
          },
        },
        data: [{ input: { text: 'a' } }, { input: { text: 'b', more: 1 } as never }],
        scorers: [path(LONG_PATH)],
      }),
      { concurrency: 1 },
    )
    expect(result.items[0]).toMatchObject({ mean: 1, path: LONG_PATH })
    expect(result.items[1]?.error).toMatchObject({ in: 'run', code: 'invalid-input' })
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(240) // a busy server needs it, and no clock of a test skips it
  })

  it('counts what its models cost, and follows its path', async () => {
    await using made = await offline({ llm: { prices: { 'offline-model': { input: 1, output: 1 } } } })
    const marks = [4, 9]
    made.server.script(({ responseFormat }) =>
      responseFormat ? { score: marks.shift(), advice: 'Be shorter.' } : 'Some text.',
    )
    const result = await evaluate(
      evaluation({
        name: 'judge',
        workflow: JudgeWorkflow,
        resources: { llm: made.llm },
        data: [{ input: { brief: 'Write.' } }],
        scorers: [
          path(['write', 'judge', 'refine', 'judge', 'done']),
          visits('refine', { most: 2 }),
          ({ output }) => output.score / 10,
        ],
      }),
    )
    expect(result.items[0]).toMatchObject({
      scores: { path: { score: 1 }, 'visits refine': { score: 1 }, 'scorer 3': { score: 0.9 } },
      spent: { calls: 4 },
    })
    expect(result.spent.cost).toBeGreaterThan(0)
  })
})

describe('an item that hangs', () => {
  it('is given up when its time is over, though its handler does not heed the signal', async () => {
    const began = performance.now()
    const result = await evaluate(
      evaluation({
        name: 'mails',
        workflow: MailsWorkflow,
        resources: {
          ask: (text: string) => (text === 'a' ? new Promise<string>(() => undefined) : shout(text)),
        },
        data: [{ input: { text: 'a' } }, { input: { text: 'b' } }],
        scorers: [path(LONG_PATH)],
        timeout: 200,
      }),
    )
    expect(result.items.map(({ error, mean }) => [error?.name, mean])).toEqual([
      ['TimeoutError', 0],
      [undefined, 1],
    ])
    expect(performance.now() - began).toBeLessThan(8_000)
  })

  it('and one that waits for a signal without an end is told of', async () => {
    const Stuck = states(
      { A: 'a', B: 'b' },
      { a: text, b: text },
      { initial: 'a', final: 'b', signals: { go: text } },
    )
    @Stuck.workflow({ name: 'stuck' })
    class StuckWorkflow {
      @Stuck.wait('a', { on: { go: 'b' } })
      a({ text }: Signal<ShapeOf<typeof Stuck>, 'go'>, _: Input<ShapeOf<typeof Stuck>, 'a'>) {
        return Stuck.go('b', { text })
      }
    }
    const stuck = {
      name: 'stuck',
      workflow: StuckWorkflow,
      data: [{ input: { text: 'a' } }],
      scorers: [path([])],
    }
    const { items } = await evaluate(evaluation(stuck))
    expect(items[0]?.error).toMatchObject({
      code: 'not-possible',
      message: expect.stringContaining('The run is waiting in "a" for go, and nothing is due') as string,
    })
    const wrong = await evaluate(evaluation({ ...stuck, signals: () => ({ signal: 'no', payload: {} }) }))
    expect(wrong.items[0]?.error).toMatchObject({ code: 'unknown-signal' })
  })
})

describe('an evaluation of one state', () => {
  it('does not begin the next', async () => {
    const calls: string[] = []
    const Chain = states(
      { A: 'a', B: 'b', C: 'c' },
      { a: text, b: text, c: text },
      { initial: 'a', final: 'c', resources: resources<{ called: (state: string) => void }>() },
    )
    type C = ShapeOf<typeof Chain>
    @Chain.workflow({ name: 'chain' })
    class ChainWorkflow {
      @Chain.step('a', { to: 'b' })
      a({ text }: Input<C, 'a'>, { called }: Context<C>) {
        called('a')
        return Chain.go('b', { text })
      }
      @Chain.step('b', { to: 'c' })
      b({ text }: Input<C, 'b'>, { called }: Context<C>) {
        called('b')
        return Chain.go('c', { text })
      }
    }
    const one = {
      name: 'one',
      workflow: ChainWorkflow,
      resources: { called: (state: string) => void calls.push(state) },
      data: [{ input: { text: 'x' } }],
    }
    await evaluate(evaluation({ ...one, state: 'a', scorers: [path(['a', 'b'])] }))
    expect(calls).toEqual(['a'])
    const { mean } = await evaluate(evaluation({ ...one, state: 'b', scorers: [path(['b', 'c'])] }))
    expect(calls).toEqual(['a', 'b'])
    expect(mean).toBe(1)
  })

  it('calls its handler alone, with vars, and gives what it hands over and where it goes', async () => {
    await using made = await offline({ script: () => ({ score: 5, advice: 'Be bold.' }) })
    const of = (rounds: number) =>
      evaluation({
        name: 'judging',
        workflow: JudgeWorkflow,
        state: Judging.Judge,
        vars: { rounds },
        resources: { llm: made.llm as Llm },
        data: [{ input: { brief: 'Write.', text: 'So.' } }],
        scorers: [path(['judge', 'refine'])],
      })
    const first = await evaluate(of(0))
    expect(first.items[0]).toMatchObject({
      mean: 1,
      output: { brief: 'Write.', text: 'So.', advice: 'Be bold.' },
      path: ['judge', 'refine'],
    })
    expect(made.server.calls).toHaveLength(1)
    const last = await evaluate(of(3))
    expect(last.items[0]).toMatchObject({ path: ['judge', 'done'], mean: 0.5 })
    const none = evaluation({
      name: 'none',
      workflow: JudgeWorkflow,
      state: 'nowhere' as Judging.Judge,
      resources: { llm: made.llm as Llm },
      data: [{ input: { brief: 'Write.', text: 'So.' } }],
      scorers: [path([])],
    })
    expect((await evaluate(none)).items[0]?.error?.message).toContain('judge has no state "nowhere"')
  })
})

describe('recorded runs', () => {
  async function threeRuns() {
    const store = makeStore('memory')
    const test = createTestEngine({ workflows: [MailsWorkflow], store, resources: { ask: shout } })
    for (const [id, text] of Object.entries({ first: 'a', second: 'b', third: 'c' })) {
      const run = await test.engine.start(MailsWorkflow, { text }, { id })
      if (id !== 'third') await test.finish(run)
      if (id === 'first') await run.signal('approve', { by: 'bo' })
      if (id === 'second') await test.clock.advance('8d')
    }
    await test.settle()
    return { store, [Symbol.asyncDispose]: () => test.close() }
  }

  it('are items: their inputs, and what they came to', async () => {
    await using recorded = await threeRuns()
    const replayed = evaluation({
      name: 'again',
      workflow: MailsWorkflow,
      resources: { ask: shout },
      data: () => fromRuns(recorded.store, { workflow: 'mails' }),
      scorers: [exact(), path()],
    })
    const { items } = await evaluate(replayed)
    expect(items).toMatchObject([
      {
        title: 'first',
        input: { text: 'a' },
        expected: { text: 'A, bo' },
        output: { text: 'nobody looked' },
        scores: { exact: { score: 0 }, path: { score: 0.75 } },
      },
      { title: 'second', input: { text: 'b' }, mean: 1 },
    ])
    expect((await evaluate(replayed, { limit: 1 })).items.map(({ title }) => title)).toEqual(['first'])
  })

  it('are judged as they came out, without being run again, and by a sample', async () => {
    await using recorded = await threeRuns()
    const live = (sample: number) =>
      evaluation({
        name: 'live',
        data: () => outcomesOf(recorded.store, { sample }),
        scorers: [visits('sent', { least: 1 }), ({ expected }) => expected === undefined],
      })
    const { items } = await evaluate(live(1))
    expect(items.map(({ title, output, mean }) => [title, output, mean])).toEqual([
      ['first', { text: 'A, bo' }, 1],
      ['second', { text: 'nobody looked' }, 0.5],
    ])
    expect(items[0]?.path).toEqual(['ask', 'rest', 'review', 'sent'])
    await expect(evaluate(live(0))).rejects.toThrow('There are no items')
    const nothing = evaluation({ name: 'x', data: [{ input: 1 }], scorers: [path([])] })
    expect((await evaluate(nothing)).items[0]?.error?.message).toContain('runs nothing')
  })

  it('of a file that is not there are an error, and no file is made', async () => {
    const lost = evaluation({ name: 'x', data: fromRuns('sqlite:nowhere.db'), scorers: [path()] })
    await expect(evaluate(lost)).rejects.toMatchObject({ code: 'store-unusable' })
    expect(existsSync('nowhere.db')).toBe(false)
  })
})

describe('types', () => {
  it('of data, resources and scorers have to fit what is run', () => {
    const given = { name: 'x', workflow: MailsWorkflow, scorers: [path([])] }
    // @ts-expect-error the input of the workflow is { text }
    evaluation({ ...given, resources: { ask: shout }, data: [{ input: { subject: 'a' } }] })
    // @ts-expect-error it needs `ask`
    evaluation({ ...given, resources: {}, data: [{ input: { text: 'a' } }] })
    const double = { name: 'x', run: (n: number) => n * 2, data: [{ input: 1 }] }
    evaluation({ ...double, scorers: [({ output }) => output / 2] })
    // @ts-expect-error its output is a number
    evaluation({ ...double, scorers: [({ output }: { output: string }) => output.length] })
    // @ts-expect-error its input is a number
    evaluation({ ...double, data: [{ input: 'one' }], scorers: [exact()] })
    expect(isEvaluation(evaluation({ ...double, scorers: [exact()] }))).toBe(true)
  })
})
