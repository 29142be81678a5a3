import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import { prompt, type Llm } from 'stepwright/llm'
import type { Library } from './library.ts'

export enum State {
  Search = 'search',
  Answer = 'answer',
  Answered = 'answered',
  NotFound = 'not-found',
}
const passage = z.object({ id: z.string(), file: z.string(), text: z.string() })
const Asking = states(
  State,
  {
    [State.Search]: z.object({ question: z.string() }),
    [State.Answer]: z.object({ question: z.string(), passages: z.array(passage).min(1) }),
    [State.Answered]: z.object({ answer: z.string(), from: z.array(z.string()) }),
    [State.NotFound]: z.object({ question: z.string() }),
  },
  {
    initial: State.Search,
    final: [State.Answered, State.NotFound],
    resources: resources<{ llm: Llm; library: Library }>(),
  },
)
const { workflow, step, go } = Asking
type D = ShapeOf<typeof Asking>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

const grounded = prompt('grounded-answer', {
  variables: z.object({ question: z.string(), passages: z.string() }),
  system: 'You answer from the passages alone, in one or two sentences.',
  user: 'Question: {{question}}\n"""\n{{passages}}\n"""',
})

/** Looks for passages that may hold the answer, and has a model answer from them alone. */
@workflow({ name: 'retrieval' })
export class RetrievalWorkflow {
  @step(State.Search, { to: [State.Answer, State.NotFound] })
  search({ question }: In<State.Search>, { library }: Ctx) {
    const passages = [...library.find(question, 3)]
    return passages.length > 0 ? go(State.Answer, { question, passages }) : go(State.NotFound, { question })
  }

  @step(State.Answer, { to: State.Answered })
  async answer({ question, passages }: In<State.Answer>, { llm }: Ctx) {
    const text = passages.map(({ text }) => text).join('\n\n')
    const answer = await llm.text(grounded({ question, passages: text }))
    return go(State.Answered, { answer, from: passages.map(({ id }) => id) })
  }
}
