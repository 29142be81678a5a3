import { createEngine, type Engine } from '../engine.ts'
import type { InspectorOptions } from '../inspect/bridge/inspector.ts'
import type { Duration } from '../model/duration.ts'
import type { EngineOptions } from '../options.ts'
import { chosenStore } from './chosen-store.ts'
import { watchInterrupts } from './interrupt.ts'
import { ItemProgress } from './item-progress.ts'
import type { Terminal } from './terminal.ts'
import { familyOf, type Workflow, type WorkflowFile } from './workflow-file.ts'

/** What is driven, and where. */
export interface Driving {
  readonly file: WorkflowFile
  /** Those that they start child runs of come along. Default: all of the file. */
  readonly workflows?: readonly Workflow[]
  readonly store: string
  /** `code`: nothing is driven, and no handler called; `resources`: nothing is driven. Default: it is driven. */
  readonly only?: 'code' | 'resources'
  readonly inspect?: InspectorOptions
  /** How long a handler may block the event loop before this process is ended. */
  readonly killAfter?: Duration
  /** Said after an interrupt: how to go on. */
  readonly afterInterrupt?: () => readonly string[]
}

/**
 * Gives `work` an engine and closes it afterwards. Ctrl-C and SIGTERM end the work at once and leave its runs in good
 * order; gives the exit code.
 */
export async function withEngine(
  driving: Driving,
  terminal: Terminal,
  work: (engine: Engine) => Promise<number>,
): Promise<number> {
  const { file, workflows = file.workflows, store, only, inspect, killAfter, afterInterrupt } = driving
  const resources = only === 'code' ? {} : await file.provide('resources')
  const config = await file.provide('config')
  const interrupts = watchInterrupts()
  const engine = createEngine({
    workflows: familyOf(file, workflows).map(({ workflowClass }) => workflowClass),
    store: chosenStore(store),
    resources,
    config,
    worker: only === undefined,
    onWarning: (message) => terminal.warn(message),
    ...(inspect ? { inspect } : {}),
    ...(killAfter === undefined ? {} : { watchdog: { after: killAfter, then: 'kill' } }),
  } as EngineOptions)
  const endProgress = only === undefined ? new ItemProgress(terminal).follow(engine) : undefined
  try {
    const working = work(engine)
    const first = await Promise.race([working, interrupts.first])
    if (typeof first === 'number') return first
    working.catch(() => undefined) // it is cut off, and must not be reported
    terminal.note(terminal.onErr('dim', 'closing; once more to end at once'))
    await engine
      .close()
      .catch((error: unknown) => terminal.warn(error instanceof Error ? error.message : String(error)))
    for (const line of afterInterrupt?.() ?? []) terminal.note(line)
    return first.exitCode
  } finally {
    endProgress?.()
    await engine.close().catch(() => undefined) // what matters was reported by the work
    interrupts.end()
  }
}
