import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  createEngine,
  resources,
  states,
  type Context,
  type Input,
  type ShapeOf,
  type StreamPiece,
} from 'stepwright'
import type { Llm } from 'stepwright/llm'
import { createTestEngine } from 'stepwright/testing'
import { offline } from '../support/offline-llm.ts'
import { freshName, storeKinds } from '../support/stores.ts'

enum State {
  Say = 'say',
  Each = 'each',
  Done = 'done',
}
const Talk = states(
  State,
  {
    [State.Say]: z.object({}),
    [State.Each]: z.object({ first: z.string() }),
    [State.Done]: z.object({ texts: z.array(z.string()) }),
  },
  {
    initial: State.Say,
    final: State.Done,
    items: { [State.Each]: z.string() },
    resources: resources<{ llm: Llm }>(),
  },
)
type D = ShapeOf<typeof Talk>

@Talk.workflow({ name: 'talk' })
class TalkWorkflow {
  @Talk.step(State.Say, { to: State.Each, retry: { maxAttempts: 3, initialInterval: '1s', jitter: 'none' } })
  async say(_: Input<D, State.Say>, { llm }: Context<D>) {
    return Talk.go(State.Each, { first: await llm.text('Say something.', { stream: true }) })
  }
  @Talk.map(State.Each, {
    over: () => ['a', 'b'],
    to: State.Done,
    reduce: (texts, { first }) => Talk.go(State.Done, { texts: [first, ...texts] }),
  })
  each(item: string, _: Input<D, State.Each>, { llm }: Context<D>) {
    return llm.text(`Say ${item}.`, { stream: true })
  }
}

const long = (what: string): string => Array.from({ length: 30 }, (_, i) => `${what}${i}`).join(' ')
const script = ({ messages }: { messages: readonly { content: string }[] }): string =>
  long(messages[0]?.content.includes('something') ? 'first' : (messages[0]?.content ?? '').slice(4, 5))

/** The texts that pieces add up to, by call. */
function textsOf(pieces: readonly StreamPiece[]): readonly string[] {
  const texts = new Map<string, string>()
  for (const { call, text, restart } of pieces)
    texts.set(call, (restart ? '' : (texts.get(call) ?? '')) + text)
  return [...texts.values()]
}

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('run.stream: $kind', (kind) => {
  it('gives what models say as they say it, of steps and items, and then what is stored', async () => {
    await using made = await offline({ script, chunkMs: 12 })
    const engine = createEngine({
      workflows: [TalkWorkflow],
      store: kind.make(freshName()),
      resources: { llm: made.llm },
      onWarning: () => undefined,
    })
    const run = await engine.start(TalkWorkflow, {})
    const pieces: StreamPiece[] = []
    for await (const piece of run.stream()) pieces.push(piece)
    const expected = [long('first'), long('a'), long('b')]
    expect([...textsOf(pieces)].sort()).toEqual([...expected].sort())
    expect(pieces.filter(({ end }) => end)).toHaveLength(3)
    expect(pieces.length).toBeGreaterThan(5)
    expect((await run.result()).data.texts).toEqual(expected)

    // one that comes back goes on where it was, and one that comes late gets it all
    const cursor = pieces[1]?.cursor as string
    const rest: StreamPiece[] = []
    for await (const piece of run.stream({ after: cursor })) rest.push(piece)
    expect(textsOf([...pieces.slice(0, 2), ...rest])[0]).toBe(long('first'))
    await engine.close()
  })
})

describe('run.stream', () => {
  it('says that a call was begun anew, and what was said before does not count', async () => {
    await using made = await offline({ idleMs: 2_000 })
    const said = ['One two three four five six.', 'Another answer.']
    let n = 0
    made.server.script(() => (n++ === 0 ? { text: said[0] as string, cut: 'midway' } : said[1]))
    const test = createTestEngine({ workflows: [TalkWorkflow], resources: { llm: made.llm } })
    const run = await test.engine.start(TalkWorkflow, {})
    const pieces: StreamPiece[] = []
    const followed = (async () => {
      for await (const piece of run.stream()) pieces.push(piece)
    })()
    await test.finish(run)
    await followed
    const [first] = pieces
    expect(said[0]?.startsWith(first?.text ?? '-')).toBe(true)
    expect(said[1]?.startsWith(pieces.find(({ restart }) => restart)?.text ?? '-')).toBe(true)
    expect(textsOf(pieces)[0]).toBe(said[1])
    await test.close()
  })

  it('a server that says in mid-stream that it failed is asked again, and the history has what it said', async () => {
    await using made = await offline()
    made.server.script(() => 'One two three four five six.')
    made.server.fail({ errorEvent: 'The engine is overloaded.' })
    const test = createTestEngine({ workflows: [TalkWorkflow], resources: { llm: made.llm } })
    const run = await test.engine.start(TalkWorkflow, {})
    expect((await test.finish(run)).status).toBe('completed')
    const failures: unknown[] = []
    for await (const event of run.events({ follow: false }))
      if (event.type === 'model-called' && event.failure) failures.push(event.failure)
    expect(failures).toEqual([
      expect.objectContaining({
        name: 'AnswerError',
        message: 'the streamed answer was broken off by the server: The engine is overloaded.',
      }),
    ])
    expect(made.server.calls).toHaveLength(4)
    await test.close()
  })

  it('leaves nothing behind, and refuses a cursor that is none', async () => {
    await using made = await offline({ script })
    const test = createTestEngine({ workflows: [TalkWorkflow], resources: { llm: made.llm } })
    const run = await test.engine.start(TalkWorkflow, {})
    await test.finish(run)
    expect(await test.engine.store.list('memo', { limit: 9 })).toEqual([])
    await expect(run.stream({ after: 'x' }).next()).rejects.toMatchObject({ code: 'invalid-options' })
    await test.close()
  })
})
