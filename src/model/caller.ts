import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { checkId } from './identifier.ts'

/** Who asks, as the application says it: proving it is the application's, or its server's. */
export interface Caller {
  readonly id: string
  readonly roles?: readonly string[]
  readonly tenant?: string
}

/** A caller as it is stored. Throws `invalid-id`, or `invalid-options` for what is none. */
export function readCaller(given: Caller): Caller {
  const { id, roles, tenant } = (given ?? {}) as Caller
  const isText = (value: unknown): boolean => typeof value === 'string'
  const fits =
    typeof given === 'object' &&
    (roles === undefined || (Array.isArray(roles) && roles.every(isText))) &&
    (tenant === undefined || isText(tenant))
  if (!fits)
    throw new StepwrightError('invalid-options', {
      what: `as is ${quote(given)}`,
      remedy: 'Give { id, roles, tenant }: texts, the roles as a list; the last two may be left out',
    })
  checkId('caller', id)
  return { id, ...(roles ? { roles: [...roles] } : {}), ...(tenant === undefined ? {} : { tenant }) }
}
