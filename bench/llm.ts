import { fork } from 'node:child_process'
import { once } from 'node:events'
import OpenAI from 'openai'
import { z } from 'zod'
import { createEngine, resources, states, type Context, type Input, type ShapeOf } from '../src/index.ts'
import { createLlm, openAiModel, type Llm } from '../src/llm/index.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'

enum State {
  Ask = 'ask',
  Done = 'done',
}
/** Makes that call through the openai package alone; gives the milliseconds. */
type Bare = (prompt: string) => Promise<number>
const Declared = states(
  State,
  {
    [State.Ask]: z.object({ calls: z.number() }),
    [State.Done]: z.object({ ours: z.array(z.number()), bare: z.array(z.number()) }),
  },
  { initial: State.Ask, final: State.Done, resources: resources<{ llm: Llm; bare: Bare }>() },
)
type D = ShapeOf<typeof Declared>

/** Asks a model again and again, each time also without the engine. */
@Declared.workflow({ name: 'asking' })
class Asking {
  @Declared.step(State.Ask, { to: State.Done })
  async ask({ calls }: Input<D, State.Ask>, { llm, bare }: Context<D>) {
    const [ours, alone]: [number[], number[]] = [[], []]
    for (let i = 0; i < calls; i++) {
      const prompt = `Question number ${i}. ${'What is a state machine? '.repeat(20)}`
      if (i % 2) alone.push(await bare(prompt))
      ours.push(await timed(() => llm.text(prompt)))
      if (i % 2 === 0) alone.push(await bare(prompt))
    }
    return Declared.go(State.Done, { ours, bare: alone })
  }
}

const MODEL = 'offline-model'

/** What a model call costs that is recorded, beside the same call through the openai package alone, to a server on this machine. */
export async function llm(target: Target, scale: Scale): Promise<readonly Row[]> {
  if (!target.durable) return []
  const n = scale === 'small' ? 50 : 1_000
  const server = fork(new URL('./model-process.js', import.meta.url))
  const [url] = (await once(server, 'message')) as [string]
  const client = new OpenAI({ apiKey: 'offline', baseURL: url, maxRetries: 0 })
  const engine = createEngine({
    workflows: [Asking],
    store: target.engine('llm'),
    resources: {
      llm: createLlm(openAiModel({ model: MODEL, client })),
      bare: (content) =>
        timed(() => client.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content }] })),
    },
    onWarning: () => undefined,
  })
  const run = async (calls: number) => (await (await engine.start(Asking, { calls })).result()).data
  await run(500) // warms up
  const { ours, bare } = await run(n)
  await engine.close()
  server.kill()
  const place = { name: 'llm', store: target.store }
  return [row(place, 'ms for a recorded call', { n, value: median(ours), unit: 'ms', floor: median(bare) })]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
