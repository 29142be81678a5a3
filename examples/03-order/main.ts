/** `npx tsx examples/03-order/main.ts`: three orders, each checked for stock, payment and shipping at once. */
import { createEngine } from 'stepwright'
import { OrderWorkflow } from './order.ts'
import { openShop } from './shop.ts'

const card = '4000056655665556'
const orders = [
  { order: 'A-1', email: 'ada@example.org', sku: 'tea-pot', count: 1, cents: 39_00, card, country: 'AT' },
  { order: 'A-2', email: 'ben@example.org', sku: 'samovar', count: 1, cents: 480_00, card, country: 'DE' },
  { order: 'A-3', email: 'cleo@example.org', sku: 'tea-cup', count: 60, cents: 540_00, card, country: 'NZ' },
]
const engine = createEngine({ workflows: [OrderWorkflow], resources: { shop: openShop(console.log) } })
for (const order of orders) {
  const run = await engine.start(OrderWorkflow, order, { id: `order-${order.order}` })
  console.log(order.order, await run.result())
}
await engine.close()
