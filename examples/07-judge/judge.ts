import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import type { Llm } from 'stepwright/llm'

export enum State {
  Write = 'write',
  Judge = 'judge',
  Refine = 'refine',
  Done = 'done',
}
const draft = z.object({ brief: z.string(), text: z.string() })
const Writing = states(
  State,
  {
    [State.Write]: z.object({ brief: z.string() }),
    [State.Judge]: draft,
    [State.Refine]: draft.extend({ advice: z.string() }),
    [State.Done]: z.object({ text: z.string(), score: z.number(), rounds: z.number() }),
  },
  {
    initial: State.Write,
    final: State.Done,
    vars: z.object({ rounds: z.number().default(0) }),
    resources: resources<{ llm: Llm }>(),
  },
)
const { workflow, step, go } = Writing
type D = ShapeOf<typeof Writing>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

const Verdict = z.object({
  score: z.number().min(0).max(10).describe('how good the text is'),
  advice: z.string().describe('what would make it better'),
})
const GOOD_ENOUGH = 8
const MOST_ROUNDS = 3

/** Writes, has another model judge what was written, and writes again with its advice, three times at most. */
@workflow({ name: 'judge' })
export class JudgeWorkflow {
  @step(State.Write, { to: State.Judge })
  async write({ brief }: In<State.Write>, { llm }: Ctx) {
    return go(State.Judge, { brief, text: await llm.text(brief) })
  }

  @step(State.Judge, { to: [State.Refine, State.Done] })
  async judge({ brief, text }: In<State.Judge>, { llm, vars: { rounds } }: Ctx) {
    const prompt = `Judge this text, which was written for: ${brief}\n"""\n${text}\n"""`
    const { score, advice } = await llm.object(Verdict, prompt, { role: 'You are a strict editor.' })
    if (score >= GOOD_ENOUGH || rounds >= MOST_ROUNDS) return go(State.Done, { text, score, rounds })
    return go(State.Refine, { brief, text, advice })
  }

  @step(State.Refine, { to: State.Judge })
  async refine({ brief, text, advice }: In<State.Refine>, { llm, vars: { rounds } }: Ctx) {
    const better = await llm.text(
      `Rewrite this text for: ${brief}\nHeed this advice: ${advice}\n"""\n${text}\n"""`,
    )
    return go(State.Judge, { brief, text: better }, { rounds: rounds + 1 })
  }
}
