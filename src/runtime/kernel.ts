import type { Machine } from '../compile/machine.ts'
import type { Happening } from '../model/history.ts'
import type { Host } from '../model/host.ts'
import type { Run } from '../model/run.ts'
import type { Store } from '../store/store.ts'

/** A workflow as an engine runs it. */
export interface Loaded {
  readonly machine: Machine
  /** The frozen instance of its class. */
  readonly instance: object
  readonly config: unknown
}

/** A commit, as those who watch see it. */
export interface Committed {
  readonly run: Run
  readonly revision: number
  readonly happenings: readonly Happening[]
}

/** What all parts of one engine share. */
export interface Kernel {
  readonly store: Store
  readonly host: Host
  readonly worker: string
  readonly loaded: ReadonlyMap<string, Loaded>
  readonly resources: object
  /** Tells those who watch, after the commit. */
  readonly announce: (committed: Committed) => void
  /** Something that a person should know and no caller waits for. */
  readonly warn: (message: string) => void
}
