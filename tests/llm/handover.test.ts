import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import {
  AnswerError,
  cached,
  createLlm,
  fallback,
  openAiModel,
  RefusalError,
  replayed,
  Tape,
  type FallbackOptions,
  type Llm,
} from 'stepwright/llm'
import { createModelServer, createTestEngine, TestClock } from 'stepwright/testing'
import { ask, httpError, scripted, type Reply } from './scripted.ts'

const Price = z.object({ price: z.number() })
const good = '{"price":12}'
const wrong = (name: string, raw = `{"price":"of ${name}"}`) => scripted(name, () => raw)

describe('a list of models', () => {
  it('hands a question over whose answers never fit, with repairs of its own for the next one', async () => {
    const a = wrong('a')
    const b = scripted('b', (_, n) => (n === 1 ? 'none' : good))
    const llm = createLlm(fallback([a, b]))
    expect(await llm.object(Price, 'What does it cost?')).toEqual({ price: 12 })
    expect(a.calls.map(({ request }) => request.messages.length)).toEqual([1, 3, 5])
    // the other model begins with the question, not with what the first one has made of it
    expect(b.calls.map(({ request }) => request.messages.length)).toEqual([1, 3])
  })

  it('ends with the error of the last model, with what that one said', async () => {
    const models = [wrong('a'), wrong('b'), wrong('c')]
    const failed = createLlm(fallback(models)).object(Price, 'What does it cost?', { repairs: 1 })
    await expect(failed).rejects.toBeInstanceOf(AnswerError)
    await expect(failed).rejects.toMatchObject({ fault: 'wrong-form', raw: '{"price":"of c"}' })
    expect(models.map(({ calls }) => calls.length)).toEqual([2, 2, 2])
  })

  it('hands over what it is told to, and refusals only then', async () => {
    const refusing = (): Reply => ({ text: '', refusal: 'I will not' })
    const cut = (): Reply => ({ text: 'half', finish: 'length' })
    const text = (reply: () => Reply, options: FallbackOptions = {}) =>
      createLlm(fallback([scripted('a', reply), scripted('b', () => 'gladly')], options)).text('Do it.')
    await expect(text(refusing)).rejects.toBeInstanceOf(RefusalError)
    await expect(text(cut)).rejects.toMatchObject({ fault: 'not-whole', raw: 'half' })
    expect(await text(refusing, { handOver: ['refusal'] })).toBe('gladly')
    expect(await text(cut, { handOver: ['not-whole'] })).toBe('gladly')
    const thrown = scripted('a', () => new RefusalError('no', 'I will not'))
    const model = fallback([thrown, scripted('b', () => 'gladly')], { handOver: ['refusal'] })
    expect(await createLlm(model).text('Do it.')).toBe('gladly')

    const never = fallback([wrong('a'), scripted('b', () => good)], { handOver: [] })
    await expect(createLlm(never).object(Price, 'What?')).rejects.toMatchObject({ raw: '{"price":"of a"}' })
  })

  it('lets an agent go on with another model where one refuses', async () => {
    const a = scripted('a', () => ({ text: '', refusal: 'I will not' }))
    const llm = createLlm(fallback([a, scripted('b', () => 'Done.')], { handOver: ['refusal'] }))
    expect(await llm.agent({ ask: 'Do it.', tools: [] })).toMatchObject({ done: true, output: 'Done.' })
  })

  it('in a list, and behind a cache, goes through all of them', async () => {
    const [a, b, c] = [wrong('a'), wrong('b'), scripted('c', () => good)]
    const llm = createLlm(cached(fallback([fallback([a, b]), c]), { ttl: '1d', clock: new TestClock() }))
    expect(await llm.object(Price, 'What does it cost?', { repairs: 0 })).toEqual({ price: 12 })
    expect(await llm.object(Price, 'What does it cost?', { repairs: 0 })).toEqual({ price: 12 })
    expect([a, b, c].map(({ calls }) => calls.length)).toEqual([1, 1, 1])
  })

  it('leaves no model alone for a question that it could not answer', async () => {
    const a = wrong('a')
    const model = fallback([a, scripted('b', () => good)], { breaker: { calls: 1 }, clock: new TestClock() })
    for (let i = 0; i < 5; i++) await createLlm(model).object(Price, `${i}?`, { repairs: 0 })
    expect(a.calls).toHaveLength(5)
    expect((await model.complete(ask('x'))).model).toBe('a')
  })

  it('works over HTTP, with a model that breaks its JSON', async () => {
    await using first = await createModelServer()
    await using second = await createModelServer({ script: () => ({ price: 7 }) })
    first.fail({ json: 'broken', times: 3 })
    const model = (baseUrl: string, name: string) => openAiModel({ model: name, apiKey: 'offline', baseUrl })
    const llm = createLlm(fallback([model(first.url, 'a'), model(second.url, 'b')]))
    expect(await llm.object(Price, 'What does it cost?')).toEqual({ price: 7 })
    expect([first.calls.length, second.calls.length]).toEqual([3, 1])
  })
})

enum State {
  Ask = 'ask',
  Done = 'done',
}
const Asking = states(
  State,
  { [State.Ask]: z.object({ what: z.string() }), [State.Done]: Price },
  { initial: State.Ask, final: State.Done, resources: resources<{ llm: Llm }>() },
)

type D = ShapeOf<typeof Asking>

@Asking.workflow({ name: 'asking' })
class AskingWorkflow {
  @Asking.step(State.Ask, { to: State.Done, retry: { maxAttempts: 2, initialInterval: '1s' } })
  async ask({ what }: Input<D, State.Ask>, { llm }: Context<D>) {
    return Asking.go(State.Done, await llm.object(Price, what, { repairs: 1 }))
  }
}

async function ran(llm: Llm) {
  const test = createTestEngine({ workflows: [AskingWorkflow], resources: { llm } })
  const run = await test.engine.start(AskingWorkflow, { what: 'What does it cost?' })
  const view = await test.finish(run)
  const tape = await Tape.of(run.events({ follow: false }))
  await test.close()
  return { view, tape }
}

describe('in a run', () => {
  it('a second attempt asks anew where the first had only answers of no use', async () => {
    const model = scripted('m', (_, n) => (n <= 2 ? 'none' : good))
    const { view } = await ran(createLlm(model))
    expect(view).toMatchObject({ status: 'completed', data: { price: 12 }, spent: { calls: 3 } })
    expect(model.calls.map(({ request }) => request.messages.length)).toEqual([1, 3, 1])
  })

  it('a second attempt pays for no answer of the first model again, and a tape plays it all', async () => {
    const [a, b] = [wrong('a'), scripted('b', (_, n) => (n === 1 ? httpError(503) : good))]
    const { view, tape } = await ran(createLlm(fallback([a, b])))
    expect(view).toMatchObject({ status: 'completed', data: { price: 12 }, spent: { calls: 4 } })
    expect([a.calls.length, b.calls.length]).toEqual([2, 2])
    const again = await ran(createLlm(replayed(tape)))
    expect(again.view).toMatchObject({ status: 'completed', data: { price: 12 } })
  })
})
