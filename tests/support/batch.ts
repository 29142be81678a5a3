import { z } from 'zod'
import { FatalError, resources, states, type Context, type Input, type ShapeOf } from 'stepwright'

/** Items that are worked on, then a sum that is checked; nothing to undo. A numeric enum: its names are stored. */
export enum State {
  Work,
  Check,
  Gone,
  Done,
}

/** What goes wrong, and what was done. */
export class Office {
  readonly calls: string[] = []
  /** Items, and `check`, that fail for good. */
  readonly broken = new Set<string>()
  readonly #record: (call: string) => unknown

  constructor(record: (call: string) => unknown = (call) => void this.calls.push(call)) {
    this.#record = record
  }

  async do(what: string, key: string): Promise<void> {
    await this.#record(key)
    if (this.broken.has(what)) throw new FatalError(`${what} is broken`)
  }
}

const Batch = states(
  State,
  {
    [State.Work]: z.object({ items: z.array(z.string()) }),
    [State.Check]: z.object({ sum: z.number().max(100) }),
    [State.Gone]: z.object({ why: z.string() }),
    [State.Done]: z.object({ sum: z.number() }),
  },
  {
    initial: State.Work,
    final: [State.Done, State.Gone],
    items: { [State.Work]: z.number() },
    resources: resources<{ office: Office }>(),
  },
)
export type D = ShapeOf<typeof Batch>
type Ctx = Context<D>
type In<S extends State> = Input<D, S>

@Batch.workflow({ name: 'batch', deadline: '1d' })
export class BatchWorkflow {
  @Batch.map(State.Work, {
    over: ({ items }) => items,
    to: State.Check,
    onError: { threshold: 1 },
    retry: { maxAttempts: 1 },
    reduce: (results) => {
      if (results.some(({ ok }) => !ok)) throw new FatalError('not all items are done')
      return Batch.go(State.Check, { sum: results.reduce((sum, r) => sum + (r.ok ? r.value : 0), 0) })
    },
  })
  async work(item: string, _: In<State.Work>, { office, run }: Ctx) {
    await office.do(item, run.idempotencyKey)
    return item.length
  }

  @Batch.step(State.Check, { to: [State.Done, State.Gone], retry: { maxAttempts: 1 } })
  async check({ sum }: In<State.Check>, { office, run, memo }: Ctx) {
    await memo('looked', () => office.do('look', `${run.idempotencyKey}/look`))
    await office.do('check', run.idempotencyKey)
    return Batch.go(State.Done, { sum })
  }
}
