import type { Definition } from '../definition/definition.ts'
import { quote } from '../errors/stepwright-error.ts'
import { RULES, type Allowed, type RuleCode } from '../model/rule.ts'
import type { Ruled } from './finding.ts'
import { anchorOf } from './rules/rule.ts'

/** One line of an `allow`. */
interface Allowance {
  /** The state that allows; `undefined`: the workflow does. */
  readonly state: string | undefined
  readonly rule: string
  readonly reason: unknown
}

/** Adds the reason to each finding that is allowed, and a finding for each allowance that none is silenced by. */
export function silence(
  definition: Definition,
  found: readonly Ruled[],
  isOn: (rule: RuleCode) => boolean,
): readonly (Ruled & { readonly reason?: string })[] {
  const allowances = allowancesOf(definition)
  const used = new Set<Allowance>()
  const judged = found.map((one) => {
    const reasons = allowances.filter((allowance) => allows(allowance, one))
    for (const allowance of reasons) used.add(allowance)
    const reason = reasons[0]?.reason
    return typeof reason === 'string' ? { ...one, reason } : one
  })
  if (!isOn('idle-allow')) return judged
  const idle = allowances.filter(
    (one) => !used.has(one) && (!Object.hasOwn(RULES, one.rule) || isOn(one.rule as RuleCode)),
  )
  return [...judged, ...idle.map((one) => idleFinding(one, definition))]
}

function allowancesOf({ allow, states }: Definition): readonly Allowance[] {
  const read = (given: Allowed | undefined, state: string | undefined): readonly Allowance[] =>
    Object.entries(given ?? {}).map(([rule, reason]) => ({ state, rule, reason }))
  return [...read(allow, undefined), ...[...states.values()].flatMap((one) => read(one.allow, one.name))]
}

/** What a class is refused for cannot be allowed: there is no reason in an empty one either. */
function allows({ state, rule, reason }: Allowance, found: Ruled): boolean {
  if (rule !== found.rule || rule === 'invalid-definition') return false
  if (typeof reason !== 'string' || reason.trim() === '') return false
  return state === undefined || found.states.includes(state)
}

function idleFinding({ state, rule, reason }: Allowance, definition: Definition): Ruled {
  const whose = state === undefined ? 'The workflow' : quote(state)
  const unsaid = typeof reason !== 'string' || reason.trim() === ''
  return {
    rule: 'idle-allow',
    why: 'It would hide a mistake that somebody makes later.',
    states: state === undefined ? [] : [state],
    at: anchorOf(state === undefined ? undefined : definition.states.get(state)),
    path: [],
    message: !Object.hasOwn(RULES, rule)
      ? `${whose} allows ${quote(rule)}, and there is no such rule`
      : unsaid
        ? `${whose} allows ${quote(rule)} without a reason, so it is not allowed`
        : `${whose} allows ${quote(rule)}, and there is no such finding`,
    remedy: unsaid ? 'Say why it is meant so' : 'Remove it from allow',
  }
}
