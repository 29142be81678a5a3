import type { Host } from '../model/host.ts'
import type { Status } from '../model/status.ts'
import type { Store } from '../store/store.ts'

/** What schedules need of the engine. */
export interface SchedulePort {
  readonly store: Store
  readonly host: Host
  readonly warn: (message: string) => void
  /** The due list has changed: a worker of this process looks at it again, now. */
  look(): void
  /** The workflow is loaded here. */
  knows(workflow: string): boolean
  /** Rejects with `unknown-workflow` or `invalid-input`. */
  check(workflow: string, input: unknown): Promise<void>
  /** Starts a run, or finds the one that was started with this id, workflow and input before. Rejects as `check` does. */
  start(
    workflow: string,
    input: unknown,
    options: { readonly id: string; readonly session?: string; readonly schedule: string },
  ): Promise<void>
  /** `undefined`: no such run. A damaged one is `corrupt`, not an error. */
  status(run: string): Promise<Status | undefined>
  cancel(run: string, reason: string): Promise<void>
  terminate(run: string, reason: string): Promise<void>
}
