/** What one visit of a state can come to at most, by what its class declares. */
import {
  awaitedBy,
  isChild,
  type Definition,
  type StateDefinition,
  type WaitState,
  type Work,
} from '../../definition/definition.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { RetryPolicy } from '../../model/retry.ts'
import { endless, largest, smaller, some, sum, times, type Amount, type Metric } from './amount.ts'
import type { Figures } from './figures.ts'

/** What runs of child workflows can come to. */
export type ChildAmount = (workflow: unknown, metric: Metric) => Amount

/** By metric, what a visit of a state adds to a run. */
export type Visit = (metric: Metric) => Amount

/** The most that one visit of a state adds. */
export function visitOf(
  state: StateDefinition,
  definition: Definition,
  figures: Figures | undefined,
  childAmount: ChildAmount,
): Visit {
  const { attempts, ms, children } = visitOfKind(state, definition, figures, childAmount)
  const perVisit = figures?.per === 'visit'
  return (metric) => {
    if (metric === 'visits') return some(1)
    if (metric === 'attempts') return sum([attempts, children(metric)])
    if (metric === 'ms') return perVisit && figures.ms !== undefined ? some(figures.ms) : ms
    if (metric === 'undoingMs') return undoing(state)
    const figure = some(figures?.[metric] ?? 0)
    const own = perVisit ? figure : times(attempts, figure.most)
    return sum([own, children(metric)])
  }
}

interface Handled {
  /** Calls of handlers. */
  readonly attempts: Amount
  readonly ms: Amount
  readonly children: (metric: Metric) => Amount
}

const NO_CHILDREN = (): Amount => some(0)

function visitOfKind(
  state: StateDefinition,
  { replies }: Definition,
  figures: Figures | undefined,
  childAmount: ChildAmount,
): Handled {
  const declared = figures?.per === 'visit' ? undefined : figures?.ms
  const tried = (work: Tried): Tries => triesOf(work, declared)
  const own = tried(state)
  const after = own.busyMs + own.pausesMs
  const { name } = state
  // a handler may refuse an update again and again, and is called for each
  const update = [...awaitedBy(state).keys()].find((signal) => replies.has(signal))
  const attempts = update
    ? endless(`${quote(name)} may refuse the update ${quote(update)} as often as it is sent`)
    : some(own.attempts)
  const expiry = 'expires' in state && state.expires ? state.expires.afterMs : Infinity
  switch (state.kind) {
    case 'step':
      return { attempts, ms: some(after), children: NO_CHILDREN }
    case 'final': {
      const closing = state.method !== undefined
      return {
        attempts: some(closing ? own.attempts : 0),
        ms: some(closing ? after : 0),
        children: NO_CHILDREN,
      }
    }
    case 'timer':
      return {
        attempts,
        ms:
          state.forMs === undefined
            ? endless(`how long ${quote(name)} waits depends on its input`)
            : some(state.forMs + after),
        children: NO_CHILDREN,
      }
    case 'wait': {
      const reminders = state.reminders.map((reminder) => tried(reminder))
      const waiting = expiry === Infinity ? endless(`${quote(name)} waits without an end`) : some(expiry)
      return {
        attempts: sum([attempts, remindersOf(state, expiry)]),
        // a reminder that is being given when the wait is over is given to its end
        ms: sum([waiting, some(Math.max(0, ...reminders.map(({ callMs }) => callMs)) + after)]),
        children: NO_CHILDREN,
      }
    }
    case 'parallel': {
      const branches = [...state.branches.values()].map(tried)
      const longest = largest(branches.map(({ busyMs, pausesMs }) => some(busyMs + pausesMs)))
      const called = sum([attempts, ...branches.map((branch) => some(branch.attempts))])
      return { attempts: called, ms: sum([longest, some(after)]), children: NO_CHILDREN }
    }
    case 'map': {
      const { item, most, concurrency } = state
      const turns = Math.max(0, most - concurrency) / concurrency
      if (isChild(item)) {
        const of = (metric: Metric): Amount => times(childAmount(item.workflow, metric), most)
        const one = childAmount(item.workflow, 'ms')
        return {
          attempts,
          ms: sum([times(one, 1 + Math.ceil(turns)), some(after)]),
          children: of,
        }
      }
      const { attempts: calls, busyMs, pausesMs } = tried(item)
      // the last item to end is at work, pauses, or waits while `concurrency` others are at work
      return {
        attempts: sum([attempts, some(calls * most)]),
        ms: some(
          Math.ceil(busyMs + pausesMs + (most > concurrency ? ((most - 1) * busyMs) / concurrency : 0)) +
            after,
        ),
        children: NO_CHILDREN,
      }
    }
    case 'child': {
      const of = (metric: Metric): Amount => childAmount(state.child.workflow, metric)
      const waiting = state.detached ? some(0) : smaller(of('ms'), some(expiry))
      return { attempts, ms: sum([waiting, some(after)]), children: of }
    }
  }
}

/** How long it takes to undo a visit. */
function undoing(state: StateDefinition): Amount {
  if (state.kind === 'final') return some(0)
  const branches = state.kind === 'parallel' ? [...state.branches.values()].map(({ undo }) => undo) : []
  const undos = [state.undo, ...branches].flatMap((undo) => (undo ? [triesOf(undo, undefined)] : []))
  return sum(undos.map(({ busyMs, pausesMs }) => some(busyMs + pausesMs)))
}

/** Calls of the reminders of a wait while it lasts. */
function remindersOf(state: WaitState, expiry: number): Amount {
  return sum(
    state.reminders.map(({ afterMs, everyMs, times: most, retry, method }) => {
      if (afterMs > expiry) return some(0)
      const room = everyMs === undefined ? 1 : 1 + Math.floor((expiry - afterMs) / everyMs)
      const given = Math.min(most, room)
      return given === Infinity
        ? endless(`${method} reminds without an end`)
        : some(given * attemptsOf(retry))
    }),
  )
}

type Tried = Pick<Work, 'retry' | 'timeoutMs'>

interface Tries {
  readonly attempts: number
  /** One attempt. */
  readonly callMs: number
  /** All attempts. */
  readonly busyMs: number
  /** Between them. */
  readonly pausesMs: number
}

function triesOf({ retry, timeoutMs }: Tried, declaredMs = Infinity): Tries {
  const attempts = attemptsOf(retry)
  const callMs = Math.min(timeoutMs, declaredMs)
  return { attempts, callMs, busyMs: attempts * callMs, pausesMs: pausesOf(retry) }
}

function policiesOf(policy: RetryPolicy): readonly RetryPolicy[] {
  return [policy, ...policy.rules.map((rule) => rule.policy)]
}

/** Attempts are counted over all errors, whichever policies they have. */
function attemptsOf(policy: RetryPolicy): number {
  return Math.max(...policiesOf(policy).map(({ maxAttempts }) => maxAttempts))
}

/** After so many attempts every pause is taken for the longest there can be. */
const GROWING = 1_000

function pausesOf(policy: RetryPolicy): number {
  const pauses = attemptsOf(policy) - 1
  let ms = 0
  for (let attempt = 1; attempt <= Math.min(pauses, GROWING); attempt++) {
    const open = policiesOf(policy).filter(({ maxAttempts }) => maxAttempts > attempt)
    ms += Math.max(
      ...open.map(({ initialIntervalMs, coefficient, maxIntervalMs }) =>
        Math.floor(Math.min(maxIntervalMs, initialIntervalMs * coefficient ** (attempt - 1))),
      ),
    )
  }
  const longest = Math.max(...policiesOf(policy).map(({ maxIntervalMs }) => maxIntervalMs))
  return ms + Math.max(0, pauses - GROWING) * longest
}
