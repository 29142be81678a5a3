import type { Machine } from '../compile/machine.ts'
import type { Run } from '../model/run.ts'

/** A run as it is shown: what is stored of it, without what only the engine needs. */
export interface RunView {
  readonly id: string
  readonly workflow: string
  readonly version: number
  readonly status: Run['status']
  readonly state: string
  readonly visits: Readonly<Record<string, number>>
  readonly attempt: number
  readonly data: unknown
  readonly vars: unknown
  readonly session: string
  /** The signals that would move it now. Empty where the workflow is not loaded. */
  readonly awaits: readonly string[]
  /** When its timer is due: the next attempt, or the end of the wait. */
  readonly timer?: Run['timer']
  readonly failure?: Run['failure']
  readonly createdAt: number
  readonly updatedAt: number
  readonly revision: number
}

export function viewOf(run: Run, revision: number, machine: Machine | undefined): RunView {
  const {
    id,
    workflow,
    version,
    status,
    state,
    visits,
    attempt,
    data,
    vars,
    session,
    timer,
    failure,
    createdAt,
    updatedAt,
  } = run
  const standing = machine?.definition.states.get(state)
  const awaits =
    status === 'waiting' && timer?.kind !== 'retry' && standing?.kind === 'wait'
      ? [...standing.on.keys()]
      : []
  return {
    id,
    workflow,
    version,
    status,
    state,
    visits,
    attempt,
    data,
    vars,
    session,
    awaits,
    createdAt,
    updatedAt,
    revision,
    ...(timer ? { timer } : {}),
    ...(failure ? { failure } : {}),
  }
}
