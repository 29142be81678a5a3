import { z } from 'zod'
import { resources, states, type Context, type Input, type Moved, type ShapeOf } from 'stepwright'

export enum State {
  FLIGHT = 'flight',
  CAR = 'car',
  HOTEL = 'hotel',
  BOOKED = 'booked',
}

/** Books and cancels; the same key twice is one booking. */
export interface Agency {
  book(what: string, key: string): Promise<string>
  cancel(booking: string): Promise<void>
}

const trip = z.object({ from: z.string(), to: z.string(), day: z.string(), nights: z.number() })
const Trip = states(
  State,
  {
    [State.FLIGHT]: trip,
    [State.CAR]: trip.extend({ flight: z.string() }),
    [State.HOTEL]: trip.extend({ flight: z.string(), car: z.string() }),
    [State.BOOKED]: z.object({ flight: z.string(), car: z.string(), hotel: z.string() }),
  },
  { initial: State.FLIGHT, final: State.BOOKED, resources: resources<{ agency: Agency }>() },
)
const { workflow, step, compensate, go } = Trip
type D = ShapeOf<typeof Trip>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

@workflow({ name: 'trip' })
export class TripWorkflow {
  @step(State.FLIGHT, { to: State.CAR, effect: 'undoable' })
  async flight(trip: In<State.FLIGHT>, { agency, run }: Ctx) {
    return go(State.CAR, {
      ...trip,
      flight: await agency.book(`flight ${trip.from} to ${trip.to} on ${trip.day}`, run.idempotencyKey),
    })
  }
  @compensate(State.FLIGHT)
  unflight(_: In<State.FLIGHT>, result: Moved<D>, { agency }: Ctx) {
    return result.state === State.CAR && agency.cancel(result.data.flight)
  }

  @step(State.CAR, { to: State.HOTEL, effect: 'undoable' })
  async car(trip: In<State.CAR>, { agency, run }: Ctx) {
    return go(State.HOTEL, {
      ...trip,
      car: await agency.book(`car in ${trip.to} for ${trip.nights + 1} days`, run.idempotencyKey),
    })
  }
  @compensate(State.CAR)
  uncar(_: In<State.CAR>, result: Moved<D>, { agency }: Ctx) {
    return result.state === State.HOTEL && agency.cancel(result.data.car)
  }

  @step(State.HOTEL, { to: State.BOOKED, effect: 'undoable' })
  async hotel({ to, day, nights, flight, car }: In<State.HOTEL>, { agency, run }: Ctx) {
    return go(State.BOOKED, {
      flight,
      car,
      hotel: await agency.book(`hotel in ${to} from ${day} for ${nights} nights`, run.idempotencyKey),
    })
  }
  @compensate(State.HOTEL)
  unhotel(_: In<State.HOTEL>, result: Moved<D>, { agency }: Ctx) {
    return result.state === State.BOOKED && agency.cancel(result.data.hotel)
  }
}
