import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { toMs, type Duration } from '../../model/duration.ts'
import type { Usage } from '../../model/model-call.ts'
import type { Claim } from './meter.ts'
import type { CalledFor, Model } from '../model.ts'

/** What may be used, and by whom together. All that is given counts at once. */
export interface Limit {
  /**
   * What has a tally of its own: the model, each tenant, workflow, run or session, or whatever a function names. Calls
   * without that name share one tally.
   */
  readonly per: 'model' | 'tenant' | 'workflow' | 'run' | 'session' | ((call: LimitedCall) => string)
  /** Calls within `every`. */
  readonly requests?: number
  /** Tokens within `every`, input and output together. */
  readonly tokens?: number
  /** Money within `every`, in the currency of `prices`. */
  readonly cost?: number
  /** Calls at the same time. */
  readonly concurrency?: number
  /** The length of the window, which slides. Without it requests, tokens and cost are limited for ever: a budget. */
  readonly every?: Duration
  /**
   * What becomes of a call that does not fit. `wait` (default where there is `every`): it waits for its turn. `fail`
   * (default of a budget): StepwrightError `over-budget`. `{ degrade }`: another model answers.
   */
  readonly over?: Over
}

/** What becomes of a call that does not fit. */
export type Over = 'wait' | 'fail' | { readonly degrade: Model }

/** A call as the functions of a {@link Limit} see it. */
export interface LimitedCall extends CalledFor {
  readonly model: string
}

/** A call of that model, as limits see it. */
export function limitedCall(model: string, whom: CalledFor = {}): LimitedCall {
  const { workflow, run, session, tenant, spent, family } = whom
  return { model, workflow, run, session, tenant, spent, family }
}

/** A claim, and what becomes of the call where there is no room for it. */
export interface PlannedClaim extends Claim {
  readonly unit: Unit
  readonly over: Over
}

/** What a claim counts. Money is counted in billionths, so that it adds up exactly. */
export type Unit = 'requests' | 'tokens' | 'cost' | 'concurrency'

/** Billionths of the currency. */
function nano(cost: number): number {
  return Math.ceil(cost * 1e9 - 1e-3) // what the product is off by is less
}

/** The amount of each unit that a call uses. */
export function amountOf(unit: Unit, { input, output }: Usage, cost: number): number {
  if (unit === 'tokens') return Math.ceil(input + output)
  return unit === 'cost' ? nano(cost) : 1
}

/** A {@link Limit} that was looked at, with its defaults filled in. */
export interface ReadLimit {
  readonly per: Limit['per']
  readonly most: Readonly<Partial<Record<Unit, number>>>
  readonly everyMs: number | undefined
  readonly over: Over
}

const UNITS = ['requests', 'tokens', 'cost', 'concurrency'] as const
const PER = ['model', 'tenant', 'workflow', 'run', 'session']

/** Looks at who has something of their own; `where` names it in errors. */
export function readPer(per: Limit['per'], where: string): Limit['per'] {
  if (typeof per === 'function' || PER.includes(per)) return per
  throw new StepwrightError('invalid-options', {
    what: `${where} is ${quote(per)}`,
    remedy: `Give one of ${PER.join(', ')}, or a function`,
  })
}

/** The name of the one that a call belongs to. */
export function whoseOf(per: Limit['per'], call: LimitedCall): string {
  return typeof per === 'function' ? `by:${per(call)}` : `${per}:${call[per] ?? ''}`
}

/** Looks at one limit; `where` names it in errors. */
export function readLimit(limit: Limit, where: string): ReadLimit {
  const refuse = (what: string, remedy: string): never => {
    throw new StepwrightError('invalid-options', { what: `${where}${what}`, remedy })
  }
  const most: Partial<Record<Unit, number>> = {}
  for (const unit of UNITS) {
    const value = limit[unit]
    if (value === undefined) continue
    const whole = unit !== 'cost'
    if (typeof value !== 'number' || !(value > 0) || value > 1e15 || (whole && !Number.isSafeInteger(value)))
      refuse(`.${unit} is ${quote(value)}`, `Give ${whole ? 'a whole number' : 'a number'} above 0`)
    most[unit] = unit === 'cost' ? nano(value) : value
  }
  const counted = UNITS.filter((unit) => most[unit] !== undefined)
  if (counted.length === 0) refuse(' limits nothing', `Give one of ${UNITS.join(', ')}`)
  const everyMs = limit.every === undefined ? undefined : toMs(limit.every, `${where}.every`)
  if (everyMs === 0) refuse('.every is 0', "Give the length of the window, such as '1m'")
  const budget = everyMs === undefined && counted.some((unit) => unit !== 'concurrency')
  const over = limit.over ?? (budget ? 'fail' : 'wait')
  if (budget && over === 'wait')
    refuse(' is for ever, and its calls would wait for ever', 'Give every, or over: fail or { degrade }')
  if (over !== 'wait' && over !== 'fail' && typeof over?.degrade?.complete !== 'function')
    refuse(`.over is ${quote(over)}`, 'Give wait, fail, or { degrade: model }')
  return { per: readPer(limit.per, `${where}.per`), most, everyMs, over }
}

/** How long a seat is kept for one who is silent. */
export const SEAT_LEASE_MS = 30_000

/** What one call claims of a limit. */
export function claimsOf(
  { per, most, everyMs, over }: ReadLimit,
  { name, call, usage, cost }: { name: string; call: LimitedCall; usage: Usage; cost: number },
): readonly PlannedClaim[] {
  const whose = whoseOf(per, call)
  return UNITS.flatMap((unit): readonly PlannedClaim[] => {
    const limit = most[unit]
    if (limit === undefined) return []
    const amount = amountOf(unit, usage, cost)
    const shared = { unit, over, amount, most: limit, waits: over === 'wait' }
    if (unit === 'concurrency')
      return [{ ...shared, kind: 'seat', key: keyOf(name, whose, unit), ms: SEAT_LEASE_MS }]
    if (everyMs !== undefined)
      return [{ ...shared, kind: 'window', key: keyOf(name, whose, unit, everyMs), ms: everyMs }]
    const known = per === 'run' && call.run !== undefined ? spentOn(unit, call) : undefined
    // a budget bounds a run with its child runs: they share a tally, that of the run at the top
    const family = per === 'run' && call.family ? whoseOf(per, { ...call, run: call.family.run }) : whose
    const key = keyOf(name, family, unit, 'ever')
    return [{ ...shared, kind: 'ever', key, ms: 0, ...(known === undefined ? {} : { known }) }]
  })
}

/** Two limits on the same have a tally each, so that a call does not count twice in one. */
export function apart(claims: readonly PlannedClaim[]): readonly PlannedClaim[] {
  const seen = new Map<string, number>()
  return claims.map((claim) => {
    const number = (seen.get(claim.key) ?? 0) + 1
    seen.set(claim.key, number)
    return number === 1 ? claim : { ...claim, key: `${claim.key}/${number}` }
  })
}

function spentOn(unit: Unit, call: LimitedCall): number | undefined {
  const spent = call.family?.spent ?? call.spent
  if (!spent) return undefined
  return unit === 'requests' ? spent.calls : unit === 'tokens' ? spent.tokens : nano(spent.cost)
}

function keyOf(...parts: readonly (string | number)[]): string {
  return parts.map((part) => encodeURIComponent(part)).join('/')
}
