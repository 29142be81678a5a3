import type { Feed } from './control/feed.ts'
import type { RunStore } from './control/run-store.ts'
import type { Inspector, InspectorOptions } from './inspect/inspector.ts'
import type { InspectorParts } from './inspect/inspector-parts.ts'
import type { Kernel } from './runtime/kernel.ts'

/** What the inspector is wired to. */
export interface InspectionParts extends Pick<InspectorParts, 'signal'> {
  readonly kernel: Kernel
  readonly runs: RunStore
  readonly feed: Feed
}

/** Starts the inspector where it is asked for; loaded only then, since servers are slow to load. */
export async function startInspection(
  inspect: boolean | InspectorOptions | undefined,
  { kernel, runs, feed, signal }: InspectionParts,
): Promise<Inspector | undefined> {
  if (!inspect) return undefined
  const { library, warn } = kernel
  const { startInspector } = await import('./inspect/inspector.ts')
  const parts: InspectorParts = {
    subscribe: (listener) => feed.subscribe(listener),
    list: (page) => runs.list(page),
    machineOf: (workflow) => {
      const loaded = library.of({ workflow, version: NaN })
      if (loaded) return loaded.machine
      throw library.unknown(workflow)
    },
    signal,
    warn,
  }
  return startInspector(parts, inspect === true ? {} : inspect)
}
