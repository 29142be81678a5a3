import { z } from 'zod'
import { states, type Input, type ShapeOf, type Signal } from '../../src/index.ts'

export enum State {
  Filed = 'filed',
  Review = 'review',
  Cooling = 'cooling',
  Paid = 'paid',
  Refused = 'refused',
}

const claim = z.object({ small: z.boolean().default(false), broken: z.boolean().default(false) })
const Claim = states(
  State,
  {
    [State.Filed]: claim,
    [State.Review]: claim,
    [State.Cooling]: claim,
    [State.Paid]: claim,
    [State.Refused]: claim,
  },
  {
    initial: State.Filed,
    final: [State.Paid, State.Refused],
    signals: { approve: z.object({}), again: z.object({ small: z.boolean() }) },
  },
)
const { workflow, step, wait, timer, go } = Claim
type D = ShapeOf<typeof Claim>

/** A claim that is paid at once, or looked at by people, again and again; what nobody looks at is refused after two days. */
@workflow({ name: 'claim' })
export class ClaimWorkflow {
  @step(State.Filed, { to: [State.Review, State.Paid], retry: { maxAttempts: 1 } })
  filed(input: Input<D, State.Filed>) {
    if (input.broken) throw new RangeError('no such claim')
    return input.small ? go(State.Paid, input) : go(State.Review, input)
  }

  @wait(State.Review, {
    on: { approve: { to: State.Cooling, roles: ['clerk'] }, again: State.Filed },
    expires: { after: '2d', to: State.Refused, with: (input) => input },
  })
  review(e: Signal<D, 'approve' | 'again'>, input: Input<D, State.Review>) {
    return e.type === 'approve' ? go(State.Cooling, input) : go(State.Filed, { small: e.small })
  }

  @timer(State.Cooling, { for: '6h', to: State.Paid })
  cooling(input: Input<D, State.Cooling>) {
    return go(State.Paid, input)
  }
}
