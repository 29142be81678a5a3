/** `npx tsx examples/02-trip/main.ts [city]`: books a trip; hotels in Lisbon are full, so everything is undone there. */
import { createEngine } from 'stepwright'
import { openAgency } from './agency.ts'
import { TripWorkflow } from './trip.ts'

const agency = openAgency(/^hotel in Lisbon/, console.log)
const engine = createEngine({ workflows: [TripWorkflow], resources: { agency } })
const run = await engine.start(TripWorkflow, {
  from: 'Vienna',
  to: process.argv[2] ?? 'Lisbon',
  day: '2026-05-02',
  nights: 3,
})
for await (const event of run.events())
  if (event.type === 'compensating') console.log(`undoing, since ${event.failure?.message}`)
const { status, data } = await run.view()
console.log(status, status === 'completed' ? data : `with ${agency.booked.size} bookings left`)
await engine.close()
