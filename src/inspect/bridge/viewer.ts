import type { InspectedRun } from './inspector-parts.ts'
import type { ShownCommit } from './shown-commit.ts'

/** What one client is shown. */
export interface Viewer {
  /** A commit of this engine, or the end of a part. */
  show(commit: ShownCommit): void
  /** Shows what is stored; again where it is asked again. */
  replay(): Promise<void>
  /** A run that this client was shown and that has not ended. */
  find(id: string): InspectedRun | undefined
  close(): void
}
