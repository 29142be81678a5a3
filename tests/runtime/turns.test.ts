import { expect, it } from 'vitest'
import { z } from 'zod'
import { createEngine, states, type Input, type ShapeOf } from 'stepwright'

enum State {
  Count = 'count',
  Done = 'done',
}
const Counting = states(
  State,
  { [State.Count]: z.object({ left: z.number() }), [State.Done]: z.object({}) },
  { initial: State.Count, final: State.Done },
)

@Counting.workflow({ name: 'counting' })
class CountingWorkflow {
  @Counting.step(State.Count, { to: [State.Count, State.Done] })
  count({ left }: Input<ShapeOf<typeof Counting>, State.Count>) {
    return left > 0 ? Counting.go(State.Count, { left: left - 1 }) : Counting.go(State.Done, {})
  }
}

it('a long run of steps that wait for nothing leaves the process its timers', async () => {
  await using engine = createEngine({ workflows: [CountingWorkflow] })
  let rang = 0
  const timer = setInterval(() => rang++, 1)
  const run = await engine.start(CountingWorkflow, { left: 5_000 })
  await run.result()
  clearInterval(timer)
  expect(rang).toBeGreaterThan(2) // of the hundred and more milliseconds that this takes
})
