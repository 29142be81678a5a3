import { expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { OrderWorkflow, State } from '../../examples/03-order/order.ts'
import { openShop } from '../../examples/03-order/shop.ts'

const order = {
  order: 'A-1',
  email: 'ada@example.org',
  sku: 'tea-pot',
  count: 1,
  cents: 3_900,
  card: '4000056655665556',
  country: 'AT',
}

async function place(changed: Partial<typeof order>) {
  const told: string[] = []
  const shop = openShop((line) => told.push(line))
  const test = createTestEngine({ workflows: [OrderWorkflow], resources: { shop } })
  const run = await test.engine.start(OrderWorkflow, { ...order, ...changed })
  const view = await test.finish(run)
  await test.close()
  return { told, view }
}

it('example 03: an order that all three accept is shipped', async () => {
  const { told, view } = await place({})
  expect(view).toMatchObject({ status: 'completed', state: State.SHIPPED, data: { parcel: 'parcel-A-1' } })
  expect(told).toEqual(['shipped A-1'])
})

it.each([
  [{ sku: 'samovar' }, 'stock said no'],
  [{ card: '4000' }, 'payment said no'],
  [{ country: 'NZ', cents: 99_900 }, 'payment said no, shipping said no'],
])('example 03: %j is cancelled with a mail: %s', async (changed, why) => {
  const { told, view } = await place(changed)
  expect(view).toMatchObject({ status: 'completed', state: State.CANCELLED })
  expect(told).toEqual([`mail to ada@example.org: Order A-1 was cancelled: ${why}`])
})
