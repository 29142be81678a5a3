import type { InspectorParts } from '../inspect/inspector-parts.ts'
import type { Kernel } from '../runtime/kernel.ts'
import type { Feed } from './feed.ts'
import type { Mailbox } from './mailbox.ts'
import type { RunStore } from './run-store.ts'

/** What an inspector needs of an engine that is open. */
export function inspectorParts({
  feed,
  runs,
  mailbox,
  kernel,
}: {
  readonly feed: Feed
  readonly runs: RunStore
  readonly mailbox: Mailbox
  readonly kernel: Kernel
}): InspectorParts {
  return {
    subscribe: (listener) => feed.subscribe(listener),
    list: (page) => runs.list(page),
    machineOf: (workflow) => kernel.library.get({ workflow, version: NaN }).machine,
    signal: (id, name, payload) => mailbox.signal(id, name, payload, {}),
    warn: kernel.warn,
  }
}
