import { z } from 'zod'
import { states, type Input, type ShapeOf } from '../src/index.ts'

/** About 1 KB, most of it new in every step. */
export interface Datum {
  readonly n: number
  readonly left: number
  readonly text: string
  readonly tags: readonly string[]
  readonly who: { readonly id: string; readonly name: string }
}

const NOISE = Array.from({ length: 997 }, (_, i) =>
  Array.from({ length: 30 }, (_, j) =>
    ((i * 7919 + j * 104729) % 2 ** 31).toString(36).padStart(6, 'x'),
  ).join(''),
)

export function datum(n: number, left: number, size = 900): Datum {
  const noise = `${NOISE[n % 997]}${NOISE[(n * 31) % 997]}${NOISE[(n * 17) % 997]}${NOISE[(n * 13) % 997]}${NOISE[(n * 7) % 997]}${NOISE[(n * 3) % 997]}`
  return { n, left, text: noise.slice(0, size), tags: ['a', 'b'], who: { id: 'u1', name: 'Ada' } }
}

export const datumSchema = z.object({
  n: z.number(),
  left: z.number(),
  text: z.string(),
  tags: z.array(z.string()),
  who: z.object({ id: z.string(), name: z.string() }),
})

enum State {
  Ping = 'ping',
  Pong = 'pong',
  Park = 'park',
  End = 'end',
}
const Declared = states(
  State,
  {
    [State.Ping]: datumSchema,
    [State.Pong]: datumSchema,
    [State.Park]: datumSchema,
    [State.End]: z.object({ n: z.number() }),
  },
  { initial: State.Ping, final: State.End, signals: { go: z.object({ steps: z.number() }) } },
)
const { workflow, step, wait, go } = Declared
type D = ShapeOf<typeof Declared>
type In<S extends State> = Input<D, S>

/** Goes back and forth `left` times, and ends; a negative `left` parks it first. */
@workflow({ name: 'bench' })
export class Bench {
  @step(State.Ping, { to: [State.Pong, State.Park, State.End] })
  ping({ n, left }: In<State.Ping>) {
    if (left > 0) return go(State.Pong, datum(n + 1, left - 1) as never)
    return left === 0 ? go(State.Park, datum(n + 1, 0) as never) : go(State.End, { n })
  }
  @step(State.Pong, { to: [State.Ping, State.Park] })
  pong({ n, left }: In<State.Pong>) {
    return left > 0
      ? go(State.Ping, datum(n + 1, left - 1) as never)
      : go(State.Park, datum(n + 1, 0) as never)
  }
  @wait(State.Park, { on: { go: [State.Ping, State.End] } })
  park({ steps }: { type: 'go'; id: string; steps: number }, { n }: In<State.Park>) {
    return steps > 0 ? go(State.Ping, datum(n, steps) as never) : go(State.End, { n })
  }
}

enum Mapped {
  Items = 'items',
  Sum = 'sum',
}
const ItemStates = states(
  Mapped,
  { [Mapped.Items]: z.object({ count: z.number() }), [Mapped.Sum]: z.object({ total: z.number() }) },
  {
    initial: Mapped.Items,
    final: Mapped.Sum,
    items: { [Mapped.Items]: z.object({ n: z.number(), text: z.string() }) },
  },
)

/** What an item comes to: about 100 bytes. */
export function resultOf(n: number): { readonly n: number; readonly text: string } {
  return { n, text: NOISE[n % 997]?.slice(0, 80) ?? '' }
}

/** A map over numbers, each of which comes to its result at once. */
@ItemStates.workflow({ name: 'items' })
export class Items {
  @ItemStates.map(Mapped.Items, {
    over: ({ count }) => Array.from({ length: count }, (_, i) => i),
    concurrency: 64,
    to: Mapped.Sum,
    reduce: (results) => ItemStates.go(Mapped.Sum, { total: results.length }),
  })
  item(n: number, _: Input<ShapeOf<typeof ItemStates>, Mapped.Items>) {
    return resultOf(n)
  }
}
