import { expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { openAgency } from '../../examples/02-trip/agency.ts'
import { TripWorkflow, State } from '../../examples/02-trip/trip.ts'

const trip = { from: 'Vienna', to: 'Lisbon', day: '2026-05-02', nights: 3 }

it('example 02: the hotel is full, so the car and then the flight are cancelled', async () => {
  const told: string[] = []
  const agency = openAgency(/^hotel in Lisbon/, (line) => told.push(line))
  const test = createTestEngine({ workflows: [TripWorkflow], resources: { agency } })
  const run = await test.engine.start(TripWorkflow, trip)
  expect(await test.finish(run)).toMatchObject({ status: 'compensated', state: State.HOTEL })
  expect(told).toEqual([
    'booked    flight Vienna to Lisbon on 2026-05-02',
    'booked    car in Lisbon for 4 days',
    'cancelled car in Lisbon for 4 days',
    'cancelled flight Vienna to Lisbon on 2026-05-02',
  ])
  expect(agency.booked.size).toBe(0)
  await test.close()
})

it('example 02: where there is room, nothing is undone', async () => {
  const agency = openAgency(/^hotel in Lisbon/, () => undefined)
  const test = createTestEngine({ workflows: [TripWorkflow], resources: { agency } })
  const run = await test.engine.start(TripWorkflow, { ...trip, to: 'Porto' })
  expect(await test.finish(run)).toMatchObject({ status: 'completed', state: State.BOOKED })
  expect([...agency.booked.values()]).toHaveLength(3)
  await test.close()
})
