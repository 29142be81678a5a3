import type { Machine } from '../../compile/machine.ts'
import type { Caller } from '../../model/caller.ts'
import type { Happening } from '../../model/history.ts'
import type { Timer } from '../../model/run.ts'
import type { Status } from '../../model/status.ts'

/** What the inspector needs of the engine it shows. The engine passes it in, so that nothing here reaches into it. */
export interface InspectorParts {
  /** Every commit of the engine, after it was acknowledged, and every end of a part. Returns what ends the subscription. */
  subscribe(listener: (commit: InspectedCommit) => void): () => void
  /** Stored runs, newest first; `before` names the last run of the page before. */
  list(page: { readonly limit: number; readonly before?: string }): Promise<readonly StoredRun[]>
  /** A run from its beginning, as its history tells it, and then whatever comes. */
  follow(id: string): Following
  /** What the branches, items or child runs of the state that a run stands in have come to. */
  partsOf(run: InspectedRun): Promise<InspectedParts>
  /** The machine of its version, or else of the newest. Throws for a workflow that is not loaded. */
  machineOf(run: Pick<InspectedRun, 'workflow' | 'version'>): Machine
  /** Puts a signal into a run's inbox, with all the engine's checks; `as`: who sends it, as the client says. */
  signal(runId: string, name: string, payload: unknown, as: Caller | undefined): Promise<unknown>
  /** Something that a person should know. */
  warn(message: string): void
}

/** One run that is followed. */
export interface Following {
  /**
   * What was told since the last call, one commit for each entry of the history with the run as it stood then; waits
   * until there is something. `undefined`: nothing comes any more. Throws `unknown-run`, and what a store throws.
   */
  next(): Promise<readonly InspectedCommit[] | undefined>
  end(): void
}

/** How far the parts of a state have come. */
export interface InspectedParts {
  /** How the branches of a parallel state have ended so far. */
  readonly branches?: Readonly<Record<string, End>> | undefined
  /** How many items have ended; `total` where it is known. */
  readonly progress?: Progress | undefined
}

/** How a part can end. */
export type End = 'done' | 'failed'

/** How many parts have ended. */
export interface Progress {
  readonly done: number
  readonly failed: number
  readonly total?: number
}

/** The part of a run that is shown. */
export interface InspectedRun extends InspectedParts {
  readonly id: string
  readonly workflow: string
  readonly version: number
  readonly status: Status
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
  readonly visits?: Readonly<Record<string, number>>
  readonly timer?: Pick<Timer, 'kind'> | undefined
  /** The reminder whose method runs now. */
  readonly reminding?: string | undefined
  /** What a paused run was before. */
  readonly paused?: Status | undefined
  /** The handler of what it has waited for is at work or will be tried again, where that is known. */
  readonly handling?: boolean
  /** The run that waits for this one. */
  readonly parent?: { readonly run: string } | undefined
  readonly createdAt?: number
  readonly updatedAt?: number
}

/** A run as it was read from the store. */
export interface StoredRun extends InspectedRun {
  readonly revision: number
}

/** A commit as it is shown; of a recorded run an entry of its history, whose number stands for the revision. */
export interface InspectedCommit {
  readonly run: InspectedRun
  readonly revision: number
  readonly happenings: readonly Happening[]
  /** The number and time of that entry. */
  readonly entry?: { readonly seq: number; readonly at: number }
  /** A part that has ended, which is no commit of the run. */
  readonly part?: {
    readonly name: string
    readonly end: End
    readonly at: number
    readonly all: InspectedParts
  }
}
