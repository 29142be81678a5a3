import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf } from '../src/index.ts'

enum State {
  Items = 'items',
  Sum = 'sum',
}
const Declared = states(
  State,
  { [State.Items]: z.object({ count: z.number() }), [State.Sum]: z.object({ total: z.number() }) },
  {
    initial: State.Items,
    final: State.Sum,
    items: { [State.Items]: z.number() },
    resources: resources<{ item: (n: number) => Promise<number> }>(),
  },
)
type D = ShapeOf<typeof Declared>

/** A map over numbers; what an item does is given from outside. */
@Declared.workflow({ name: 'slow-items' })
export class SlowItems {
  @Declared.map(State.Items, {
    over: ({ count }) => Array.from({ length: count }, (_, i) => i),
    concurrency: 64,
    to: State.Sum,
    reduce: (results) => Declared.go(State.Sum, { total: results.length }),
  })
  item(n: number, _: Input<D, State.Items>, { item }: Context<D>) {
    return item(n)
  }
}
