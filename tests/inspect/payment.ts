import { z } from 'zod'
import { states, type Context, type Input, type ShapeOf, type Signal } from '../../src/index.ts'

enum S {
  Read = 'read',
  Approval = 'approval',
  Paid = 'paid',
}
const Payment = states(
  S,
  {
    [S.Read]: z.object({ amount: z.number() }),
    [S.Approval]: z.object({ amount: z.number() }),
    [S.Paid]: z.object({ amount: z.number() }),
  },
  { initial: S.Read, final: S.Paid, signals: { approve: z.object({}) } },
)
type D = ShapeOf<typeof Payment>

/** A workflow without marks that logs, and awaits what not everybody may send. */
@Payment.workflow({ name: 'payment' })
export class PaymentWorkflow {
  @Payment.step(S.Read, { to: S.Approval })
  read({ amount }: Input<D, S.Read>, context: Context<D>) {
    context.log.info('extracted', { amount, from: 'page 3' })
    return Payment.go(S.Approval, { amount })
  }
  @Payment.wait(S.Approval, { on: { approve: { to: S.Paid, roles: ['chief', 'treasurer'] } } })
  approval(_: Signal<D, 'approve'>, { amount }: Input<D, S.Approval>) {
    return Payment.go(S.Paid, { amount })
  }
}
