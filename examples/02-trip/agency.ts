import { FatalError } from 'stepwright'
import type { Agency } from './trip.ts'

/** An agency in this process. `full` says what it cannot book any more. */
export function openAgency(
  full: RegExp,
  tell: (line: string) => void,
): Agency & { readonly booked: ReadonlyMap<string, string> } {
  const booked = new Map<string, string>()
  return {
    booked,
    async book(what, key) {
      if (full.test(what)) throw new FatalError(`${what}: full`)
      booked.set(key, what)
      tell(`booked    ${what}`)
      return key
    },
    async cancel(booking) {
      tell(`cancelled ${booked.get(booking) ?? booking}`)
      booked.delete(booking)
    },
  }
}
