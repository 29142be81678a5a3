import { z } from 'zod'
import { resources, states, type Context, type Input, type Joined, type ShapeOf } from 'stepwright'

export enum State {
  CHECK = 'check',
  SHIP = 'ship',
  REFUSE = 'refuse',
  SHIPPED = 'shipped',
  CANCELLED = 'cancelled',
}

/** What the shop can do; each call may fail and is tried again. */
export interface Shop {
  has(sku: string, count: number): Promise<boolean>
  authorize(card: string, cents: number): Promise<boolean>
  reaches(country: string): Promise<boolean>
  ship(order: string, key: string): Promise<string>
  mail(to: string, subject: string, key: string): Promise<void>
}

const order = z.object({
  order: z.string(),
  email: z.string(),
  sku: z.string(),
  count: z.number(),
  cents: z.number(),
  card: z.string(),
  country: z.string(),
})
const Order = states(
  State,
  {
    [State.CHECK]: order,
    [State.SHIP]: order,
    [State.REFUSE]: order.extend({ reasons: z.array(z.string()) }),
    [State.SHIPPED]: z.object({ parcel: z.string() }),
    [State.CANCELLED]: z.object({ reasons: z.array(z.string()) }),
  },
  {
    initial: State.CHECK,
    final: [State.SHIPPED, State.CANCELLED],
    branches: { [State.CHECK]: { stock: z.boolean(), payment: z.boolean(), shipping: z.boolean() } },
    resources: resources<{ shop: Shop }>(),
  },
)
const { workflow, step, parallel, branch, go } = Order
type D = ShapeOf<typeof Order>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

@workflow({ name: 'order' })
export class OrderWorkflow {
  @branch(State.CHECK, 'stock') stock({ sku, count }: In<State.CHECK>, { shop }: Ctx) {
    return shop.has(sku, count)
  }
  @branch(State.CHECK, 'payment', { retry: { maxAttempts: 5 }, timeout: '30s' })
  payment({ card, cents }: In<State.CHECK>, { shop }: Ctx) {
    return shop.authorize(card, cents)
  }
  @branch(State.CHECK, 'shipping') shipping({ country }: In<State.CHECK>, { shop }: Ctx) {
    return shop.reaches(country)
  }

  @parallel(State.CHECK, { to: [State.SHIP, State.REFUSE] })
  check(said: Joined<D, State.CHECK>, order: In<State.CHECK>) {
    const reasons = Object.entries(said)
      .filter(([, yes]) => !yes)
      .map(([branch]) => `${branch} said no`)
    return reasons.length === 0 ? go(State.SHIP, order) : go(State.REFUSE, { ...order, reasons })
  }
  @step(State.SHIP, { to: State.SHIPPED })
  async ship({ order }: In<State.SHIP>, { shop, run }: Ctx) {
    return go(State.SHIPPED, { parcel: await shop.ship(order, run.idempotencyKey) })
  }

  @step(State.REFUSE, { to: State.CANCELLED })
  async refuse({ order, email, reasons }: In<State.REFUSE>, { shop, run }: Ctx) {
    await shop.mail(email, `Order ${order} was cancelled: ${reasons.join(', ')}`, run.idempotencyKey)
    return go(State.CANCELLED, { reasons })
  }
}
