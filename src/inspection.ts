import type { Feed } from './control/feed.ts'
import type { Mailbox } from './control/mailbox.ts'
import type { RunStore } from './control/run-store.ts'
import type { Inspector, InspectorOptions } from './inspect/inspector.ts'
import type { InspectorParts } from './inspect/inspector-parts.ts'
import type { Kernel } from './runtime/kernel.ts'

/** What the inspector is wired to. */
export interface InspectionParts {
  readonly kernel: Kernel
  readonly runs: RunStore
  readonly feed: Feed
  readonly mailbox: Mailbox
}

/** Starts the inspector where it is asked for; loaded only then, since servers are slow to load. */
export async function startInspection(
  inspect: boolean | InspectorOptions | undefined,
  { kernel, runs, feed, mailbox }: InspectionParts,
): Promise<Inspector | undefined> {
  if (!inspect) return undefined
  const { startInspector } = await import('./inspect/inspector.ts')
  const parts: InspectorParts = {
    subscribe: (listener) => feed.subscribe(listener),
    list: (page) => runs.list(page),
    machineOf: (workflow) => kernel.library.get({ workflow, version: NaN }).machine,
    signal: (id, name, payload) => mailbox.signal(id, name, payload, {}),
    warn: kernel.warn,
  }
  return startInspector(parts, inspect === true ? {} : inspect)
}
