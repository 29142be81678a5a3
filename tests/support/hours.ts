import { z } from 'zod'
import {
  resources,
  states,
  TimeoutError,
  type Context,
  type Duration,
  type Input,
  type ShapeOf,
  type Signal,
} from 'stepwright'

/** Everything that has to do with time: timers of each kind, a wait, a step that must give signs of life, limits of visits. */
export enum State {
  Start = 'start',
  For = 'for',
  ForInput = 'forInput',
  Until = 'until',
  UntilInput = 'untilInput',
  Work = 'work',
  Ask = 'ask',
  Again = 'again',
  Done = 'done',
  Caught = 'caught',
}

export interface Hands {
  readonly work?: (context: Ctx) => unknown
  readonly awake?: (context: Ctx) => unknown
  readonly undo?: (what: string) => unknown
}

/** When the timer of {@link State.Until} is over: 38 days after the start of a test clock. */
export const UNTIL = new Date(Date.UTC(2026, 1, 8))

const input = z.object({ to: z.string(), length: z.unknown().optional() })
const Hours = states(
  State,
  {
    [State.Start]: input,
    [State.For]: input,
    [State.ForInput]: input,
    [State.Until]: input,
    [State.UntilInput]: input,
    [State.Work]: input,
    [State.Ask]: input,
    [State.Again]: input,
    [State.Done]: z.object({ from: z.string() }),
    [State.Caught]: z.object({ why: z.string() }),
  },
  {
    initial: State.Start,
    final: [State.Done, State.Caught],
    signals: { again: z.object({}), enough: z.object({}) },
    resources: resources<{ hands: Hands }>(),
  },
)
type D = ShapeOf<typeof Hours>
type In<S extends State> = Input<D, S>
export type Ctx = Context<D>
const done = (from: State) => Hours.go(State.Done, { from })

@Hours.workflow({ name: 'hours', deadline: '5000w' })
export class HoursWorkflow {
  @Hours.step(State.Start, {
    to: [State.For, State.ForInput, State.Until, State.UntilInput, State.Work, State.Ask, State.Again],
    effect: 'undoable',
  })
  start(input: In<State.Start>) {
    return Hours.go(input.to as State.For, input)
  }
  @Hours.compensate(State.Start)
  unstart(_: In<State.Start>, __: unknown, { hands }: Ctx) {
    return hands.undo?.('start')
  }
  @Hours.timer(State.For, { for: '3d', to: State.Done })
  async for(_: In<State.For>, context: Ctx) {
    await context.hands.awake?.(context)
    return done(State.For)
  }
  @Hours.timer(State.ForInput, { for: ({ length }) => length as Duration, to: State.Done })
  forInput(_: In<State.ForInput>) {
    return done(State.ForInput)
  }
  @Hours.timer(State.Until, { until: UNTIL, to: State.Done })
  until(_: In<State.Until>) {
    return done(State.Until)
  }
  @Hours.timer(State.UntilInput, { until: ({ length }) => length as Date, to: State.Done })
  untilInput(_: In<State.UntilInput>) {
    return done(State.UntilInput)
  }
  @Hours.step(State.Work, {
    to: State.Done,
    heartbeat: '10s',
    timeout: '60s',
    retry: { maxAttempts: 2, initialInterval: '5s', jitter: 'none' },
    catch: { error: TimeoutError, to: State.Caught, with: ({ message }) => ({ why: message }) },
  })
  async work(_: In<State.Work>, context: Ctx) {
    await context.hands.work?.(context)
    return done(State.Work)
  }
  @Hours.wait(State.Ask, {
    on: { again: State.Ask, enough: State.Done },
    expires: { after: '30d', to: State.Done, with: { from: 'expired' } },
    maxVisits: { times: 3, to: State.Caught, with: ({ to }) => ({ why: `asked too often in ${to}` }) },
  })
  ask(said: Signal<D, 'again' | 'enough'>, input: In<State.Ask>) {
    return said.type === 'again' ? Hours.go(State.Ask, input) : done(State.Ask)
  }
  @Hours.step(State.Again, {
    to: [State.Again, State.Done],
    effect: 'undoable',
    maxVisits: { times: 4, to: State.Caught, with: { why: 'four times are enough' } },
  })
  again(input: In<State.Again>, { hands, run }: Ctx) {
    hands.undo?.(`visit ${run.visit}`)
    return Hours.go(State.Again, input)
  }
  @Hours.compensate(State.Again)
  unagain(_: In<State.Again>, __: unknown, { hands, run }: Ctx) {
    return hands.undo?.(`un-visit ${run.visit}`)
  }
}
