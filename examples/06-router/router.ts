import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import type { Llm } from 'stepwright/llm'
import type { GitHub } from './github.ts'

export enum State {
  Read = 'read',
  Report = 'report',
  Change = 'change',
  Done = 'done',
}
const Router = states(
  State,
  {
    [State.Read]: z.object({ sentence: z.string() }),
    [State.Report]: z.object({
      repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'owner/name, as in the sentence'),
      wants: z.enum(['stars', 'contributors', 'both']),
    }),
    [State.Change]: z.object({ text: z.string(), to: z.enum(['upper', 'lower', 'none']) }),
    [State.Done]: z.object({ answer: z.string() }),
  },
  { initial: State.Read, final: State.Done, resources: resources<{ llm: Llm; github: GitHub }>() },
)
const { workflow, step, go } = Router
type D = ShapeOf<typeof Router>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

/** Reads a sentence and lets the model choose what is done about it: a report, a change of its letters, or just an answer. */
@workflow({ name: 'router' })
export class RouterWorkflow {
  @step(State.Read, { to: [State.Report, State.Change, State.Done] })
  read({ sentence }: In<State.Read>, { llm }: Ctx) {
    return llm.route(
      Router,
      {
        [State.Report]: 'it asks for the stars or contributors of a repository, owner/name',
        [State.Change]: 'a text is to be put in upper or lower case, or left',
        [State.Done]: 'anything else: answer it yourself',
      },
      `What is to be done about this sentence?\n"""\n${sentence}\n"""`,
    )
  }

  @step(State.Report, { to: State.Done, retry: { maxAttempts: 5, initialInterval: '1s' }, timeout: '10s' })
  async report({ repository, wants }: In<State.Report>, { github, memo }: Ctx) {
    const lines: string[] = []
    if (wants !== 'contributors') {
      const stars = await memo('stars', () => github.stars(repository))
      lines.push(`${repository} has ${stars} stars.`)
    }
    if (wants !== 'stars') {
      const logins = await memo('contributors', () => github.contributors(repository))
      lines.push(`Its contributors are ${logins.join(', ')}.`)
    }
    return go(State.Done, { answer: lines.join(' ') })
  }

  @step(State.Change, { to: State.Done })
  change({ text, to }: In<State.Change>, _: Ctx) {
    const changed = to === 'upper' ? text.toUpperCase() : to === 'lower' ? text.toLowerCase() : text
    return go(State.Done, { answer: changed })
  }
}
