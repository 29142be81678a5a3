/** What a process of a user's does until its first durable step is done, with the package as it is built: `cold-process.js OPTION`. */
import { createEngine, states, type Input, type ShapeOf } from 'stepwright'
import { z } from 'zod'

enum State {
  First = 'first',
  Second = 'second',
}
const Declared = states(
  State,
  { [State.First]: z.object({ n: z.number() }), [State.Second]: z.object({ n: z.number() }) },
  { initial: State.First, final: State.Second },
)

@Declared.workflow({ name: 'cold' })
class Cold {
  @Declared.step(State.First, { to: State.Second }) first({
    n,
  }: Input<ShapeOf<typeof Declared>, State.First>) {
    return Declared.go(State.Second, { n: n + 1 })
  }
}

const engine = createEngine({
  workflows: [Cold],
  store: process.argv[2] as 'memory',
  onWarning: () => undefined,
})
engine.subscribe(({ happenings }) => {
  if (happenings.some(({ type }) => type === 'moved')) console.log('done')
})
await engine.start(Cold, { n: 1 })
