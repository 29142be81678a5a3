import type { Machine } from '../compile/machine.ts'
import type { Happening } from '../model/history.ts'
import type { Timer } from '../model/run.ts'
import type { Status } from '../model/status.ts'

/** What the inspector needs of the engine it shows. The engine passes it in, so that nothing here reaches into it. */
export interface InspectorParts {
  /** Every commit of the engine, after it was acknowledged. Returns what ends the subscription. */
  subscribe(listener: (commit: InspectedCommit) => void): () => void
  /** Stored runs, newest first; `before` names the last run of the page before. */
  list(page: { readonly limit: number; readonly before?: string }): Promise<readonly StoredRun[]>
  /** Throws for a workflow that is not loaded. */
  machineOf(workflow: string): Machine
  /** Puts a signal into a run's inbox, with all the engine's checks. */
  signal(runId: string, name: string, payload: unknown): Promise<unknown>
  /** Something that a person should know. */
  warn(message: string): void
}

/** The part of a run that is shown. */
export interface InspectedRun {
  readonly id: string
  readonly workflow: string
  readonly status: Status
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
  readonly timer?: Pick<Timer, 'kind'> | undefined
  /** The reminder whose method runs now. */
  readonly reminding?: string | undefined
  /** What a paused run was before. */
  readonly paused?: Status | undefined
  /** How the branches of a parallel state have ended so far, where that is known. */
  readonly branches?: Readonly<Record<string, 'done' | 'failed'>> | undefined
}

/** A run as it was read from the store. */
export interface StoredRun extends InspectedRun {
  readonly revision: number
}

/** A commit as it is shown. */
export interface InspectedCommit {
  readonly run: InspectedRun
  readonly revision: number
  readonly happenings: readonly Happening[]
}
