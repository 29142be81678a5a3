import type { Control } from './control/control.ts'
import { create } from './runtime/creation.ts'
import type { Kernel, Loaded } from './runtime/kernel.ts'
import type { RunStore } from './control/run-store.ts'
import type { SchedulePort } from './schedule/schedule-port.ts'
import type { Store } from './store/store.ts'

/** What schedules are wired to. */
export interface ScheduleParts {
  readonly kernel: Kernel
  readonly runs: RunStore
  readonly control: Control
  /** Resolves once the store is open. */
  readonly ready: () => Promise<void>
}

/** What schedules need of an engine. */
export function schedulePort({ kernel, runs, control, ready }: ScheduleParts): SchedulePort {
  const { host, warn, library } = kernel
  const loaded = (workflow: string): Loaded => {
    const found = library.current(workflow)
    if (found) return found
    throw library.unknown(workflow)
  }
  return {
    store: opened(kernel.store, ready),
    host,
    warn,
    knows: (workflow) => library.current(workflow) !== undefined,
    check: async (workflow, input) => void (await create(loaded(workflow), input, {}, undefined, kernel)),
    start: async (workflow, input, options) => {
      await runs.start(loaded(workflow), input, options, false)
      kernel.nudge()
    },
    status: async (run) => (await runs.findAny(run))?.status,
    cancel: (run, reason) => control.ask('cancel', run, { reason }),
    terminate: (run, reason) => control.ask('terminate', run, { reason }),
    look: kernel.nudge,
  }
}

/** The store, opened before it is used. */
function opened(store: Store, ready: () => Promise<void>): Store {
  return {
    name: store.name,
    shared: store.shared,
    snapshots: store.snapshots,
    open: () => store.open(),
    close: () => store.close(),
    get: async (...args) => (await ready(), store.get(...args)),
    write: async (...args) => (await ready(), store.write(...args)),
    list: async (...args) => (await ready(), store.list(...args)),
    rows: () => store.rows(),
    restore: async (rows) => (await ready(), store.restore(rows)),
  }
}
