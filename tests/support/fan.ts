import { z } from 'zod'
import { JoinError, resources, states, type Context, type Input, type Join, type ShapeOf } from 'stepwright'

/** A state with three branches; what they do is injected by the test. */
export enum State {
  Fan = 'fan',
  Done = 'done',
  Caught = 'caught',
}

export type Hand = (context: Ctx) => unknown

export interface Hands {
  readonly a: Hand
  readonly b: Hand
  /** Its name is also that of the row in which the engine notes that a stream has ended. */
  readonly source: Hand
  readonly joined?: Hand
  readonly undo?: (what: string, context: Ctx) => unknown
}

const Fan = states(
  State,
  {
    [State.Fan]: z.object({}),
    [State.Done]: z.object({ joined: z.unknown() }),
    [State.Caught]: z.object({ why: z.string() }),
  },
  {
    initial: State.Fan,
    final: [State.Done, State.Caught],
    session: z.object({ total: z.number().default(0) }),
    branches: { [State.Fan]: { a: z.unknown(), b: z.unknown(), source: z.unknown() } },
    resources: resources<{ hands: Hands }>(),
  },
)
type D = ShapeOf<typeof Fan>
type In = Input<D, State.Fan>
export type Ctx = Context<D>

/** The workflow, joined as given. */
export const fan = (join: Join) => {
  @Fan.workflow({ name: 'fan' })
  class FanWorkflow {
    @Fan.branch(State.Fan, 'a', {
      retry: { maxAttempts: 3, initialInterval: '10s', jitter: 'none' },
      timeout: '30s',
    })
    a(_: In, context: Ctx) {
      return context.hands.a(context)
    }
    @Fan.branch(State.Fan, 'b', { retry: { maxAttempts: 1 } })
    b(_: In, context: Ctx) {
      return context.hands.b(context)
    }
    @Fan.branch(State.Fan, 'source', { retry: { maxAttempts: 1 } })
    source(_: In, context: Ctx) {
      return context.hands.source(context)
    }
    @Fan.parallel(State.Fan, {
      to: State.Done,
      join: join as 'settled',
      retry: { initialInterval: '10s' },
      catch: {
        error: [JoinError, RangeError],
        to: State.Caught,
        with: ({ name, message }) => ({ why: `${name}: ${message}` }),
      },
    })
    async joined(joined: object, _: In, context: Ctx) {
      await context.hands.joined?.(context)
      return Fan.go(State.Done, { joined })
    }
    @Fan.compensate(State.Fan, { branch: 'a' })
    undoA(_: In, result: unknown, context: Ctx) {
      return context.hands.undo?.(`a ${String(result)}`, context)
    }
    @Fan.compensate(State.Fan, { branch: 'source' })
    undoSource(_: In, result: unknown, context: Ctx) {
      return context.hands.undo?.(`source ${String(result)}`, context)
    }
  }
  return FanWorkflow
}
