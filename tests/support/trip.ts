import { z } from 'zod'
import {
  FatalError,
  resources,
  states,
  type Context,
  type Input,
  type Joined,
  type Moved,
  type ShapeOf,
  type Signal,
} from 'stepwright'

/** A journey that is booked bit by bit, each bit undone again where a later one fails. */
export enum State {
  Flight = 'flight',
  Extras = 'extras',
  Papers = 'papers',
  Hotel = 'hotel',
  Confirm = 'confirm',
  Pay = 'pay',
  Done = 'done',
}

/** The world outside: each call with its idempotency key; `fails` says what goes wrong. */
export class World {
  readonly calls: string[] = []
  readonly seen: unknown[] = []
  /** By the start of a call: thrown so many times. */
  readonly trouble = new Map<string, { error: Error; times: number; attempts: number }>()
  /** Called before a call is made. */
  before: (call: string, signal: AbortSignal) => unknown = () => undefined

  readonly #record: (call: string) => unknown

  constructor(record: (call: string) => unknown = (call) => void this.calls.push(call)) {
    this.#record = record
  }

  async call(what: string, { run }: Pick<Ctx, 'run'>): Promise<string> {
    await this.before(what, run.signal)
    await this.#record(`${what} ${run.idempotencyKey}`)
    for (const [start, trouble] of this.trouble)
      if (what.startsWith(start) && run.attempt <= trouble.attempts && trouble.times-- > 0)
        throw trouble.error
    return `${what}!`
  }

  /** So often, or in the first attempts of each visit. */
  fail(
    start: string,
    error: Error = new FatalError(`no ${start}`),
    { times = Infinity, attempts = Infinity } = {},
  ): void {
    this.trouble.set(start, { error, times, attempts })
  }

  mend(start: string): void {
    this.trouble.delete(start)
  }

  /** The calls made so far, without what was before. */
  take(): string[] {
    return this.calls.splice(0)
  }
}

const nights = z.object({ to: z.string(), nights: z.number() })
const Trip = states(
  State,
  {
    [State.Flight]: z.object({ to: z.string(), legs: z.number().default(1), nights: z.number().default(1) }),
    [State.Extras]: nights.extend({ extras: z.array(z.string()) }),
    [State.Papers]: nights,
    [State.Hotel]: nights,
    [State.Confirm]: nights,
    [State.Pay]: nights,
    [State.Done]: z.object({ to: z.string() }),
  },
  {
    initial: State.Flight,
    final: State.Done,
    signals: { confirm: z.object({}) },
    items: { [State.Extras]: z.string() },
    branches: { [State.Papers]: { visa: z.string(), cover: z.string(), map: z.string() } },
    session: z.object({ undone: z.array(z.string()).default([]) }),
    resources: resources<{ world: World }>(),
  },
)
const { workflow, step, map, branch, parallel, wait, compensate, go } = Trip
export type D = ShapeOf<typeof Trip>
export type Ctx = Context<D>
type In<S extends State> = Input<D, S>

@workflow({ name: 'trip' })
export class TripWorkflow {
  /** One visit for each leg. */
  @step(State.Flight, { to: [State.Flight, State.Extras] })
  async flight({ to, legs, nights }: In<State.Flight>, context: Ctx) {
    await context.world.call('flight', context)
    if (legs > 1) return go(State.Flight, { to, legs: legs - 1, nights })
    return go(State.Extras, { to, nights, extras: ['bag', 'meal', 'seat'] })
  }
  @compensate(State.Flight)
  async noFlight({ legs }: In<State.Flight>, went: Moved<D>, context: Ctx) {
    context.world.seen.push({ legs, went: went.state, data: went.data })
    await context.world.call('-flight', context)
    context.session.update(({ undone }) => ({ undone: [...undone, `flight ${legs}`] }))
  }

  @map(State.Extras, {
    over: ({ extras }) => extras,
    to: State.Papers,
    concurrency: 1,
    reduce: (_, { to, nights }) => go(State.Papers, { to, nights }),
  })
  async extra(extra: string, _: In<State.Extras>, context: Ctx) {
    return context.world.call(extra, context)
  }
  @compensate(State.Extras, { retry: { maxAttempts: 2 } })
  async noExtra(result: string, extra: string, context: Ctx) {
    context.world.seen.push({ extra, result })
    await context.world.call(`-${extra}`, context)
  }

  @branch(State.Papers, 'visa', { retry: { maxAttempts: 1 } })
  visa(_: In<State.Papers>, context: Ctx) {
    return context.world.call('visa', context)
  }
  @branch(State.Papers, 'cover')
  cover(_: In<State.Papers>, context: Ctx) {
    return context.world.call('cover', context)
  }
  /** Nothing of this has to be undone. */
  @branch(State.Papers, 'map')
  map(_: In<State.Papers>, context: Ctx) {
    return context.world.call('map', context)
  }
  @parallel(State.Papers, { to: State.Hotel })
  papers(_: Joined<D, State.Papers>, { to, nights }: In<State.Papers>) {
    return go(State.Hotel, { to, nights })
  }
  @compensate(State.Papers, { branch: 'visa' })
  async noVisa({ to }: In<State.Papers>, visa: string, context: Ctx) {
    context.world.seen.push({ to, visa })
    await context.world.call('-visa', context)
  }
  @compensate(State.Papers, { branch: 'cover' })
  async noCover(_: In<State.Papers>, cover: string, context: Ctx) {
    context.world.seen.push({ cover })
    await context.world.call('-cover', context)
  }

  @step(State.Hotel, { to: State.Confirm })
  async hotel({ to, nights }: In<State.Hotel>, context: Ctx) {
    await context.memo('booked', () => context.world.call('hotel', context))
    return go(State.Confirm, { to, nights })
  }
  @compensate(State.Hotel, {
    timeout: '30s',
    retry: { maxAttempts: 3, initialInterval: '1m', jitter: 'none' },
  })
  async noHotel(_: In<State.Hotel>, _went: Moved<D>, context: Ctx) {
    await context.memo('told', () => context.world.call('-told', context))
    await context.world.call('-hotel', context)
  }

  @wait(State.Confirm, { on: { confirm: State.Pay } })
  confirm(_: Signal<D, 'confirm'>, { to, nights }: In<State.Confirm>) {
    return go(State.Pay, { to, nights })
  }

  @step(State.Pay, { to: State.Done, retry: { maxAttempts: 1 } })
  async pay({ to }: In<State.Pay>, context: Ctx) {
    await context.world.call('pay', context)
    return go(State.Done, { to })
  }
}
