import { z } from 'zod'
import {
  ChildError,
  JoinError,
  resources,
  states,
  type Context,
  type Input,
  type OutcomeOf,
  type ShapeOf,
  type Signal,
} from 'stepwright'

export interface Hands {
  /** What a child does; `wait` sends it to wait for a signal. */
  readonly work: (n: number, context: KidCtx) => unknown
  readonly undo?: (what: string) => unknown
  /** Called when the parent is to be stopped. */
  readonly stop?: () => void
}

export enum KidState {
  Work = 'work',
  Wait = 'wait',
  Sleep = 'sleep',
  Done = 'done',
}
const n = z.object({ n: z.number() })
const Kid = states(
  KidState,
  {
    [KidState.Work]: n,
    [KidState.Wait]: n,
    [KidState.Sleep]: n,
    [KidState.Done]: z.object({ value: z.number() }),
  },
  {
    initial: KidState.Work,
    final: KidState.Done,
    signals: { finish: z.object({ value: z.number() }) },
    resources: resources<{ hands: Hands }>(),
  },
)
type KD = ShapeOf<typeof Kid>
export type KidCtx = Context<KD>

/** A child: works, and then is done, waits for a signal, or sleeps for two days. */
@Kid.workflow({ name: 'kid' })
export class KidWorkflow {
  @Kid.step(KidState.Work, {
    to: [KidState.Done, KidState.Wait, KidState.Sleep],
    effect: 'undoable',
    retry: { maxAttempts: 2, initialInterval: '10s', jitter: 'none' },
  })
  async work({ n }: Input<KD, KidState.Work>, context: KidCtx) {
    const said = await context.hands.work(n, context)
    if (said === 'wait') return Kid.go(KidState.Wait, { n })
    if (said === 'sleep') return Kid.go(KidState.Sleep, { n })
    return Kid.go(KidState.Done, { value: n * 10 })
  }
  @Kid.compensate(KidState.Work)
  unwork({ n }: Input<KD, KidState.Work>, _: unknown, { hands }: KidCtx) {
    return hands.undo?.(`kid ${n}`)
  }
  @Kid.wait(KidState.Wait, { on: { finish: KidState.Done } })
  wait({ value }: Signal<KD, 'finish'>, _: Input<KD, KidState.Wait>) {
    return Kid.go(KidState.Done, { value })
  }
  @Kid.timer(KidState.Sleep, { for: '2d', to: KidState.Done })
  sleep({ n }: Input<KD, KidState.Sleep>) {
    return Kid.go(KidState.Done, { value: n })
  }
}

export enum State {
  Start = 'start',
  One = 'one',
  Many = 'many',
  Detached = 'detached',
  Done = 'done',
  Caught = 'caught',
}
const start = z.object({
  way: z.enum(['one', 'many', 'detached']),
  n: z.number().default(1),
  id: z.string().optional(),
  count: z.number().default(0),
})
const Family = states(
  State,
  {
    [State.Start]: start,
    [State.One]: start,
    [State.Many]: start,
    [State.Detached]: start,
    [State.Done]: z.object({ value: z.unknown() }),
    [State.Caught]: z.object({ why: z.string() }),
  },
  {
    initial: State.Start,
    final: [State.Done, State.Caught],
    signals: { stop: z.object({}) },
    resources: resources<{ hands: Hands }>(),
  },
)
type D = ShapeOf<typeof Family>
type In<S extends State> = Input<D, S>
type Kids = OutcomeOf<ShapeOf<typeof KidWorkflow>>

export interface FamilyOptions {
  readonly concurrency?: number
  readonly onError?: 'fail' | 'collect'
  readonly catches?: boolean
  /** The one child has the id that the parent's input gives. */
  readonly named?: boolean
  /** The parent may be stopped by a signal while it waits for its one child, or go on after four days. */
  readonly races?: boolean
}

const caught = ({ name, message }: { name: string; message: string }) => ({ why: `${name}: ${message}` })

/** A parent of one child, of many, or of one that it leaves alone. */
export const family = ({
  concurrency = 8,
  onError = 'fail',
  catches = true,
  races = false,
  named = false,
}: FamilyOptions = {}) => {
  const edges = catches
    ? {
        catch: [
          { error: ChildError, to: State.Caught, with: caught } as const,
          { error: JoinError, to: State.Caught, with: caught } as const,
        ],
      }
    : {}
  const race = races
    ? {
        on: { stop: State.Caught },
        expires: { after: '4d', to: State.Caught, with: { why: 'expired' } } as const,
      }
    : {}
  @Family.workflow({ name: 'family' })
  class FamilyWorkflow {
    @Family.step(State.Start, { to: [State.One, State.Many, State.Detached, State.Caught] })
    start(input: In<State.Start>) {
      if (input.way === 'one') return Family.go(State.One, input)
      return input.way === 'many' ? Family.go(State.Many, input) : Family.go(State.Detached, input)
    }
    @Family.child(State.One, {
      workflow: KidWorkflow,
      input: ({ n }) => ({ n }),
      ...(named ? { id: ({ id }: In<State.One>) => id ?? '' } : {}),
      to: State.Done,
      ...edges,
      ...(race as { on: { stop: State.Caught } }),
    })
    one(end: Kids | Signal<D, 'stop'>, _: In<State.One>, { hands }: Context<D>) {
      if ('type' in end) hands.stop?.()
      return 'type' in end
        ? Family.go(State.Caught, { why: end.type })
        : Family.go(State.Done, { value: end.data.value })
    }
    @Family.children(State.Many, {
      workflow: KidWorkflow,
      over: ({ count }) => Array.from({ length: count }, (_, i) => i),
      input: (i) => ({ n: i }),
      concurrency,
      onError: onError as 'collect',
      to: State.Done,
      ...edges,
    })
    many(ends: readonly unknown[], _: In<State.Many>) {
      return Family.go(State.Done, { value: ends })
    }
    @Family.child(State.Detached, {
      workflow: KidWorkflow,
      input: ({ n }) => ({ n }),
      detached: true,
      to: State.Done,
    })
    detached({ id }: { readonly id: string }, _: In<State.Detached>) {
      return Family.go(State.Done, { value: id })
    }
  }
  return FamilyWorkflow
}
