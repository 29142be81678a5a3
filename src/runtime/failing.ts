/** What comes of an error: another attempt, a catch edge, or the end. */
import { quote } from '../errors/stepwright-error.ts'
import type { Machine } from '../compile/machine.ts'
import type { CatchEdge, StateDefinition } from '../definition/definition.ts'
import { FatalError, judge, matchesError, type Failure } from '../model/failure.ts'
import { policyFor, retryDelayMs, type RetryPolicy } from '../model/retry.ts'
import type { Host } from '../model/host.ts'
import type { Run } from '../model/run.ts'
import type { RunEvent } from './event.ts'
import { fit } from '../model/fitting.ts'

/** What it takes to say what comes of an error. */
export interface FailingParts {
  readonly machine: Machine
  readonly host: Host
  readonly worker: string
}

/** An error, and when to try again; `retryAt` is `undefined` where that is over. */
export interface Judgement {
  readonly failure: Failure
  readonly retryAt: number | undefined
}

/** Judges an error of attempt number `attempt` by a policy. A rule for its class counts also where the error itself does not ask for another attempt. */
export function judgeBy(policy: RetryPolicy, attempt: number, thrown: unknown, host: Host): Judgement {
  const now = host.now()
  const { failure, retryable, notBefore } = judge(thrown, now)
  const rule = policyFor(policy, thrown)
  const again = retryable || (rule !== policy && !(thrown instanceof FatalError))
  if (!again || attempt >= rule.maxAttempts) return { failure, retryAt: undefined }
  return { failure, retryAt: Math.max(now + retryDelayMs(rule, attempt, host.random()), notBefore ?? 0) }
}

/** What comes of an error in the handler of the state a run stands in. */
export async function failureEvent(run: Run, thrown: unknown, parts: FailingParts): Promise<RunEvent> {
  const state = parts.machine.state(run.state)
  const { failure, retryAt } = judgeBy(state.retry, run.attempt, thrown, parts.host)
  if (retryAt !== undefined) return { type: 'attempt-failed', failure, retryAt }
  return endEvent(run, failure, edgeFor(state, thrown), parts)
}

/** The catch edge for an error. */
export function edgeFor(state: StateDefinition, thrown: unknown): CatchEdge | undefined {
  if (state.kind === 'final') return undefined
  return state.catches.find(
    ({ errors }) => errors.length === 0 || errors.some((match) => matchesError(thrown, match)),
  )
}

/** Nothing is tried again: the edge is taken, or the run fails. */
export async function endEvent(
  run: Run,
  failure: Failure,
  edge: CatchEdge | undefined,
  { machine, host, worker }: FailingParts,
): Promise<RunEvent> {
  if (!edge) return { type: 'attempt-failed', failure }
  try {
    const from =
      edge.of === 'workflow' ? { state: machine.state(run.state).member, data: run.data } : run.data
    const data = await edgeData(machine, edge, [failure, from], `The catch edge of ${quote(run.state)}`)
    const exit = { by: 'catch', to: edge.to, ...(edge.of === 'state' ? {} : { of: edge.of }) } as const
    return { type: 'moved', worker, exit, data, failure }
  } catch (second) {
    return { type: 'attempt-failed', failure: judge(second, host.now()).failure }
  }
}

/** What an edge hands to its target: its `with`, or what that makes of its arguments; checked. */
export async function edgeData(
  machine: Machine,
  edge: { readonly to: string; readonly with: unknown },
  args: readonly unknown[],
  where: string,
): Promise<unknown> {
  const sent: unknown =
    typeof edge.with === 'function'
      ? (edge.with as (...args: readonly unknown[]) => unknown)(...args)
      : edge.with
  return fit(machine.state(edge.to).schema, sent, 'invalid-data', where)
}
