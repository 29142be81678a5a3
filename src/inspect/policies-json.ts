import { inspect, isDeepStrictEqual } from 'node:util'
import { policyOf } from '../compile/policies.ts'
import { type CatchEdge, type MapState, type StateDefinition, type Work } from '../definition/definition.ts'
import type { ErrorMatch } from '../model/failure.ts'
import type { RetryPolicy } from '../model/retry.ts'

type Leaving = Exclude<StateDefinition, { kind: 'final' }>
type Plain = Readonly<Record<string, unknown>>

/** Stands where only code could say more. */
const BY_FUNCTION = 'by a function'

/**
 * All policies of a state as plain data, so that a changed one is seen: those its chart shows, and those that only count
 * when it runs. Of a function it is said that there is one.
 */
export function policiesJson(state: StateDefinition): Plain {
  const own = {
    ...policyOf(state),
    ...(state.method === undefined ? {} : triedAs(state)),
    ...(state.redacts ? { redacts: state.redacts } : {}),
  }
  return state.kind === 'final' ? own : { ...own, ...leavingOf(state), ...kindOf(state) }
}

function leavingOf(state: Leaving): Plain {
  const expires = state.kind === 'wait' || state.kind === 'child' ? state.expires : undefined
  const handedOn = {
    ...(expires ? { expires: given(expires.with) } : {}),
    ...(state.maxVisits ? { maxVisits: given(state.maxVisits.with) } : {}),
    // of two for the same errors the first is taken
    ...Object.fromEntries(state.catches.toReversed().map((edge) => [nameOf(edge), given(edge.with)])),
  }
  return {
    ...(state.undo ? { undoing: workOf(state.undo) } : {}),
    ...(Object.keys(handedOn).length > 0 ? { with: handedOn } : {}),
  }
}

/** As its transition is told apart from others. */
function nameOf({ of, to, errors }: CatchEdge): string {
  const whose = of === 'state' ? [] : [`of the ${of}`]
  return ['catch', ...namesOf(errors), ...whose, 'to', to].join(' ')
}

function kindOf(state: Leaving): Plain {
  switch (state.kind) {
    case 'step':
      return {}
    case 'timer':
      return state.forMs === undefined ? { until: BY_FUNCTION } : {}
    case 'wait':
      return state.reminders.length > 0 ? { reminders: state.reminders.map(reminderOf) } : {}
    case 'map':
      return mapOf(state)
    case 'parallel': {
      const branches = [...state.branches].map(([name, { undo, description, ...work }]) => [
        name,
        {
          ...workOf(work),
          ...(description === undefined ? {} : { description }),
          ...(undo ? { undo: undo.method, undoing: workOf(undo) } : {}),
        },
      ])
      return { branches: Object.fromEntries(branches) as Plain }
    }
    case 'child':
      return state.childId ? { childId: BY_FUNCTION } : {}
  }
}

function reminderOf(reminder: Extract<StateDefinition, { kind: 'wait' }>['reminders'][number]): Plain {
  const { afterMs, everyMs, times } = reminder
  return {
    ...{ ...workOf(reminder), afterMs },
    ...(everyMs === undefined ? {} : { everyMs }),
    ...(times === Infinity ? {} : { times }),
  }
}

function mapOf({ tolerance, reduce, most }: MapState): Plain {
  const tolerates = 'share' in tolerance ? `${tolerance.share * 100}%` : tolerance.count
  return {
    ...(reduce ? { reduce: BY_FUNCTION } : {}),
    tolerates: tolerates === Infinity ? 'any' : tolerates,
    most,
  }
}

function workOf(work: Work): Plain {
  const { method, retry, timeoutMs } = work
  return { method, maxAttempts: retry.maxAttempts, timeoutMs, ...triedAs(work) }
}

/** What of it `maxAttempts` and `timeoutMs` do not say. */
function triedAs({ retry, heartbeatMs }: Pick<Work, 'retry' | 'heartbeatMs'>): Plain {
  const { rules } = retry
  const on = rules.map(({ errors, policy }) => ({
    errors: namesOf(errors),
    maxAttempts: policy.maxAttempts,
    ...pauses(policy),
  }))
  return {
    retry: { ...pauses(retry), ...(on.length > 0 ? { on } : {}) },
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
  }
}

function namesOf(errors: readonly ErrorMatch[]): readonly string[] {
  return errors.map((match) => (typeof match === 'string' ? match : match.name))
}

function pauses({ initialIntervalMs, coefficient, maxIntervalMs, jitter }: RetryPolicy): Plain {
  return { initialIntervalMs, coefficient, maxIntervalMs, jitter }
}

/** Constant data; as text where JSON would not give it back. */
function given(data: object): unknown {
  if (typeof data === 'function') return BY_FUNCTION
  try {
    const copy: unknown = JSON.parse(JSON.stringify(data))
    if (isDeepStrictEqual(copy, data)) return copy
  } catch {
    // told below
  }
  return inspect(data, { depth: 6, sorted: true })
}
