import { InvalidArgumentError } from 'commander'
import type { Caller } from '../model/caller.ts'

/**
 * Who asks, as it is given with `--as`: `ID`, or `ID:role,role`. The last colon counts, so an id that holds one and has
 * no roles ends with another: `urn:ada:`.
 */
export function readCaller(given: string): Caller {
  const colon = given.lastIndexOf(':')
  const id = colon < 0 ? given : given.slice(0, colon)
  const said = colon < 0 ? '' : given.slice(colon + 1)
  const roles = said === '' ? [] : said.split(',').map((role) => role.trim())
  if (id.trim() === '' || roles.includes('')) {
    throw new InvalidArgumentError('Give ID or ID:role,role, such as ada:editor,chief.')
  }
  return roles.length > 0 ? { id, roles } : { id }
}

/** A caller for people: `ada (editor, chief)`. */
export function sayCaller({ id, roles = [] }: Caller): string {
  return roles.length > 0 ? `${id} (${roles.join(', ')})` : id
}
