import type { Machine } from '../compile/machine.ts'
import type { Feed } from '../runtime/feed.ts'
import type { RunStore } from '../runtime/run-store.ts'

/** What the inspector shows. */
export interface InspectorParts {
  readonly feed: Feed
  readonly machineOf: (workflow: string) => Machine
  readonly runs: RunStore
}

export interface Inspector {
  readonly url: string
  close(): Promise<void>
}

export function startInspector(_parts: InspectorParts, _options: { readonly port?: number; readonly allowSend?: boolean }): Promise<Inspector> {
  throw new Error('not there yet')
}
