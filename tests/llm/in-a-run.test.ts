import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  resources,
  states,
  type Context,
  type HistoryEvent,
  type Input,
  type RunHandle,
  type ShapeOf,
} from 'stepwright'
import { createLlm, type Llm, type Model } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { offline, type Offline } from '../support/offline-llm.ts'
import { until } from '../support/passing.ts'
import { ABILITIES } from './scripted.ts'

enum State {
  Write = 'write',
  Done = 'done',
}
const Letters = states(
  State,
  {
    [State.Write]: z.object({
      to: z.string().meta({ pii: true }),
      key: z.string().meta({ secret: true }),
      mode: z.string().default(''),
    }),
    [State.Done]: z.object({ text: z.string() }),
  },
  { initial: State.Write, final: State.Done, resources: resources<{ llm: Llm }>() },
)
type D = ShapeOf<typeof Letters>

@Letters.workflow({ name: 'letters' })
class LettersWorkflow {
  @Letters.step(State.Write, {
    to: State.Done,
    retry: { maxAttempts: 3, initialInterval: '1s', jitter: 'none' },
  })
  async write({ to, key, mode }: Input<D, State.Write>, { llm, run }: Context<D>) {
    if (mode === 'twice') {
      const both = await Promise.all([llm.text('Say it.'), llm.text('Say it.')])
      return Letters.go(State.Done, { text: both.join(' ') })
    }
    if (mode === 'growing') {
      const messages = [{ role: 'user' as const, text: 'Say it.' }]
      const answer = llm.text(messages)
      messages.push({ role: 'user', text: 'Say more.' })
      return Letters.go(State.Done, { text: await answer })
    }
    const greeting = await llm.text(`Greet ${to} with ${key}.`)
    const text = await llm.text([
      { role: 'user', text: `Greet ${to} with ${key}.` },
      { role: 'assistant', text: greeting },
      { role: 'user', text: mode === 'clock' ? `Go on at attempt ${run.attempt}.` : 'Go on.' },
    ])
    return Letters.go(State.Done, { text })
  }
}

const INPUT = { to: 'Ada Lovelace', key: 'k-123456' }
const PRICES = { 'offline-model': { input: 1, output: 2, cached: 0.5 } }

function open(made: Offline) {
  return createTestEngine({ workflows: [LettersWorkflow], resources: { llm: made.llm } })
}
async function callsOf(run: RunHandle<D>): Promise<readonly (HistoryEvent & { type: 'model-called' })[]> {
  const calls = []
  for await (const event of run.events({ follow: false }))
    if (event.type === 'model-called') calls.push(event)
  return calls
}

describe('a model in a run', () => {
  it('is told of in the history: what was asked and answered, tokens, cost, once', async () => {
    await using made = await offline({ llm: { prices: PRICES }, script: () => 'Well.' })
    const test = open(made)
    const run = await test.engine.start(LettersWorkflow, INPUT)
    const view = await test.finish(run)
    const [first, second, ...others] = await callsOf(run)
    expect(others).toEqual([])
    expect(first).toMatchObject({
      model: 'offline-model',
      verb: 'text',
      attempt: 1,
      messages: [{ role: 'user', text: 'Greet *** with ***.' }],
      answer: 'Well.',
      finish: 'stop',
      usage: { input: expect.any(Number) as number, output: 2 },
    })
    expect(second).toMatchObject({
      skipped: 1,
      messages: [{ role: 'assistant' }, { role: 'user', text: 'Go on.' }],
    })
    const cost = (first?.cost ?? 0) + (second?.cost ?? 0)
    expect(cost).toBeGreaterThan(0)
    expect(view.spent).toMatchObject({ calls: 2, cost })
    expect(JSON.stringify(await callsOf(run))).not.toMatch(/Lovelace|k-123456/)
    expect(made.server.calls[0]?.messages[0]?.content).toContain('Ada Lovelace with k-123456')
    await test.close()
  })

  it('is not asked again by a second attempt, and what failed is told too', async () => {
    await using made = await offline()
    let n = 0
    made.server.script(() => (++n === 2 ? { status: 429, retryAfter: 30 } : `Answer ${n}.`))
    const test = open(made)
    const run = await test.engine.start(LettersWorkflow, INPUT)
    const began = test.clock.now()
    expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { text: 'Answer 3.' } })
    expect(test.clock.now() - began).toBeGreaterThanOrEqual(30_000) // a durable timer, not a sleeping process
    expect(made.server.calls.map(({ status }) => status)).toEqual([200, 429, 200])
    expect((await callsOf(run)).map(({ failure }) => failure?.status)).toEqual([undefined, 429, undefined])
    const keys = made.server.calls.map(({ idempotencyKey }) => idempotencyKey)
    expect(keys[1]).toBe(keys[2])
    expect(new Set(keys).size).toBe(2)
    await test.close()
  })

  it('asks anew where the question is another, and twice where it is asked twice', async () => {
    await using made = await offline()
    let n = 0
    made.server.script(() => (++n === 2 ? { status: 500 } : `${n}`))
    const test = open(made)
    const clock = await test.engine.start(LettersWorkflow, { ...INPUT, mode: 'clock' })
    expect(await test.finish(clock)).toMatchObject({ data: { text: '3' } })
    expect(made.server.calls.at(-1)?.messages.at(-1)?.content).toBe('Go on at attempt 2.')
    const twice = await test.engine.start(LettersWorkflow, { ...INPUT, mode: 'twice' })
    expect(await test.finish(twice)).toMatchObject({ data: { text: '4 5' } })
    await test.close()
  })

  it('is told of with what was said to it, whatever is done with that afterwards', async () => {
    await using made = await offline({ script: () => 'Well.' })
    const test = open(made)
    const run = await test.engine.start(LettersWorkflow, { ...INPUT, mode: 'growing' })
    await test.finish(run)
    const [call] = await callsOf(run)
    expect(call?.messages).toEqual([{ role: 'user', text: 'Say it.' }])
    expect(made.server.calls[0]?.messages).toHaveLength(1)
    await test.close()
  })

  it('has a signal of its own for each call, and all of them end with the attempt', async () => {
    const signals: AbortSignal[] = []
    const model: Model = {
      name: 'silent',
      abilities: ABILITIES,
      complete: (_request, { signal } = {}) =>
        new Promise((_, reject) => {
          if (signal) signals.push(signal)
          signal?.addEventListener('abort', () => reject(signal.reason as Error))
        }),
    }
    const test = createTestEngine({ workflows: [LettersWorkflow], resources: { llm: createLlm(model) } })
    const run = await test.engine.start(LettersWorkflow, { ...INPUT, mode: 'twice' })
    await until(test, () => signals.length === 2)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
    await run.cancel()
    expect(await test.finish(run)).toMatchObject({ status: 'cancelled' })
    expect(new Set(signals.filter(({ aborted }) => aborted)).size).toBe(2)
    await test.close()
  })

  it('is written down as `mask` leaves it', async () => {
    await using made = await offline({
      llm: { mask: (call) => ({ ...call, messages: [], answer: 'left out' }) },
    })
    const test = open(made)
    const run = await test.engine.start(LettersWorkflow, INPUT)
    await test.finish(run)
    for (const call of await callsOf(run)) expect(call).toMatchObject({ messages: [], answer: 'left out' })
    await test.close()
  })
})
