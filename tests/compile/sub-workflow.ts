import { z } from 'zod'
import type { Context, Input, ShapeOf } from '../../src/definition/shape.ts'
import { resources, states } from '../../src/definition/states.ts'

enum S {
  Ask = 'ask',
  Answered = 'an.swered',
}
const T = states(
  S,
  { [S.Ask]: z.object({ asked: z.boolean() }), [S.Answered]: z.object({ answer: z.unknown() }) },
  {
    initial: S.Ask,
    final: S.Answered,
    resources: resources<{ part: (...args: unknown[]) => Promise<unknown> }>(),
  },
)
type D = ShapeOf<typeof T>

/** The workflow of child runs: its one step is whatever `part` comes to. */
@T.workflow({ name: 'sub' })
export class Sub {
  @T.step(S.Ask, { to: S.Answered })
  async ask(input: Input<D, S.Ask>, context: Context<D>) {
    return T.go(S.Answered, { answer: await context.part(input, context) })
  }
}
