import { z } from 'zod'
import { states, type Input, type ShapeOf } from '../src/index.ts'
import { datumSchema } from './workflows.ts'

enum State {
  Waiting = 'waiting',
  Done = 'done',
}
const Declared = states(
  State,
  { [State.Waiting]: datumSchema, [State.Done]: z.object({ n: z.number() }) },
  { initial: State.Waiting, final: State.Done, signals: { go: z.object({}) } },
)

/** Waits for a signal from its start on, with about 1 KB of data. */
@Declared.workflow({ name: 'parked' })
export class Parked {
  @Declared.wait(State.Waiting, { on: { go: State.Done } })
  waiting(_: { type: 'go'; id: string }, { n }: Input<ShapeOf<typeof Declared>, State.Waiting>) {
    return Declared.go(State.Done, { n })
  }
}
