import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf, type Signal } from 'stepwright'

/** An order: a step that may fail, a wait with an end, a catch edge; what its handlers do is injected by the test. */
export enum State {
  Order = 'order',
  Charge = 'charge',
  Review = 'review',
  Ship = 'ship',
  Done = 'done',
  Refused = 'refused',
}

export interface Hands {
  charge(context: Ctx, input: { amount: number }): unknown
  ship?(context: Ctx): unknown
}

const Shop = states(
  State,
  {
    [State.Order]: z.object({ amount: z.number(), note: z.string().default('') }),
    [State.Charge]: z.object({ amount: z.number() }),
    [State.Review]: z.object({ receipt: z.string() }),
    [State.Ship]: z.object({ receipt: z.string(), by: z.string() }),
    [State.Done]: z.object({ receipt: z.string(), by: z.string() }),
    [State.Refused]: z.object({ reason: z.string() }),
  },
  {
    initial: State.Order,
    final: [State.Done, State.Refused],
    signals: {
      approve: z.object({ by: z.string() }),
      refuse: z.object({ reason: z.string().default('no reason') }),
      later: z.object({}),
    },
    vars: z.object({ seen: z.array(z.string()).default([]) }),
    session: z.object({ total: z.number().default(0) }),
    resources: resources<{ hands: Hands }>(),
  },
)
const { workflow, step, wait, go } = Shop
export type D = ShapeOf<typeof Shop>
export type Ctx = Context<D>
type In<S extends State> = Input<D, S>

@workflow({ name: 'shop' })
export class ShopWorkflow {
  @step(State.Order, { to: State.Charge })
  order({ amount }: In<State.Order>, { vars }: Ctx) {
    return go(State.Charge, { amount }, { seen: [...vars.seen, 'order'] })
  }

  @step(State.Charge, {
    to: State.Review,
    retry: { maxAttempts: 3, initialInterval: '10s', maxInterval: '1m' },
    timeout: '30s',
    catch: {
      to: State.Refused,
      with: (failure, { amount }) => ({ reason: `${failure.name}: ${failure.message} (${amount})` }),
    },
  })
  async charge(input: In<State.Charge>, context: Ctx) {
    return (await context.hands.charge(context, input)) as ReturnType<typeof go<State.Review>>
  }

  @wait(State.Review, {
    on: { approve: State.Ship, refuse: State.Refused },
    expires: {
      after: '48h',
      to: State.Refused,
      with: ({ receipt }) => ({ reason: `nobody looked at ${receipt}` }),
    },
  })
  review(answer: Signal<D, 'approve' | 'refuse'>, { receipt }: In<State.Review>) {
    return answer.type === 'approve'
      ? go(State.Ship, { receipt, by: answer.by })
      : go(State.Refused, { reason: answer.reason })
  }

  @step(State.Ship, { to: State.Done, retry: { maxAttempts: 2 } })
  async ship({ receipt, by }: In<State.Ship>, context: Ctx) {
    await context.hands.ship?.(context)
    return go(State.Done, { receipt, by })
  }
}

/** A charge that succeeds at once. */
export const paid: Hands = { charge: (_, { amount }) => toReview(`receipt ${amount}`) }
export const toReview = (receipt: string): unknown => go(State.Review, { receipt })
export const toNowhere = (): unknown => go(State.Done, { receipt: '', by: '' })
export const toWrongData = (): unknown => go(State.Review, { receipt: 7 } as never)
export const toExtraKey = (): unknown => go(State.Review, { receipt: 'r', extra: 1 } as never)
