import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'

export enum State { START, GENERATED, CHECKED, REFINED, END }

const text = z.object({ question: z.string(), text: z.string() })
const Refine = states(State, {
  [State.START]: z.object({ question: z.string() }),
  [State.GENERATED]: text, [State.CHECKED]: text.extend({ concise: z.boolean() }), [State.REFINED]: text, [State.END]: text,
}, {
  initial: State.START, final: State.END,
  vars: z.object({ rounds: z.number().default(0) }),
  resources: resources<{ llm: { text(prompt: string): Promise<string> } }>(),
})
const { workflow, step, go } = Refine
type D = ShapeOf<typeof Refine>; type In<S extends State> = Input<D, S>; type Ctx = Context<D>

@workflow({ name: 'refine' })
export class RefineWorkflow {
  @step(State.START, { to: State.GENERATED, retry: { maxAttempts: 5 }, timeout: '60s' })
  async generate({ question }: In<State.START>, { llm }: Ctx) { return go(State.GENERATED, { question, text: await llm.text(question) }) }

  @step(State.GENERATED, { to: State.CHECKED }) @step(State.REFINED, { to: State.CHECKED })
  async check({ question, text }: In<State.GENERATED | State.REFINED>, { llm }: Ctx) {
    const answer = await llm.text(`Is this text concise? Answer yes or no.\n"""\n${text}\n"""`)
    return go(State.CHECKED, { question, text, concise: /^yes/i.test(answer) })
  }
  @step(State.CHECKED, { to: [State.REFINED, State.END] })
  async refine({ question, text, concise }: In<State.CHECKED>, { llm, vars }: Ctx) {
    if (concise || vars.rounds >= 3) return go(State.END, { question, text })
    const shorter = await llm.text(`Make this text concise.\n"""\n${text}\n"""`)
    return go(State.REFINED, { question, text: shorter }, { rounds: vars.rounds + 1 })
  }
  @step(State.END)
  end({ text }: In<State.END>) { console.log(text) }
}
